"""Recognitions and the lines of the proposals that they make."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, func, insert, or_, select, update

from storage.batches import dish_from_document, expiry_from_row, to_row
from storage.db import Read, Write
from storage.prepared import Insertion, Prepared
from storage.schema import feedback, proposal_lines, recognitions
from zwai.errors import UnknownRecognition
from zwai.records.people import AccountId, HouseholdId
from zwai.records.photos import Aim, Box, Decision, Engine, PhotoId, Recognition, RecognitionId
from zwai.records.proposals import Feedback, Line, LineId, ProposalKey, Summary
from zwai.records.stock import Batch, BatchId, BatchState, Kind, LabelKind, Place, Quantity, Unit

_RECOGNITIONS, _LINES = Insertion(recognitions), Insertion(proposal_lines)
_UNDECIDED = dict.fromkeys(proposal_lines.c.keys())


async def add(tx: Write, recognition: Recognition, lines: Sequence[Line]) -> None:
    row = {
        "id": recognition.id,
        "household_id": recognition.household,
        "account_id": recognition.account,
        "aim": recognition.aim,
        "engine": recognition.engine,
        "photos": list(recognition.photos),
        "receipts": [dict(receipt) for receipt in recognition.receipts] or None,
        "created_at": recognition.created_at,
    }
    await tx.insert(_RECOGNITIONS, [row])
    if lines:
        await tx.insert(_LINES, [_UNDECIDED | _to_row(line) for line in lines])


async def get(tx: Read, household: HouseholdId, recognition: RecognitionId) -> tuple[Recognition, list[Line]]:
    """Raises UnknownRecognition."""
    query = select(recognitions).where(recognitions.c.id == recognition, recognitions.c.household_id == household)
    row = await tx.first(query)
    if row is None:
        raise UnknownRecognition
    lines = select(proposal_lines).where(
        proposal_lines.c.recognition_id == recognition, proposal_lines.c.household_id == household
    )
    rows = await tx.all(lines.order_by(proposal_lines.c.position))
    return _recognition(row), [_line(line) for line in rows]


async def page(tx: Read, household: HouseholdId, limit: int, before: ProposalKey | None) -> list[Summary]:
    """Newest first, from just before the key `before`."""
    created, recognition = recognitions.c.created_at, recognitions.c.id
    query = select(recognitions).where(recognitions.c.household_id == household)
    if before is not None:
        query = query.where(or_(created < before[0], and_(created == before[0], recognition < before[1])))
    rows = await tx.all(query.order_by(created.desc(), recognition.desc()).limit(limit))
    counts = await _line_counts(tx, household, [row.id for row in rows])
    return [_summary(row, counts.get(row.id)) for row in rows]


async def _line_counts(tx: Read, household: HouseholdId, ids: Sequence[str]) -> dict[str, Row[Any]]:
    if not ids:
        return {}
    lines = proposal_lines.c
    query = select(
        lines.recognition_id,
        func.count().label("all"),
        func.count(lines.accepted_at).label("accepted"),
        func.count(lines.rejected_at).label("rejected"),
    ).where(lines.household_id == household, lines.recognition_id.in_(ids))
    return {row.recognition_id: row for row in await tx.all(query.group_by(lines.recognition_id))}


def _summary(row: Row[Any], count: Row[Any] | None) -> Summary:
    total, accepted, rejected = (count.all, count.accepted, count.rejected) if count else (0, 0, 0)
    return Summary(_recognition(row), total - accepted - rejected, accepted, rejected)


async def lines_added_at(tx: Write, household: HouseholdId, moments: Sequence[datetime]) -> dict[datetime, Line]:
    """The household's lines with these moments, which are unique in it; locked until the end."""
    query = select(proposal_lines).where(
        proposal_lines.c.household_id == household, proposal_lines.c.added_at.in_(moments)
    )
    return {row.added_at: _line(row) for row in await tx.all(query.with_for_update())}


_MOMENTS = Prepared(
    select(proposal_lines.c.added_at).where(
        proposal_lines.c.household_id == bindparam("household"), proposal_lines.c.added_at >= bindparam("since")
    )
)


async def moments_from(tx: Read, household: HouseholdId, since: datetime) -> set[datetime]:
    """The moments that the household's lines already use from `since` on."""
    return {row[0] for row in await tx.rows(_MOMENTS, {"household": household, "since": since})}


async def accept(tx: Write, household: HouseholdId, accepted: Sequence[tuple[LineId, Batch]], now: datetime) -> None:
    """Mark lines as accepted, each by the batch that it became, whose label and food tell what was corrected."""
    if not accepted:
        return
    this = (proposal_lines.c.id == bindparam("line"), proposal_lines.c.household_id == household)
    values = {
        "accepted_batch_id": bindparam("batch"),
        "accepted_label": bindparam("its_label"),
        "accepted_food_id": bindparam("its_food"),
        "accepted_at": now,
        "rejected_at": None,
    }
    rows = [{"line": line, "batch": one.id, "its_label": one.label, "its_food": one.food} for line, one in accepted]
    await tx.execute(update(proposal_lines).where(*this).values(values), rows)


async def reject(tx: Write, household: HouseholdId, ids: Collection[LineId], now: datetime) -> None:
    """Mark lines as refused by their reviewer."""
    if ids:
        these = (proposal_lines.c.household_id == household, proposal_lines.c.id.in_(ids))
        await tx.execute(update(proposal_lines).where(*these).values(rejected_at=now))


async def reopen(tx: Write, household: HouseholdId, ids: Collection[BatchId]) -> None:
    """Open again the lines that became these batches, since their adding is undone."""
    these = (proposal_lines.c.household_id == household, proposal_lines.c.accepted_batch_id.in_(ids))
    nothing = dict.fromkeys(("accepted_batch_id", "accepted_at", "accepted_label", "accepted_food_id"))
    await tx.execute(update(proposal_lines).where(*these).values(nothing))


async def add_feedback(tx: Write, one: Feedback) -> None:
    await tx.execute(
        insert(feedback).values(
            id=one.id,
            household_id=one.household,
            recognition_id=one.recognition,
            account_id=one.account,
            words=one.words,
            at=one.at,
        )
    )


def _to_row(line: Line) -> dict[str, Any]:
    return {
        **{name: value for name, value in to_row(line.batch).items() if name in proposal_lines.c},
        "id": line.id,
        "recognition_id": line.recognition,
        "position": line.position,
        "confidence": line.confidence,
        "decision": line.decision.value,
        "rule": line.rule,
        "box": line.box and asdict(line.box),
        "evidence": dict(line.evidence) or None,
    }


def _line(row: Row[Any]) -> Line:
    batch = Batch(
        id=BatchId(row.id),
        household=row.household_id,
        kind=Kind(row.kind),
        label=row.label,
        label_key=row.label_key,
        food=row.food_id,
        quantity=Quantity(row.amount, Unit(row.unit)),
        place=Place(row.place),
        state=BatchState.AVAILABLE,
        label_kind=LabelKind(row.label_kind),
        expiry=expiry_from_row(row),
        added_at=row.added_at,
        tips=row.tips,
        photo=row.photo_id,
        dish=row.dish and dish_from_document(row.dish),
    )
    return Line(
        id=LineId(row.id),
        recognition=RecognitionId(row.recognition_id),
        position=row.position,
        batch=batch,
        confidence=float(row.confidence),
        decision=Decision(row.decision),
        rule=row.rule,
        box=row.box and Box(**row.box),
        accepted_batch=row.accepted_batch_id and BatchId(row.accepted_batch_id),
        accepted_at=row.accepted_at,
        accepted_label=row.accepted_label,
        accepted_food=row.accepted_food_id,
        rejected_at=row.rejected_at,
        evidence=row.evidence or {},
    )


def _recognition(row: Row[Any]) -> Recognition:
    return Recognition(
        id=RecognitionId(row.id),
        household=HouseholdId(row.household_id),
        account=AccountId(row.account_id),
        aim=Aim(row.aim),
        engine=Engine(row.engine),
        photos=tuple(PhotoId(photo) for photo in row.photos),
        created_at=row.created_at,
        receipts=tuple(row.receipts or ()),
    )
