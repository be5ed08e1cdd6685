"""What `zwai recognise` does with one photo: the service's own preparing, looking and drafting, in this process."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ai.images import prepare
from ai.local import look
from zwai.errors import ZwaiError
from zwai.kitchen.inventory import draft
from zwai.kitchen.recognition import item_of
from zwai.knowledge import catalogue
from zwai.knowledge.words import render_place, render_unit
from zwai.records.people import AccountId, HouseholdId, Language, Member, SessionId
from zwai.records.photos import Aim, Copy, ImageLimits, Sighting

COLUMNS = ("photo", "item", "confidence", "decision", "quantity", "storage", "expires", "because")


def recognise(photo: Path, aim: str, language: str, time_zone: str) -> dict[str, Any]:
    """`{photo, error, items}`; a photo that cannot be read has its sentence in `error` and no items."""
    member = Member(AccountId(""), HouseholdId(""), SessionId(""), Language(language), time_zone)
    try:
        with TemporaryDirectory() as folder:
            copies = Path(folder) / "copies"
            prepare(photo, copies, ImageLimits())
            sightings = look(copies / f"{Copy.AI}.jpg", Aim(aim))
    except ZwaiError as error:
        return {"photo": str(photo), "error": error.sentence(language), "items": []}
    except OSError as error:
        return {"photo": str(photo), "error": f"{error.strerror}.", "items": []}
    now = datetime.now(UTC)
    return {"photo": str(photo), "error": None, "items": [_item(member, seen, now) for seen in sightings]}


def _item(member: Member, sighting: Sighting, now: datetime) -> dict[str, Any]:
    food = catalogue.load().food(sighting.food)
    assert food is not None
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
        "expiry_reference": batch.expiry.reference,
    }


def table(results: list[dict[str, Any]]) -> str:
    """The results as aligned columns; a photo with nothing to show gets a line that says why."""
    rows: list[tuple[str, ...]] = [COLUMNS]
    for result in results:
        name = Path(result["photo"]).name
        nothing = result["error"] or "nothing recognised: crop closer, or type the name"
        rows += [_row(name, item) for item in result["items"]] or [(name, f"– {nothing}", "", "", "", "", "", "")]
    # The sentence of an empty photo may run over its column.
    widths = [max(len(row[i]) for row in rows if not row[1].startswith("–") or i == 0) for i in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(photo: str, item: dict[str, Any]) -> tuple[str, ...]:
    return (
        photo,
        f"{item['name']} / {item['name_en']}",
        f"{item['confidence']:.2f}",
        item["decision"],
        f"{item['quantity']:g} {item['unit']}",
        item["storage"],
        item["expires"],
        item["expiry_reference"],
    )
