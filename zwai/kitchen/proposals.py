"""Reviewing proposals: what of a recognition goes into stock, as it is or corrected, and what is refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from storage import journal, recognitions
from storage.db import Read, Write
from zwai.errors import UnknownLine
from zwai.kitchen import inventory, learning, recognition
from zwai.kitchen.inventory import NewItem
from zwai.kitchen.recognition import Proposal
from zwai.knowledge.names import label_key
from zwai.records.ids import new_id
from zwai.records.people import HouseholdId, Member
from zwai.records.photos import Decision, RecognitionId
from zwai.records.proposals import Feedback, Line, LineId, LineState, ProposalKey, Summary
from zwai.records.stock import Batch, EntryId, ExpiryDate, ExpirySource, Place, Quantity, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A line to accept, and what its reviewer changed of it; None leaves a field as it was proposed."""

    line: LineId
    label: str | None = None
    amount: Decimal | None = None
    unit: Unit | None = None
    place: Place | None = None
    expiry: ExpiryDate | None = None
    tips: str | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A proposal after a review, and the accepted batches as they were added.

    `entry` is the newest one in the journal that tells of them.
    """

    proposal: Proposal
    added: tuple[Batch, ...]
    entry: EntryId | None


async def page(
    tx: Read, household: HouseholdId, limit: int, before: ProposalKey | None = None
) -> tuple[list[Summary], bool]:
    """The newest proposals first, and whether there are older ones."""
    found = await recognitions.page(tx, household, limit + 1, before)
    return found[:limit], len(found) > limit


# Which lines of a proposal are meant.
Choice = Callable[[Proposal], Sequence[Edit]]


def everything(proposal: Proposal) -> list[Edit]:
    """Suggestions are guesses of which one at most is right, so nobody means them by all."""
    wanted = (line for line in proposal.lines if line.decision is not Decision.SUGGESTION)
    return [Edit(line=line.id) for line in wanted if line.state is not LineState.REJECTED]


def unasked(choice: Choice, accepts: Callable[[Line], bool]) -> Choice:
    """Of a choice, the lines that may be accepted unasked."""

    def chosen(proposal: Proposal) -> list[Edit]:
        return [edit for edit in choice(proposal) if accepts(_line(proposal, edit.line))]

    return chosen


async def accept(
    tx: Write, member: Member, recognised: RecognitionId, choice: Choice, now: datetime, *, close: bool
) -> Review:
    """Put lines into stock, each once, however often they come; `close` refuses the lines that stay open.

    Raises UnknownRecognition, UnknownLine, StockFull.
    """
    before = await recognition.proposal(tx, member.household, recognised)
    chosen = {edit.line: edit for edit in choice(before)}
    lines = [_line(before, line_id) for line_id in chosen]
    fresh = [line for line in lines if line.state is not LineState.ACCEPTED]
    drafts = [_reviewed(member, line, chosen[line.id], now) for line in fresh]
    done = await inventory.store(tx, member, drafts, now, reason=recognition.REASON)
    accepted = [(line.id, batch) for line, batch in zip(fresh, done.batches, strict=True)]
    await recognitions.accept(tx, member.household, accepted, now)
    told = [(line.evidence, batch) for line, batch in zip(fresh, done.batches, strict=True)]
    await learning.learn(tx, member, told, now)
    if close:
        await _reject(tx, before, [line.id for line in before.lines if line.id not in chosen], now)
    return await _review(tx, member.household, recognised, set(chosen))


async def reject(
    tx: Write, member: Member, recognised: RecognitionId, ids: Sequence[LineId] | None, now: datetime
) -> Proposal:
    """Refuse lines, None: all that are open; what is in stock already stays there.

    Raises UnknownRecognition, UnknownLine.
    """
    before = await recognition.proposal(tx, member.household, recognised)
    lines = before.lines if ids is None else [_line(before, line_id) for line_id in ids]
    await _reject(tx, before, [line.id for line in lines], now)
    return await recognition.proposal(tx, member.household, recognised)


async def comment(tx: Write, member: Member, recognised: RecognitionId, words: str, now: datetime) -> None:
    """Keep what somebody says of a recognition. Raises UnknownRecognition."""
    await recognition.proposal(tx, member.household, recognised)
    await recognitions.add_feedback(tx, Feedback(new_id(now), member.household, recognised, member.account, words, now))


def _line(proposal: Proposal, line_id: LineId) -> Line:
    for line in proposal.lines:
        if line.id == line_id:
            return line
    raise UnknownLine({"line": line_id})


def _reviewed(member: Member, line: Line, edit: Edit, now: datetime) -> Batch:
    """The line's batch as its reviewer wants it; what they left alone keeps its evidence."""
    seen = line.batch
    renamed = edit.label is not None and label_key(edit.label) != seen.label_key
    item = NewItem(
        label=edit.label or seen.label,
        kind=seen.kind,
        quantity=Quantity(edit.amount or seen.quantity.amount, edit.unit or seen.quantity.unit),
        place=edit.place or (None if renamed else seen.place),
        expiry=edit.expiry or (seen.expiry if seen.expiry.source is ExpirySource.LABEL else None),
        tips=edit.tips or ("" if renamed else seen.tips),
        photo=seen.photo,
        dish=seen.dish,
        label_kind=seen.label_kind,
    )
    draft = inventory.draft(member, item, now)
    food = draft.food if renamed else seen.food
    as_seen = (food, draft.place) == (seen.food, seen.place)
    same_day = edit.expiry is None or edit.expiry.day == seen.expiry.day
    expiry = seen.expiry if as_seen and same_day else draft.expiry
    return replace(draft, food=food, expiry=expiry, added_at=seen.added_at)


async def _reject(tx: Write, proposal: Proposal, ids: Sequence[LineId], now: datetime) -> None:
    open_lines = [line.id for line in proposal.lines if line.id in ids and line.state is LineState.OPEN]
    await recognitions.reject(tx, proposal.recognition.household, open_lines, now)


async def _review(tx: Read, household: HouseholdId, recognised: RecognitionId, chosen: set[LineId]) -> Review:
    """Read again, so that a repeated request is answered like the first one."""
    after = await recognition.proposal(tx, household, recognised)
    ids = [line.accepted_batch for line in after.lines if line.id in chosen and line.accepted_batch]
    told = await journal.added(tx, household, ids)
    batches = tuple(told[batch_id][1] for batch_id in ids if batch_id in told)
    entries = [entry for entry, _ in told.values()]
    return Review(after, batches, entries[-1] if entries else None)
