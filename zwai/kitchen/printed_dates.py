"""Dates printed on packs: which day a label says, and whether it is a use-by or a best-before.

Words beside a date say what it is: VENCE, BEST BEFORE, ELAB, LOTE and their like. What was made or packed on a day does
not expire on it; a lot is no date.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

from zwai.kitchen.rows import Row, rows
from zwai.knowledge.dates import Written, element_day, plausible, possible, written
from zwai.knowledge.names import label_key
from zwai.records.photos import Box
from zwai.records.reading import PrintedDate, TextLine
from zwai.records.stock import LabelKind


class Said(Enum):
    """What the words beside a date make of it."""

    USE_BY = "use by"
    BEST_BEFORE = "best before"
    SELL_BY = "sell by"
    MADE = "made"
    LOT = "lot"


# In Spanish, English, Portuguese and French; folded, without dots. The longest that fits is meant.
WORDS = {
    Said.BEST_BEFORE: """
        consumir preferentemente antes del|consumir preferentemente antes de|consumir preferentemente|cons pref|
        consumase preferentemente|consumir preferiblemente antes de|consumo preferente|consumir antes del|
        consumir antes de|mejor antes del|mejor antes de|best before end|best before|best by|best if used by|
        best if used before|better if used by|enjoy by|bbe|bb|bbd|bf|consumir de preferencia antes de|
        consumir preferencialmente antes de|a consommer de preference avant|a consommer de pref avant|ddm|
        antes del|antes de|mindestens haltbar bis|da consumarsi preferibilmente entro|fecha de consumo preferente|fcp|
        fpc|preferentemente antes del|meilleur avant|melhor antes de""",
    Said.USE_BY: """
        fecha de vencimiento|fecha vencimiento|fecha de venc|fecha venc|fecha vto|fecha vcto|f de vencimiento|f venc|
        f vto|f vcto|f v|fv|vencimiento|vencim|vence el|vence|venc|vcto|vto|ven|fecha de caducidad|fecha caducidad|
        f caducidad|f cad|f c|caducidad|caduca el|caduca|cad|fecha de expiracion|expiracion|expira|use by|use before|
        consume by|expiry date|expiration date|exp date|expiration|expiry|expires on|expires|exp|ed|
        data de validade|validade|valido ate|valida ate|consumir ate|val|vencimento|
        a consommer jusqu au|a consommer jusqu'au|dlc|date limite|hasta|valido hasta|consumir hasta|
        zu verbrauchen bis|scadenza|scad""",
    Said.SELL_BY: "sell by|display until|vender antes de|vender hasta",
    Said.MADE: """
        fecha de elaboracion|fecha de produccion|fecha de fabricacion|fecha de envasado|fecha de empaque|
        elaboracion|elaborado el|elaborado|elab|f elab|fecha elab|f e|fe|produccion|producido|prod date|production date|
        prod|f prod|fp|f p|fabricacion|fabricado|fab|f fab|fecha fab|envasado el|envasado|env|f env|empacado|empaque|
        emp|mfg date|mfg|mfd|manufactured|made on|packed on|packed|pkd|pack date|packaged on|baked on|born on|
        frozen on|congelado el|fabricado em|data de fabricacao|embalado em|embalado|emb|fabrique le|emballe le|
        date of manufacture|mfr|dom|sacrificio""",
    Said.LOT: "numero de lote|n de lote|lote nro|lote no|lote n|lote|lot no|lot|lt|l|batch no|batch|partida|serie",
}
_SAID = {word.strip(): said for said, words in WORDS.items() for word in words.split("|") if word.strip()}
_LETTER = {"o": "[o0]", "i": "[i1l|]", "l": "[l1i]", "s": "[s5]", "b": "[b8]", "e": "[e3]", " ": r"[\s.:/\-]*"}


def _pattern(words: str) -> str:
    return "".join(_LETTER.get(one, one) for one in words)


_WORD = re.compile(
    r"(?<![a-z0-9])("
    + "|".join(_pattern(word) for word in sorted(_SAID, key=len, reverse=True))
    + r")(?=[^a-z0-9]|\d{2}|$)"
)
# GS1 general specifications: 11 made, 13 packed, 15 best before, 16 sell by, 17 use by.
_ELEMENT = re.compile(r"[(\[]\s?(11|13|15|16|17)\s?[)\]]\s?(\d{6})(?!\d)")
_ELEMENTS = {
    "11": Said.MADE, "13": Said.MADE, "15": Said.BEST_BEFORE, "16": Said.SELL_BY, "17": Said.USE_BY,
}  # fmt: skip
# What only the USA prints, where the month comes first.
_OF_THE_USA = re.compile(r"\b(?:best (?:if used )?by|sell by|enjoy by|better if used by)\b")
_FILLER = re.compile(r"[^a-z0-9]*")


@dataclass(frozen=True, slots=True)
class _Cue:
    """Words that say what a date is, and where they stand."""

    said: Said
    start: int
    end: int
    x: float
    row: int = 0


@dataclass(frozen=True, slots=True)
class _Seen:
    """A date of a label and what is said of it: None where nothing is."""

    written: Written
    said: Said | None
    text: str
    box: Box


def found(lines: Sequence[TextLine], today: date) -> list[PrintedDate]:
    """The days on which a pack may expire, the most likely first; never those of its making."""
    label = rows(lines)
    month_first = any(_OF_THE_USA.search(label_key(row.text)) for row in label)
    seen = [*_elements(label, today), *_seen(label, today, month_first=month_first)]
    made = [one.written.days[0] for one in seen if one.said is Said.MADE]
    expiring = [_printed(one, made, today) for one in seen if one.said not in (Said.MADE, Said.LOT)]
    wanted = [one for one in expiring if one is not None and possible(one.day, today)]
    return _once(sorted(wanted, key=lambda one: (not plausible(one.day, today), not one.named, -one.day.toordinal())))


def _printed(seen: _Seen, made: Sequence[date], today: date) -> PrintedDate | None:
    """What was made before it expires; a day that is a making's own, or that nothing keeps to, is none."""
    if seen.said is None and (seen.written.bare or any(day in made for day in seen.written.days)):
        return None
    days = [day for day in seen.written.days if all(day >= one for one in made)] or list(seen.written.days)
    kind = LabelKind.USE_BY if seen.said is Said.USE_BY else LabelKind.BEST_BEFORE
    return PrintedDate(days[0], kind, seen.text, seen.box, tuple(days[1:]), seen.said is not None)


def _once(dates: Sequence[PrintedDate]) -> list[PrintedDate]:
    """A day that is said twice, once; of two days that nothing is said of, the later is the likelier."""
    kept: dict[date, PrintedDate] = {}
    for one in dates:
        kept.setdefault(one.day, one)
    return list(kept.values())


def _elements(label: Sequence[Row], today: date) -> Iterator[_Seen]:
    for row in label:
        for match in _ELEMENT.finditer(row.text):
            if day := element_day(match[2], today):
                yield _Seen(Written(*match.span(), (day,)), _ELEMENTS[match[1]], match[0], row.box)


def _seen(label: Sequence[Row], today: date, *, month_first: bool) -> Iterator[_Seen]:
    """Each date with the words beside it, else with those above it."""
    above: list[_Cue] = []
    for number, row in enumerate(label):
        text = _ELEMENT.sub(lambda match: " " * len(match[0]), row.text)
        dates = written(text, today, month_first=month_first)
        cues = _cues(text, dates, row.upright)
        for place, one in enumerate(dates):
            said = _beside(text, one, cues, dates[place - 1].end if place else 0)
            if said is None and above:
                said = _above(above, place, len(dates), _x(one.start, text, row.upright))
            yield _Seen(one, said, row.text, row.box)
        if dates and above:
            above = above[1:] if len(dates) == 1 and above[0].row != above[-1].row else []
        elif not dates:
            above = [*above, *(replace(cue, row=number) for cue in cues if not _has_its_lot(cue, text))]


def _cues(text: str, dates: Sequence[Written], box: Box) -> list[_Cue]:
    key = label_key(text)
    if len(key) != len(text):  # places would not agree
        key = text.casefold()
    cues = []
    for match in _WORD.finditer(key):
        if any(one.start <= match.start() < one.end for one in dates):
            continue
        cues.append(_Cue(_said(match[1]), match.start(), match.end(), _x(match.start(), text, box)))
    return cues


def _said(read: str) -> Said:
    """What the words mean whose pattern it is, however confused its letters were."""
    return next(said for word, said in _SAID.items() if re.fullmatch(_pattern(word), read))


def _x(place: int, text: str, box: Box) -> float:
    return box.x_min + (box.x_max - box.x_min) * place / max(1, len(text))


def _beside(text: str, one: Written, cues: Sequence[_Cue], since: int) -> Said | None:
    """The last words before a date, after the date before it; behind it only where none are before any."""
    before = [cue for cue in cues if since <= cue.start < one.start]
    if before:
        cue = before[-1]
        apart = not _FILLER.fullmatch(label_key(text[cue.end : one.start]))
        if cue.said is not Said.LOT or not apart:
            return cue.said
        earlier = [cue.said for cue in before if cue.said is not Said.LOT]
        return earlier[-1] if earlier else None  # the lot's code is between: the date is another thing
    behind = [cue for cue in cues if cue.start >= one.end and cue.said is not Said.LOT]
    if behind and not any(cue.start < one.start for cue in cues) and len(cues) == 1:
        return behind[0].said
    return None


def _has_its_lot(cue: _Cue, text: str) -> bool:
    return cue.said is Said.LOT and any(one.isdigit() for one in text[cue.end :])


def _above(above: Sequence[_Cue], place: int, dates: int, x: float) -> Said:
    """Of words above: in their order where they stand in rows or are as many as the dates, else the nearest."""
    if len(above) == dates:
        return above[place].said
    if dates == 1 and above[0].row != above[-1].row:
        return above[0].said
    return min(above, key=lambda cue: abs(cue.x - x)).said if dates == 1 and len(above) > 1 else above[-1].said
