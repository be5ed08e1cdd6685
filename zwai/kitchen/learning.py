"""What is learned from accepted lines: what codes and shops' words mean to a household, and what was paid."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from storage.db import Write
from zwai.kitchen import prices, products, shop_words
from zwai.records.people import Member
from zwai.records.stock import Batch


async def learn(tx: Write, member: Member, accepted: Sequence[tuple[Mapping[str, str], Batch]], now: datetime) -> None:
    """Keep what accepted batches tell, each with the evidence of the line that it was."""
    await products.learn(tx, member.household, accepted, now)
    await shop_words.learn(tx, member.household, accepted, now)
    await prices.record(tx, member, accepted, now)
