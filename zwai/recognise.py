"""What `zwai recognise` does with one photo: the service's own preparing, looking and drafting, in this process."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ai.images import prepare
from ai.local import look
from zwai.errors import ZwaiError
from zwai.kitchen.inventory import draft
from zwai.kitchen.recognition import item_of
from zwai.knowledge import catalogue, references
from zwai.knowledge.words import render_place, render_unit, singular
from zwai.records.people import AccountId, HouseholdId, Language, Member, SessionId
from zwai.records.photos import Aim, Copy, ImageLimits, Sighting

HEADINGS = {
    "es": ("foto", "alimento", "confianza", "cantidad", "lugar", "vence", "según"),
    "en": ("photo", "item", "confidence", "quantity", "storage", "expires", "source"),
}
DECISIONS = {
    "es": {"item": "seguro", "suggestion": "tal vez", "confirm": "confirma"},
    "en": {"item": "sure", "suggestion": "maybe", "confirm": "confirm"},
}
NOTHING = {
    "es": "no sé qué es: acerca o recorta la foto, o escribe el nombre",
    "en": "I don't know: come closer, crop the photo, or type the name",
}
NO_FILE = {"es": "No existe ese archivo.", "en": "There is no such file."}
NOT_A_FILE = {"es": "No es un archivo de foto.", "en": "That is not a photo file."}
NO_ENTRY = {"es": "No se puede abrir.", "en": "It cannot be opened."}
GAP = "  "


def recognise(photo: Path, aim: str, language: str, time_zone: str) -> dict[str, Any]:
    """`{photo, error, items}`; a photo that cannot be read has its sentence in `error` and no items."""
    try:
        error, sightings = fault(photo, language), []
        if error is None:
            sightings = _look(photo, Aim(aim))
    except ZwaiError as refusal:
        error = refusal.sentence(language)
    except OSError as failure:
        error = f"{NO_ENTRY[language]} ({failure.strerror})"
    member = Member(AccountId(""), HouseholdId(""), SessionId(""), Language(language), time_zone)
    now = datetime.now(UTC)
    return {"photo": str(photo), "error": error, "items": [_item(member, seen, now) for seen in sightings]}


def fault(photo: Path, language: str) -> str | None:
    """What is wrong with a path before it is opened; a pipe or a device would never end."""
    if not photo.exists():
        return NO_FILE[language]
    return None if photo.is_file() else NOT_A_FILE[language]


def _look(photo: Path, aim: Aim) -> list[Sighting]:
    with TemporaryDirectory(prefix="zwai-") as folder:
        copies = Path(folder) / "copies"
        prepare(photo, copies, ImageLimits())
        return look(copies / f"{Copy.AI}.jpg", aim)


def _item(member: Member, sighting: Sighting, now: datetime) -> dict[str, Any]:
    food = catalogue.load().food(sighting.food or "")
    assert food is not None  # the local engine knows no others
    batch = draft(member, item_of(sighting, member.language), now)
    return {
        "food": sighting.food,
        "name": food.name(Language.ES),
        "name_en": food.name(Language.EN),
        "kind": sighting.kind,
        "confidence": round(sighting.confidence, 3),
        "decision": sighting.decision.value,
        "rule": sighting.rule,
        "quantity": float(batch.quantity.amount),
        "unit": render_unit(batch.quantity.unit, member.language),
        "storage": render_place(batch.place, member.language),
        "expires": batch.expiry.day.isoformat(),
        "expiry_source": batch.expiry.source.value,
        "expiry_reference": references.said(batch.expiry.reference, member.language),
    }


def table(results: list[dict[str, Any]], language: str, columns: int) -> str:
    """Photos that could be read, as aligned rows no wider than `columns`; the last cell gives way."""
    rows = [HEADINGS[language], *(row for result in results for row in _rows(result, language))]
    full = [row for row in rows if len(row) == len(rows[0])]  # the others are a photo and a sentence
    widths = [max(map(len, column)) for column in zip(*full, strict=True)]
    widths[0] = max(len(row[0]) for row in rows)
    lines = (GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows)
    return "\n".join(line if len(line) <= columns else f"{line[: columns - 1]}…" for line in lines)


def _rows(result: dict[str, Any], language: str) -> Iterator[tuple[str, ...]]:
    """A row an item, the photo's name in its first."""
    photo = Path(result["photo"]).name
    if not result["items"]:
        yield photo, NOTHING[language]
    for number, item in enumerate(result["items"]):
        yield (
            "" if number else photo,
            item["name_en" if language == "en" else "name"],
            f"{item['confidence']:.0%} {DECISIONS[language][item['decision']]}",
            f"1 {singular(item['unit'])}" if item["quantity"] == 1 else f"{item['quantity']:g} {item['unit']}",
            item["storage"],
            item["expires"],
            item["expiry_reference"],
        )
