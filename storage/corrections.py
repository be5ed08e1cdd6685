"""What reviewers made of the recogniser's lines: how many they took as they were, corrected or refused."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from storage.db import Read
from storage.schema import proposal_lines
from zwai.records.people import HouseholdId
from zwai.records.photos import Decision, Engine
from zwai.records.report import BINS, Bin, Reviewed, Share

# The newest lines that are counted; ids sort by time, so both are read from the end of an index.
MOST_OF_EVERYBODY = 20_000
MOST_OF_EACH = 50  # of them, so that no household outweighs the others
MOST_OF_HOUSEHOLD = 2_000
CHUNK = 100  # rows: a millisecond or two of the event loop

NEEDED = (
    "id", "household_id", "food_id", "label", "rule", "decision", "confidence", "accepted_at", "accepted_label",
    "accepted_food_id", "rejected_at",
)  # fmt: skip


async def by_food(tx: Read, rules: Sequence[str], household: HouseholdId | None = None) -> AsyncIterator[Reviewed]:
    """Reviewed lines of these rules by rule, decision and food: of a household, or None: of everybody."""
    line = _newest(household).c
    kind = (line.rule, line.decision, line.food_id)
    query = select(
        *kind,
        func.count(func.distinct(line.household_id)).label("households"),
        _times(_as_it_was(line)).label("as_it_was"),
        func.count(line.accepted_at).label("accepted"),
        func.count(line.rejected_at).label("refused"),
    )
    async for rows in tx.chunks(query.where(line.rule.in_(rules), _reviewed(line)).group_by(*kind), CHUNK):
        for row in rows:
            yield Reviewed(
                rule=row.rule,
                decision=Decision(row.decision),
                food=row.food_id,
                households=row.households,
                as_it_was=row.as_it_was,
                corrected=row.accepted - row.as_it_was,
                refused=row.refused,
            )
        await asyncio.sleep(0)  # so that others have their turn, however fast the rows come


async def by_confidence(
    tx: Read, rules: Mapping[str, Engine], household: HouseholdId | None, least_lines: int, least_households: int
) -> dict[Engine, tuple[Bin, ...]]:
    """The same lines by how sure they were said to be, where there are enough; no suggestions, which are guesses."""
    line = _newest(household).c
    engine = case(rules, value=line.rule).label("engine")
    place = case(*((line.confidence < number / BINS, number) for number in range(1, BINS)), else_=BINS).label("place")
    query = select(
        engine,
        place,
        func.avg(line.confidence).label("confidence"),
        _times(_as_it_was(line)).label("as_it_was"),
        func.count().label("all"),
    ).where(line.rule.in_(list(rules)), line.decision != Decision.SUGGESTION, _reviewed(line))
    enough = (func.count() >= least_lines, func.count(func.distinct(line.household_id)) >= least_households)
    rows = await tx.all(query.group_by(engine, place).having(and_(*enough)).order_by(place))
    bins: dict[Engine, list[Bin]] = {}
    for row in rows:
        one = Bin(round(float(row.confidence), 4), Share(row.as_it_was, row.all))
        bins.setdefault(Engine(row.engine), []).append(one)
    return {its: tuple(of_it) for its, of_it in bins.items()}


def _newest(household: HouseholdId | None) -> Any:
    query: Select[Any] = select(*(proposal_lines.c[name] for name in NEEDED))
    if household is None:
        newest = query.order_by(proposal_lines.c.id.desc()).limit(MOST_OF_EVERYBODY).subquery()
        place = func.row_number().over(partition_by=newest.c.household_id, order_by=newest.c.id.desc()).label("place")
        placed = select(newest, place).where(_reviewed(newest.c)).subquery()
        return select(placed).where(placed.c.place <= MOST_OF_EACH).subquery()
    mine = query.where(proposal_lines.c.household_id == household)
    return mine.order_by(proposal_lines.c.added_at.desc()).limit(MOST_OF_HOUSEHOLD).subquery()


def _reviewed(line: Any) -> ColumnElement[bool]:
    return or_(line.accepted_at.is_not(None), line.rejected_at.is_not(None))


def _as_it_was(line: Any) -> ColumnElement[bool]:
    """Accepted as the same food; what the catalogue doesn't have, under the same label."""
    by_label = and_(line.food_id.is_(None), line.accepted_food_id.is_(None), line.accepted_label == line.label)
    return and_(line.accepted_at.is_not(None), or_(line.accepted_food_id == line.food_id, by_label))


def _times(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """How many rows meet a condition; MySQL has no FILTER."""
    return func.count(case((condition, 1)))
