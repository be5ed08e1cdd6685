"""How many labelled photos `local-first` answers without asking Gemini, by kind, and how many of these rightly.

The engine and the order are the service's; in Gemini's place is one that only counts. Photos of the same kind are
answered alike, whatever they cost elsewhere: the share of your own photos tells what you would save.
"""

import argparse
import asyncio
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ai.labelled import BadLabels, labelled
from ai.local import look
from ai.report import Outcome, report
from scripts.bench.measuring import Line, print_table
from zwai.kitchen.looking import Order, Recogniser
from zwai.records.people import AccountId, HouseholdId, Language, Member, SessionId
from zwai.records.photos import Aim, Decision, PhotoId, Sighting
from zwai.records.report import Share

NOBODY = Member(AccountId(""), HouseholdId(""), SessionId(""), Language.EN, "UTC")


@dataclass(frozen=True)
class Here:
    """What the local engine said of a photo."""

    said: Sequence[Sighting]

    async def look(self, photo: PhotoId, aim: Aim, member: Member) -> list[Sighting]:
        return list(self.said)


@dataclass
class Counted:
    """Who would be paid."""

    calls: int = 0

    async def look(self, photo: PhotoId, aim: Aim, member: Member) -> list[Sighting]:
        self.calls += 1
        return []


def asks(outcome: Outcome) -> bool:
    """Whether the photo goes on to Gemini."""
    gemini = Counted()
    recogniser = Recogniser(Here(outcome.sightings or ()), gemini, Order.LOCAL_FIRST)
    asyncio.run(recogniser.look([PhotoId("photo")], Aim.BOTH, NOBODY))
    return gemini.calls > 0


def lines(outcomes: Sequence[Outcome]) -> list[Line]:
    kinds: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.sightings is not None:
            kinds[outcome.photo.kind].append(outcome)
    kinds["all"] = [outcome for each in list(kinds.values()) for outcome in each]
    return [line for kind, read in kinds.items() for line in _lines(kind, read)]


def _lines(kind: str, read: list[Outcome]) -> list[Line]:
    saved = [outcome for outcome in read if not asks(outcome)]
    rightly = [
        all(right for one, right in outcome.judged if one.decision is Decision.ITEM) and bool(outcome.photo.truth)
        for outcome in saved
    ]
    whole = sum(len(outcome.photo.truth) == 1 for outcome in saved)
    return [
        Line(f"{kind}: answered without a call", str(Share(len(saved), len(read)))),
        Line("  of these, every sure name was right", str(Share(sum(rightly), len(saved)))),
        Line("  of these, nothing else was there", str(Share(whole, len(saved)))),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench/saving", description=__doc__)
    parser.add_argument("folder", type=Path, help="labelled photos, as `zwai recogniser report` takes them")
    folder = parser.parse_args().folder
    try:
        photos = labelled(folder)
    except BadLabels as error:
        sys.exit(f"scripts/bench/saving: {error}")
    outcomes = report(photos, look, lambda done, of: print(f"{done}/{of}", end="\r", file=sys.stderr, flush=True))
    return print_table(f"local-first on {len(photos)} photos (share of a number, 95 % interval)", lines(outcomes))


if __name__ == "__main__":
    sys.exit(main())
