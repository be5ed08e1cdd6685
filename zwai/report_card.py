"""What `zwai recogniser report` does: engines look at a folder of labelled photos, and what they say is counted."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ai import local
from ai.labelled import labelled
from ai.photo_questions import question, sightings
from ai.report import Look, Outcome, Progress, card, details, report
from storage.engines import open_database
from zwai.app import bring_up_to_date, database_url, open_guard
from zwai.kitchen import calibration
from zwai.records.people import HouseholdId, Language
from zwai.records.photos import Aim, Engine, Sighting
from zwai.records.report import Card, Tally
from zwai.settings import Settings

Measured = tuple[Card, list[Outcome]]

HOUSEHOLD = HouseholdId("report-card")  # whose budget the questions of a report are
TITLES = ("photos", "no answer", "sure", "to confirm", "found", "first", "first three")
NOTE = """\
Each: share of a number (95 % interval, Wilson). sure, to confirm: of the names said so, how many were right; found: of
the things in the photos, how many such a name named; first, first three: photos of which that name was right, guesses
too."""


def measure(folder: Path, engines: Sequence[Engine], settings: Settings, progress: Progress) -> list[Measured]:
    """A card for each engine, and what was said of each photo. Raises BadLabels, AIBudgetSpent, AIMisconfigured."""
    photos, today = labelled(folder), datetime.now(UTC).date()
    measured = []
    for engine in engines:
        with LOOKS[engine](settings) as look:
            outcomes = report(photos, look, progress)
        measured.append((card(engine, str(folder), today, outcomes), outcomes))
    return measured


def document(measured: Sequence[Measured]) -> dict[str, Any]:
    """For machines: of each engine the counts, and what was said of each photo."""
    cards = [{**one.told(), "said": [details(outcome) for outcome in outcomes]} for one, outcomes in measured]
    return {"cards": cards, "unknown_labels": _unknown(measured)}


def table(measured: Sequence[Measured]) -> str:
    """For people: by kind of photo, by category of food, and how sure against how right."""
    lines = [line for one, _ in measured for line in _card(one)]
    if unknown := _unknown(measured):
        lines.append(f"Labels that are no food of the catalogue: {', '.join(unknown)}.")
    return "\n".join([*lines, NOTE])


def _unknown(measured: Sequence[Measured]) -> list[str]:
    return sorted({label for _, outcomes in measured for one in outcomes for label in one.photo.unknown})


def picture(cards: list[Card]) -> str:
    """The calibration curves as SVG."""
    return calibration.svg("How sure, how right", "said to be this sure", "were right", cards)


def _card(one: Card) -> Iterator[str]:
    yield f"{one.engine}, {one.measured_on}, {one.data}"
    yield ""
    yield from _aligned([("kind of photo", *TITLES), *(_row(kind, tally) for kind, tally in one.kinds.items())])
    yield ""
    yield from _aligned([("category", *TITLES), *(_row(name, tally) for name, tally in one.categories.items())])
    yield ""
    rows = [(f"{each.confidence:.0%} on average", str(each.right)) for each in one.bins]
    yield from _aligned([("said to be sure", "right"), *rows])
    yield ""


def _row(name: str, tally: Tally) -> tuple[str, ...]:
    shares = (tally.sure, tally.confirm, tally.found, tally.first, tally.three)
    return (name, str(tally.photos), str(tally.unreadable), *map(str, shares))


def _aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        numbers = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        yield "  ".join([row[0].ljust(widths[0]), *numbers])


@contextmanager
def _local(_settings: Settings) -> Iterator[Look]:
    yield local.look


@contextmanager
def _gemini(settings: Settings) -> Iterator[Look]:
    """Through the guard, so that budgets and the ledger hold."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with asyncio.Runner() as runner:
        runner.run(bring_up_to_date(settings))
        stack = AsyncExitStack()
        database = open_database(database_url(settings))
        stack.push_async_callback(database.close)
        guard = runner.run(stack.enter_async_context(open_guard(settings, database)))

        def look(path: Path, aim: Aim) -> list[Sighting]:
            asked = question(aim, Language.EN, path.read_bytes())
            return sightings(runner.run(guard.ask(asked, HOUSEHOLD)), aim, Language.EN)

        try:
            yield look
        finally:
            runner.run(stack.aclose())


LOOKS: dict[Engine, Callable[[Settings], Any]] = {Engine.LOCAL: _local, Engine.GEMINI: _gemini}
