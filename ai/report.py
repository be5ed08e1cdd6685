"""The recogniser's report card: what an engine says of labelled photos, counted by kind of photo and by category."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ai.images import prepare
from ai.labelled import Labelled
from zwai.errors import AIBudgetSpent, AIMisconfigured, ZwaiError
from zwai.knowledge import catalogue
from zwai.records.photos import Aim, Copy, Decision, Engine, ImageLimits, Sighting
from zwai.records.report import BINS, Bin, Card, Share, Tally

Look = Callable[[Path, Aim], list[Sighting]]
Progress = Callable[[int, int], None]

FIRST_FEW = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was said of one photo; None when it could not be read, or the engine gave no answer."""

    photo: Labelled
    sightings: list[Sighting] | None

    @property
    def judged(self) -> list[tuple[Sighting, bool]]:
        """Each sighting, and whether its name is right."""
        return [(one, any(one.food in foods for foods in self.photo.truth)) for one in self.sightings or ()]

    def names(self, foods: frozenset[str]) -> bool:
        """Whether one of these is named as more than a suggestion."""
        return any(one.food in foods for one in self.sightings or () if one.decision is not Decision.SUGGESTION)


def report(photos: Sequence[Labelled], look: Look, progress: Progress) -> list[Outcome]:
    """Look at every photo, each prepared as an upload would be. Raises AIBudgetSpent, AIMisconfigured."""
    outcomes = []
    for number, photo in enumerate(photos, 1):
        outcomes.append(Outcome(photo, _looked_at(photo, look)))
        progress(number, len(photos))
    return outcomes


def card(engine: Engine, data: str, on: date, outcomes: Sequence[Outcome]) -> Card:
    """The outcomes, counted."""
    kinds = dict.fromkeys(outcome.photo.kind for outcome in outcomes)
    foods = {food for outcome in outcomes for thing in outcome.photo.truth for food in thing}
    foods |= {one.food for outcome in outcomes for one in outcome.sightings or () if one.food}
    return Card(
        engine=engine,
        data=data,
        measured_on=on.isoformat(),
        kinds={kind: _tally([one for one in outcomes if one.photo.kind == kind]) for kind in kinds},
        categories={name: _tally(outcomes, name) for name in sorted(filter(None, map(_category, foods)))},
        bins=_bins(outcomes),
    )


def details(outcome: Outcome) -> dict[str, Any]:
    """What was expected of one photo, and what was said."""
    said = outcome.sightings
    return {
        "file": outcome.photo.path.name,
        "kind": outcome.photo.kind,
        "expected": [sorted(foods) for foods in outcome.photo.truth],
        "said": said and [{"food": s.food, "decision": s.decision.value, "confidence": s.confidence} for s in said],
    }


def _looked_at(photo: Labelled, look: Look) -> list[Sighting] | None:
    with TemporaryDirectory() as folder:
        try:
            prepare(photo.path, Path(folder), ImageLimits())
            return look(Path(folder) / f"{Copy.AI}.jpg", Aim.BOTH)
        except (AIBudgetSpent, AIMisconfigured):  # nor would the next be answered
            raise
        except ZwaiError:
            return None


def _tally(outcomes: Sequence[Outcome], category: str | None = None) -> Tally:
    """Of whole photos; with a category, of its foods: those that were said and those that are there."""
    read = [outcome for outcome in outcomes if outcome.sightings is not None]
    things = [(one, foods) for one in read for foods in one.photo.truth if _is_of(category, foods)]
    holding = [one for one in outcomes if category is None or any(_is_of(category, foods) for foods in one.photo.truth)]
    named = [one for one in read if one.photo.truth] if category is None else _lone(things)
    return Tally(
        photos=len(holding),
        unreadable=sum(one.sightings is None for one in holding),
        sure=_names(read, Decision.ITEM, category),
        confirm=_names(read, Decision.CONFIRM, category),
        found=_share(one.names(foods) for one, foods in things),
        first=_share(any(right for _, right in one.judged[:1]) for one in named),
        three=_share(any(right for _, right in one.judged[:FIRST_FEW]) for one in named),
    )


def _lone(things: Iterable[tuple[Outcome, frozenset[str]]]) -> list[Outcome]:
    """Where something else is there too, the first name may rightly be that."""
    return [outcome for outcome, _ in things if len(outcome.photo.truth) == 1]


def _names(outcomes: Iterable[Outcome], decision: Decision, category: str | None) -> Share:
    said = (pair for outcome in outcomes for pair in outcome.judged if pair[0].decision is decision)
    return _share(right for one, right in said if category is None or _category(one.food) == category)


def _bins(outcomes: Iterable[Outcome]) -> tuple[Bin, ...]:
    """Of every name but a second or third suggestion, which only share what the first leaves."""
    said: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for outcome in outcomes:
        for place, (one, right) in enumerate(outcome.judged):
            if place == 0 or one.decision is not Decision.SUGGESTION:
                said[min(BINS - 1, int(one.confidence * BINS))].append((one.confidence, right))
    return tuple(
        Bin(round(sum(chance for chance, _ in pairs) / len(pairs), 4), _share(right for _, right in pairs))
        for pairs in said
        if pairs
    )


def _is_of(category: str | None, foods: frozenset[str]) -> bool:
    return category is None or category in map(_category, foods)


def _category(food: str | None) -> str:
    known = catalogue.load().food(food)
    return known.category if known else ""


def _share(right: Iterable[bool]) -> Share:
    flags = list(right)
    return Share(sum(flags), len(flags))
