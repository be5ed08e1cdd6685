"""The recogniser's report card: what it says of a folder of labelled photos, counted by kind of photo.

A folder holds labels.csv (columns file, kind, labels: `coarse;fine`, several joined by `|`), or one folder per label.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ai.images import prepare
from ai.names import names
from zwai.errors import ZwaiError
from zwai.knowledge.names import resolve
from zwai.records.people import Language
from zwai.records.photos import Aim, Copy, Decision, ImageLimits, Sighting

Look = Callable[[Path, Aim], list[Sighting]]
Progress = Callable[[int, int], None]

NO_FOOD = ("nonfood", "none")  # folders of photos that show no food
PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif"}
Z_95 = 1.959964  # two-sided 95 % of the normal distribution


@dataclass(frozen=True, slots=True)
class Labelled:
    """One photo and, for each thing in it, the foods that would be a right name."""

    path: Path
    kind: str
    truth: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was said of one photo; None when it could not be read."""

    photo: Labelled
    sightings: list[Sighting] | None

    def said(self, decision: Decision) -> list[Sighting]:
        return [sighting for sighting in self.sightings or () if sighting.decision is decision]

    def right(self, decision: Decision) -> int:
        return sum(any(said.food in foods for foods in self.photo.truth) for said in self.said(decision))


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`, with the 95 % interval of Wilson (1927)."""

    part: int
    whole: int

    @property
    def interval(self) -> tuple[float, float]:
        if not self.whole:
            return 0.0, 1.0
        share, spread = self.part / self.whole, Z_95**2 / self.whole
        centre = (share + spread / 2) / (1 + spread)
        half = sqrt(spread * share * (1 - share) + spread**2 / 4) / (1 + spread)
        return max(0.0, centre - half), min(1.0, centre + half)

    def __str__(self) -> str:
        if not self.whole:
            return "-"
        low, high = self.interval
        return f"{self.part / self.whole:.0%} ({low:.0%}-{high:.0%})"


@dataclass(frozen=True, slots=True)
class KindCard:
    """One kind of photo. Items and parts are counted by name, the rest by photo."""

    kind: str
    photos: int
    unreadable: int
    answered: int
    items_right: int
    items_wrong: int
    suggested: int
    suggested_right: int
    parts_right: int
    parts_wrong: int

    @property
    def coverage(self) -> Share:
        return Share(self.answered, self.photos - self.unreadable)

    @property
    def precision(self) -> Share:
        return Share(self.items_right, self.items_right + self.items_wrong)


COLUMNS = ("kind", "photos", "unreadable", "answered", "share", "right", "wrong", "precision",
           "suggested", "has right", "parts right", "parts wrong")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    folder: Path
    outcomes: tuple[Outcome, ...]
    unknown_labels: tuple[str, ...]

    @property
    def cards(self) -> list[KindCard]:
        kinds: dict[str, list[Outcome]] = defaultdict(list)
        for outcome in self.outcomes:
            kinds[outcome.photo.kind].append(outcome)
        return [_card(kind, outcomes) for kind, outcomes in kinds.items()]

    def table(self) -> str:
        """Aligned columns; shares with their 95 % intervals."""
        lines = _aligned([COLUMNS, *(_row(card) for card in self.cards)])
        lines += [
            "",
            "answered: photos with a sure item; share and precision with 95 % intervals (Wilson);",
            "has right: photos whose suggestions hold the right food; parts: names to be confirmed.",
        ]
        if self.unknown_labels:
            lines.append(f"Labels that are no food of the catalogue: {', '.join(self.unknown_labels)}.")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """The same numbers, and what was said of each photo."""
        return {
            "folder": str(self.folder),
            "kinds": {card.kind: _numbers(card) for card in self.cards},
            "unknown_labels": list(self.unknown_labels),
            "photos": [_details(outcome) for outcome in self.outcomes],
        }


def report(folder: Path, look: Look, progress: Progress) -> Report:
    """Look at every labelled photo of `folder`, each prepared as an upload would be."""
    unknown: dict[str, None] = {}
    photos = list(_labelled(folder, unknown))
    outcomes = []
    for number, photo in enumerate(photos, 1):
        outcomes.append(Outcome(photo, _looked_at(photo, look)))
        progress(number, len(photos))
    return Report(folder, tuple(outcomes), tuple(unknown))


def _looked_at(photo: Labelled, look: Look) -> list[Sighting] | None:
    with TemporaryDirectory() as folder:
        try:
            prepare(photo.path, Path(folder), ImageLimits())
            return look(Path(folder) / f"{Copy.AI}.jpg", Aim.BOTH)
        except ZwaiError:
            return None


def _labelled(folder: Path, unknown: dict[str, None]) -> Iterator[Labelled]:
    if (folder / "labels.csv").exists():
        with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                labels = [label for label in row["labels"].split("|") if label]
                yield Labelled(folder / row["file"], row["kind"], _truth(labels, unknown))
        return
    for path in sorted(folder.glob("*/*")):
        if path.suffix.lower() in PHOTO_SUFFIXES:
            label = path.parent.name
            kind = "nonfood" if label in NO_FOOD else "item"
            yield Labelled(path, kind, _truth([] if kind == "nonfood" else [label], unknown))


def _truth(labels: Sequence[str], unknown: dict[str, None]) -> tuple[frozenset[str], ...]:
    truth = []
    for label in labels:
        foods = _foods(*(part.strip() for part in f"{label};".split(";")[:2]))
        if not foods:
            unknown[label.strip(";")] = None
        truth.append(foods)
    return tuple(truth)


def _foods(coarse: str, fine: str) -> frozenset[str]:
    """The right names of a label: the table's, or what the catalogue makes of the words."""
    table = names()
    name = table.head.get(fine) or table.head.get(coarse) or table.coarse.get(coarse)
    if name is not None:
        return frozenset(food for food in (name.food, name.finer) if food)
    match = resolve(coarse.replace("_", " ").replace("-", " "), Language.EN)
    return frozenset([match.food.id] if match else [])


def _card(kind: str, outcomes: list[Outcome]) -> KindCard:
    def count(counted: Callable[[Outcome], int]) -> int:
        return sum(map(counted, outcomes))

    items_right = count(lambda outcome: outcome.right(Decision.ITEM))
    parts_right = count(lambda outcome: outcome.right(Decision.CONFIRM))
    return KindCard(
        kind=kind,
        photos=len(outcomes),
        unreadable=count(lambda outcome: outcome.sightings is None),
        answered=count(lambda outcome: bool(outcome.said(Decision.ITEM))),
        items_right=items_right,
        items_wrong=count(lambda outcome: len(outcome.said(Decision.ITEM))) - items_right,
        suggested=count(lambda outcome: bool(outcome.said(Decision.SUGGESTION))),
        suggested_right=count(lambda outcome: outcome.right(Decision.SUGGESTION) > 0),
        parts_right=parts_right,
        parts_wrong=count(lambda outcome: len(outcome.said(Decision.CONFIRM))) - parts_right,
    )


def _row(card: KindCard) -> tuple[str, ...]:
    cells = (card.kind, card.photos, card.unreadable, card.answered, card.coverage, card.items_right,
             card.items_wrong, card.precision, card.suggested, card.suggested_right, card.parts_right,
             card.parts_wrong)  # fmt: skip
    return tuple(map(str, cells))


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]


def _numbers(card: KindCard) -> dict[str, Any]:
    return {
        "photos": card.photos,
        "unreadable": card.unreadable,
        "answered": card.answered,
        "answered_interval": card.coverage.interval,
        "right": card.items_right,
        "wrong": card.items_wrong,
        "precision": card.items_right / card.precision.whole if card.precision.whole else None,
        "precision_interval": card.precision.interval,
        "suggestions": card.suggested,
        "suggestions_right": card.suggested_right,
        "parts_right": card.parts_right,
        "parts_wrong": card.parts_wrong,
    }


def _details(outcome: Outcome) -> dict[str, Any]:
    said = outcome.sightings
    return {
        "file": outcome.photo.path.name,
        "kind": outcome.photo.kind,
        "expected": [sorted(foods) for foods in outcome.photo.truth],
        "said": said and [{"food": s.food, "decision": s.decision.value, "confidence": s.confidence} for s in said],
    }
