"""What is told of why a line is proposed: texts by name, as they are stored."""

from collections.abc import Mapping

from zwai.records.reading import PrintedDate

LONGEST = 500  # of a piece


def of_date(day: PrintedDate | None, place: int | None, by: str) -> dict[str, str]:
    """`by` is the rule that found it: a code or a label."""
    if day is None:
        return {}
    told = {"date": day.day.isoformat(), "date_kind": day.kind.value, "date_text": day.text, "date_by": by}
    return {**told, "date_photo": place_told(place)}


def place_told(place: int | None) -> str:
    """A photo's place among those of the capture, empty where there is none."""
    return "" if place is None else str(place)


def kept(evidence: Mapping[str, str]) -> dict[str, str]:
    """Without what there is none of."""
    return {name: value[:LONGEST] for name, value in evidence.items() if value}
