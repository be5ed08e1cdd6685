"""The recogniser's report card: what was measured, what reviewers make of its lines, and whom to believe unasked.

A group is an engine and a category of food. Its lines may be accepted unasked once it has earned that.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storage import corrections
from storage.db import Database, Read
from zwai.knowledge import catalogue
from zwai.records.people import HouseholdId
from zwai.records.photos import Decision, Engine, LineRule
from zwai.records.proposals import Line
from zwai.records.report import Bin, Card, Reviewed, Share

EARNED_FROM = 0.95  # what the low end of a group's precision must reach
FRESH = timedelta(minutes=10)
# Of everybody's corrections, what fewer lines or households have is told to nobody.
LEAST_LINES = 20
LEAST_HOUSEHOLDS = 5

# Joined rules are none of these: what a receipt or a code backed is not the recogniser's alone.
RULES: Mapping[str, Engine] = {
    LineRule.WHOLE: Engine.LOCAL,
    LineRule.PARTS: Engine.LOCAL,
    LineRule.GEMINI: Engine.GEMINI,
}
# The lines by which an engine is judged: its surest. Gemini has none that are more than to be confirmed.
SUREST = {(LineRule.WHOLE, Decision.ITEM), (LineRule.GEMINI, Decision.CONFIRM)}


@dataclass(frozen=True, slots=True, order=True)
class Group:
    engine: Engine
    category: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the lines of one group and decision."""

    households: int = 0
    as_it_was: int = 0
    corrected: int = 0
    refused: int = 0

    @property
    def right(self) -> Share:
        return Share(self.as_it_was, self.as_it_was + self.corrected + self.refused)

    @property
    def too_few(self) -> bool:
        return self.right.whole < LEAST_LINES or self.households < LEAST_HOUSEHOLDS


@dataclass(frozen=True, slots=True)
class Corrections:
    """Reviewed lines by group and decision; `surest`: only those that judge an engine.

    `bins` are by confidence. Of everybody's `surest` and `bins`, those that are too few are left out: no single
    household decides for others, nor is told of.
    """

    groups: Mapping[tuple[Group, Decision], Counts] = field(default_factory=dict)
    surest: Mapping[Group, Share] = field(default_factory=dict)
    bins: Mapping[Engine, tuple[Bin, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a group's surest lines may be accepted unasked, and on what that rests."""

    group: Group
    measured: Share
    corrections: Share

    @property
    def earned(self) -> bool:
        return earned(self.measured, self.corrections)


def earned(measured: Share, reviewed: Share) -> bool:
    """The low end of all that is known must reach the mark, and what reviewers say may not speak against it.

    Photos taken to measure on may be many and easy: alone they could outvote a kitchen in which little is right.
    """
    low, _ = (measured + reviewed).interval
    _, high = reviewed.interval
    return low >= EARNED_FROM and high >= EARNED_FROM


class ReportCard:
    """Keeps everybody's corrections for a while; the first of `cards` counts as measured."""

    def __init__(self, database: Database, cards: Sequence[Card]) -> None:
        self.cards = tuple(cards)
        self._database = database
        self._reading = asyncio.Lock()
        self._read_at: datetime | None = None
        self._corrections = Corrections()
        self._trusted: frozenset[Group] = frozenset()

    async def everybody(self, now: datetime) -> Corrections:
        """Of all households, a few minutes old at most."""
        async with self._reading:
            if self._read_at is None or now - self._read_at > FRESH:
                async with self._database.read() as tx:
                    self._corrections = await reviewed(tx)
                self._read_at = now
                self._trusted = frozenset(one.group for one in self.standings() if one.earned)
        return self._corrections

    def standings(self) -> list[Standing]:
        """Of every group that something is known of, by what was read last."""
        measured = {
            Group(card.engine, name): tally.sure if card.engine is Engine.LOCAL else tally.confirm
            for card in self.cards[:1]
            for name, tally in card.categories.items()
        }
        known = self._corrections.surest
        groups = sorted({*measured, *known})
        standings = (Standing(one, measured.get(one, Share()), known.get(one, Share())) for one in groups)
        return [one for one in standings if one.measured.whole + one.corrections.whole]

    def accepts(self, line: Line) -> bool:
        """Whether a line may be accepted unasked: never before corrections were read."""
        if not self._trusted or (line.rule, line.decision) not in SUREST:
            return False
        return _group(line.rule, line.batch.food) in self._trusted


async def reviewed(tx: Read, household: HouseholdId | None = None) -> Corrections:
    """What reviewers made of the recogniser's lines: those of a household, or None: everybody."""
    groups: dict[tuple[Group, Decision], list[Reviewed]] = defaultdict(list)
    surest: dict[Group, list[Reviewed]] = defaultdict(list)
    async for one in corrections.by_food(tx, tuple(RULES), household):
        group = _group(one.rule, one.food)
        groups[group, one.decision].append(one)
        if (one.rule, one.decision) in SUREST:
            surest[group].append(one)
    least = (1, 1) if household else (LEAST_LINES, LEAST_HOUSEHOLDS)
    bins = await corrections.by_confidence(tx, RULES, household, *least)
    counted = {group: _counts(of_it) for group, of_it in surest.items()}
    enough = {group: one.right for group, one in counted.items() if household or not one.too_few}
    return Corrections({key: _counts(of_it) for key, of_it in groups.items()}, enough, bins)


def _counts(found: Iterable[Reviewed]) -> Counts:
    """Households of several foods may be the same, so there are at least as many as the commonest food has."""
    rows = list(found)
    return Counts(
        households=max(row.households for row in rows),
        as_it_was=sum(row.as_it_was for row in rows),
        corrected=sum(row.corrected for row in rows),
        refused=sum(row.refused for row in rows),
    )


def _group(rule: str, food: str | None) -> Group:
    known = catalogue.load().food(food)
    return Group(RULES[rule], known.category if known else "")
