"""What `zwai read` does with one photo: the service's own preparing and reading, in this process."""

from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from ai.images import prepare
from ai.work import read_text
from zwai.errors import ReadingNotInstalled, ZwaiError
from zwai.kitchen import printed_dates, receipts
from zwai.kitchen.reading import can_read
from zwai.kitchen.rows import rows
from zwai.kitchen.shop_words import meaning_of
from zwai.knowledge.quantities import said
from zwai.recognise import GAP, NO_ENTRY, fault
from zwai.records.people import Language
from zwai.records.photos import Copy, ImageLimits
from zwai.records.reading import PrintedDate, Receipt, TextLine, unpacked

WORDS = {
    "es": {
        "shop": "tienda", "bought_on": "fecha", "currency": "moneda", "sum": "suma", "tax": "añadido", "total": "total",
        "difference": "diferencia", "use_by": "fecha de vencimiento",
        "best_before": "consumir preferentemente antes de", "others": "o puede ser",
        "not_food": "no es comida", "nothing": "no hay texto", "bare": "la etiqueta no dice de qué es",
    },
    "en": {
        "shop": "shop", "bought_on": "date", "currency": "currency", "sum": "sum", "tax": "added", "total": "total",
        "difference": "difference", "use_by": "use by", "best_before": "best before",
        "others": "or", "not_food": "no food", "nothing": "no text", "bare": "nothing names it",
    },
}  # fmt: skip
HEAD = ("shop", "bought_on", "currency")
FOOT = ("sum", "tax", "total", "difference")


def read(photo: Path, language: str, time_zone: str) -> dict[str, Any]:
    """`{photo, error, text, receipt, dates}`; a photo that cannot be read has its sentence in `error`.

    Raises ReadingNotInstalled.
    """
    if not can_read():
        raise ReadingNotInstalled
    error, lines = fault(photo, language), []
    try:
        if error is None:
            lines = _lines(photo)
    except ZwaiError as refusal:
        error = refusal.sentence(language)
    except OSError as failure:
        error = f"{NO_ENTRY[language]} ({failure.strerror})"
    today = datetime.now(ZoneInfo(time_zone)).date()
    return {"photo": str(photo), "error": error, **_found(lines, today, Language(language))}


def table(result: dict[str, Any], language: str) -> str:
    """What a photo says, for people: its receipt, its dates, or its text."""
    words = WORDS[language]
    if receipt := result["receipt"]:
        lines = [
            (
                line["words"],
                line["name"] if line["is_food"] else f"({words['not_food']})",
                line["quantity"],
                line["price"],
            )
            for line in receipt["lines"]
        ]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        told = [f"{words[name]}: {receipt[name]}" for name in HEAD if receipt[name]]
        told += [GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in lines]
        return "\n".join([*told, *(f"{words[name]}: {receipt[name]}" for name in FOOT if _is_told(receipt, name))])
    if result["dates"]:
        return "\n".join(_date_said(one, words) for one in result["dates"])
    return "\n".join(result["text"]) or words["nothing"]


def _is_told(receipt: dict[str, Any], name: str) -> bool:
    return receipt[name] not in ("", "0.00") or name == "difference"


def _lines(photo: Path) -> list[TextLine]:
    with TemporaryDirectory(prefix="zwai-") as folder:
        copies = Path(folder) / "copies"
        prepare(photo, copies, ImageLimits())
        return unpacked(read_text(copies / f"{Copy.DISPLAY}.jpg"))


def _found(lines: list[TextLine], today: date, language: Language) -> dict[str, Any]:
    receipt = receipts.parsed(lines, today)
    dates = [] if receipt else printed_dates.found(lines, today)
    return {
        "text": [row.text for row in rows(lines)],
        "receipt": receipt and _receipt(receipt, language),
        "dates": [_date(one) for one in dates],
    }


def _receipt(receipt: Receipt, language: Language) -> dict[str, Any]:
    lines = []
    for line in receipt.lines:
        meaning = meaning_of(line.words, language)
        lines.append(
            {
                "words": line.words,
                "name": meaning.label,
                "food": meaning.food,
                "is_food": line.food,
                "quantity": said(line.quantity, language),
                "price": "" if line.price is None else f"{line.price:.2f}",
            }
        )
    return {**receipts.told(receipt), "lines": lines}


def _date(one: PrintedDate) -> dict[str, Any]:
    return {
        "day": one.day.isoformat(),
        "kind": one.kind.value,
        "named": one.named,
        "others": [day.isoformat() for day in one.others],
        "text": one.text,
    }


def _date_said(one: dict[str, Any], words: dict[str, str]) -> str:
    doubts = [f"{words['others']} {day}" for day in one["others"]]
    if not one["named"]:
        doubts.append(words["bare"])
    doubt = f" ({', '.join(doubts)})" if doubts else ""
    return f"{words[one['kind']]}: {one['day']}{doubt}{GAP}«{one['text']}»"
