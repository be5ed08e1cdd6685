"""Printed dates and what they are of: the only thing that they can be of, else a line of their own, never a guess."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from zwai.errors import Told
from zwai.kitchen.evidence import kept, of_date
from zwai.knowledge.words import render_day
from zwai.records.captures import Shot, Thing
from zwai.records.people import Language
from zwai.records.photos import Decision, LineRule
from zwai.records.reading import PrintedDate
from zwai.records.stock import ONE_PIECE

EXPIRES = Told("Vence el", "Expires on")


def with_dates(things: list[Thing], shots: Sequence[Shot], language: Language) -> list[Thing]:
    """The things, each with the date in its own photo, or that of the only one without."""
    for place, shot in enumerate(shots):
        if not shot.dates:
            continue
        day = shot.dates[0]
        here = [number for number, thing in enumerate(things) if shot.photo in thing.seen_in and _is_meant(thing)]
        undated = [number for number, thing in enumerate(things) if thing.day is None and _is_meant(thing)]
        if len(target := here or undated) == 1:
            things[target[0]] = _dated(things[target[0]], shot, place)
        else:
            things.append(_only_a_date(day, shot, place, language))
    return things


def _is_meant(thing: Thing) -> bool:
    return thing.decision is not Decision.SUGGESTION


def _dated(thing: Thing, shot: Shot, place: int) -> Thing:
    """What a code says of its date was not misread; of two labels the sooner counts. Any other reading is told."""
    new, old = shot.dates[0], thing.day
    coded = thing.evidence.get("date_by") == LineRule.BARCODE
    chosen = new if old is None or (not coded and new.day < old.day) else old
    readings = _readings(shot.dates) | (_readings([old]) if old else set())
    others = _listed(readings - {chosen.day})
    evidence = {
        **thing.evidence,
        **(of_date(new, place, LineRule.LABEL) if chosen is new else {}),
        "date_others": others,
    }
    return replace(thing, day=chosen, evidence=kept(evidence), doubt=thing.doubt or bool(others))


def _readings(dates: Sequence[PrintedDate]) -> set[date]:
    return {day for one in dates for day in (one.day, *one.others)}


def _listed(days: set[date]) -> str:
    return ",".join(day.isoformat() for day in sorted(days))


def _only_a_date(day: PrintedDate, shot: Shot, place: int, language: Language) -> Thing:
    evidence = of_date(day, place, LineRule.LABEL) | {"date_others": _listed(_readings(shot.dates) - {day.day})}
    word = EXPIRES.en if language is Language.EN else EXPIRES.es
    said = render_day(day.day, date.min, language)  # with its year: what is kept is read in another one too
    return Thing(
        label=f"{word} {said}",
        food=None,
        quantity=ONE_PIECE,
        decision=Decision.SUGGESTION,
        rule=LineRule.LABEL,
        box=day.box,
        day=day,
        evidence=kept(evidence),
    )
