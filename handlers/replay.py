"""Idempotency-Key: a request that comes again gets the answer that the first one got."""

import contextlib
import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import orjson

from handlers.answer import Answer
from handlers.shielded import to_its_end
from storage import replays
from storage.db import Database, Write
from zwai.errors import BadKey, Conflict, RequestInFlight, StorageFull, TransactionLost, Unavailable
from zwai.records.ids import new_id
from zwai.records.people import HouseholdId

LONGEST_KEY = 200
# Beyond the route's deadline: by then the holder of a claim has surely stopped.
LEASE_MARGIN = timedelta(seconds=10)
REPLAYED = {"Idempotent-Replayed": "true"}


class Replayed(Exception):
    """Not an error: the request was answered before; `answer` is what it got."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


class KeyedRequest:
    """One request with an Idempotency-Key, from its claim to the stored answer."""

    def __init__(
        self, database: Database, household: HouseholdId, key_id: str, deadline_s: float, now: datetime
    ) -> None:
        self._database = database
        self._household = household
        self._key_id = key_id
        self._lease = timedelta(seconds=deadline_s) + LEASE_MARGIN
        self._now = now
        self._claim: replays.Claim | None = None

    async def claim(self, fingerprint: str) -> None:
        """Commit a claim on the key. Raises Replayed, KeyReused, RequestInFlight."""
        try:
            held = await self._claimed(fingerprint)
        except RequestInFlight:
            raise
        except (Conflict, TransactionLost):  # its twin was faster, by so little that the first look missed it
            held = await self._claimed(fingerprint)
        if isinstance(held, replays.StoredAnswer):
            raise Replayed(Answer(held.status, held.body, REPLAYED))
        self._claim = held

    async def _claimed(self, fingerprint: str) -> replays.Claim | replays.StoredAnswer:
        async with self._database.write() as tx:
            return await replays.claim(
                tx, self._household, self._key_id, new_id(self._now), fingerprint, self._now, self._lease
            )

    async def store(self, tx: Write, answer: Answer) -> None:
        """Turn the claim into `answer`, in the transaction of the effect."""
        if self._claim is not None:
            await replays.store(tx, self._claim, answer.status, answer.body)

    def stored(self) -> None:
        """The transaction that stored the answer is committed."""
        self._claim = None

    async def settle(self, answer: Answer) -> None:
        """Store an answer that no transaction carried, alone; give the claim up for one that a retry may better."""
        if self._claim is None:
            return
        if answer.status >= 500 or answer.status == 429:
            await self.give_up()
            return
        # The caller has an answer; a claim that cannot be settled now ends with its lease.
        with contextlib.suppress(Unavailable, StorageFull):
            async with self._database.write() as tx:
                await replays.store(tx, self._claim, answer.status, answer.body)
        self._claim = None

    async def give_up(self) -> None:
        """Let the next request with this key start afresh, even while this one is being cancelled."""
        if self._claim is not None:
            claim, self._claim = self._claim, None
            await to_its_end(self._release(claim))

    async def _release(self, claim: replays.Claim) -> None:
        with contextlib.suppress(Unavailable, StorageFull):
            async with self._database.write() as tx:
                await replays.release(tx, claim)


def check_key(key: str) -> str:
    """Raises BadKey unless `key` is 1 to 200 visible ASCII characters."""
    if not 1 <= len(key) <= LONGEST_KEY or not all("!" <= character <= "~" for character in key):
        raise BadKey
    return key


def fingerprint_of(query: Iterable[tuple[str, str]], document: Any) -> str:
    """The same for the same request, however its JSON is spaced and its members are ordered."""
    canonical = orjson.dumps([sorted(query), document], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(canonical).hexdigest()
