"""The recogniser's report card: how often it was right, as counts with their intervals."""

from dataclasses import dataclass, field
from math import sqrt
from typing import Any

from zwai.records.photos import Decision, Engine

Z_95 = 1.959964  # two-sided 95 % of the normal distribution
BINS = 10  # of confidence, equally wide
WIRE = {"sure": "sure", "confirm": "confirm", "found": "recall", "first": "top_1", "three": "top_3"}


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`, with the 95 % interval of Wilson (1927)."""

    part: int = 0
    whole: int = 0

    def __add__(self, other: "Share") -> "Share":
        return Share(self.part + other.part, self.whole + other.whole)

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
        return f"{self.part / self.whole:.0%} of {self.whole} ({100 * low:.0f}-{100 * high:.0f})"

    def told(self) -> dict[str, Any]:
        """`share` is null where nothing was counted."""
        low, high = self.interval
        share = round(self.part / self.whole, 4) if self.whole else None
        return {"right": self.part, "n": self.whole, "share": share, "low": round(low, 4), "high": round(high, 4)}


@dataclass(frozen=True, slots=True)
class Bin:
    """Names that were said with a like confidence: how much that was on average, and how many were right."""

    confidence: float
    right: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """What reviewers made of lines of one rule, decision and food; `as_it_was`: under its name, amounts new or not."""

    rule: str
    decision: Decision
    food: str | None
    households: int
    as_it_was: int
    corrected: int
    refused: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What was said of the photos of one kind, or of the foods of one category.

    `sure` and `confirm` count names that were said; `found` the things in the photos that a sure name or one to confirm
    named; `first` and `three` photos of which the first name, or one of the first three, was right.
    """

    photos: int = 0
    unreadable: int = 0
    sure: Share = field(default_factory=Share)
    confirm: Share = field(default_factory=Share)
    found: Share = field(default_factory=Share)
    first: Share = field(default_factory=Share)
    three: Share = field(default_factory=Share)

    @property
    def shares(self) -> dict[str, Share]:
        """By the names that the wire has for them; precision is that of all names but mere suggestions."""
        return {"precision": self.sure + self.confirm} | {wire: getattr(self, ours) for ours, wire in WIRE.items()}

    @property
    def counted(self) -> bool:
        """Whether it counts anything; of nothing, an interval from 0 to 1 would say nothing."""
        return self.photos > 0 or any(share.whole for share in self.shares.values())


@dataclass(frozen=True, slots=True)
class Card:
    """What one engine said of labelled photos. `data` names them; `measured_on` is a date."""

    engine: Engine
    data: str
    measured_on: str
    kinds: dict[str, Tally]
    categories: dict[str, Tally]
    bins: tuple[Bin, ...]

    def told(self) -> dict[str, Any]:
        """As JSON has it, without what has no photos and no names; `card_from` reads it again."""
        return {
            "engine": self.engine.value,
            "data": self.data,
            "measured_on": self.measured_on,
            "groups": [{"group": kind, **_told(tally)} for kind, tally in self.kinds.items() if tally.counted],
            "categories": [
                {"category": name, **_told(tally)} for name, tally in self.categories.items() if tally.counted
            ],
            "calibration": [{"confidence": one.confidence, **one.right.told()} for one in self.bins],
        }


def card_from(told: dict[str, Any]) -> Card:
    """The card that `Card.told` told."""
    return Card(
        engine=Engine(told["engine"]),
        data=told["data"],
        measured_on=told["measured_on"],
        kinds={one["group"]: _tally(one) for one in told["groups"]},
        categories={one["category"]: _tally(one) for one in told["categories"]},
        bins=tuple(Bin(one["confidence"], _share(one)) for one in told["calibration"]),
    )


def _told(tally: Tally) -> dict[str, Any]:
    shares = {name: share.told() for name, share in tally.shares.items()}
    return {"photos": tally.photos, "unreadable": tally.unreadable, **shares}


def _tally(told: dict[str, Any]) -> Tally:
    shares = {ours: _share(told[wire]) for ours, wire in WIRE.items()}
    return Tally(photos=told["photos"], unreadable=told["unreadable"], **shares)


def _share(told: dict[str, Any]) -> Share:
    return Share(told["right"], told["n"])
