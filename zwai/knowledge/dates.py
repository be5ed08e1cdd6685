"""Dates as they are printed on packs and receipts: every way in which a text may be read as a day.

Day before month, as in Latin America and Europe, unless told; what else it may be is kept, never hidden. Numbers are
taken as printers and readers confuse them: an O for a 0, an I for a 1, a B for an 8.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from zwai.knowledge.names import label_key

PAST = timedelta(days=366)
AHEAD = timedelta(days=3653)
FARTHEST = timedelta(days=7305)


@dataclass(frozen=True, slots=True)
class Written:
    """A date in a text: its place there, and the days it may mean, the likeliest first.

    `bare` is one without separators or without a year, which is as likely a code: only words beside it make it a date.
    """

    start: int
    end: int
    days: tuple[date, ...]
    bare: bool = False


def written(text: str, today: date, *, month_first: bool = False) -> list[Written]:
    """The dates in a text, from left to right; implausible days are left out where a plausible one is possible."""
    key = label_key(text).upper()  # accents off, which month names may carry
    found: list[Written] = []
    for pattern, read, bare in _FORMS:
        for match in pattern.finditer(key):
            if any(match.start() < one.end and one.start < match.end() for one in found):
                continue
            days = dict.fromkeys(read(match, today, month_first=month_first))
            if days:
                found.append(Written(match.start(), match.end(), _likely(tuple(days), today), bare))
    return sorted(found, key=lambda one: one.start)


def plausible(day: date, today: date) -> bool:
    """Whether something to eat may be kept until a day: not a year past, not more than ten years ahead."""
    return today - PAST <= day <= today + AHEAD


def possible(day: date, today: date) -> bool:
    """Whether a day may be an expiry at all, whoever says so: at most twenty years ahead (judged)."""
    return day <= today + FARTHEST


def element_day(figures: str, today: date) -> date | None:
    """The day of a GS1 element, YYMMDD: day 00 is the month's last, the century the nearest (specifications 7.12)."""
    year, month, day = (int(figures[at : at + 2]) for at in (0, 2, 4))
    year += today.year // 100 * 100
    if year - today.year > 50:
        year -= 100
    elif year - today.year < -49:
        year += 100
    return _day(year, month, day) if day else _month_end(year, month)


def _likely(days: tuple[date, ...], today: date) -> tuple[date, ...]:
    return tuple(day for day in days if plausible(day, today)) or days[:1]


# Figures as they are confused; at least one is a true one.
_D = "[0-9OQDILSBZ]"
_SEPARATOR = r"\s?[./\-·,:]\s?"
_AS_FIGURES = str.maketrans("OQDILSBZ", "00011582")
_MONTHS = {
    1: "ENERO ENE JANUARY JAN JANEIRO JANVIER JANV", 2: "FEBRERO FEB FEBRUARY FEVEREIRO FEV FEVRIER FEVR",
    3: "MARZO MAR MARCH MARCO MARS", 4: "ABRIL ABR APRIL APR AVRIL AVR", 5: "MAYO MAY MAIO MAI",
    6: "JUNIO JUN JUNE JUNHO JUIN", 7: "JULIO JUL JULY JULHO JUILLET JUIL", 8: "AGOSTO AGO AUGUST AUG AOUT AOU",
    9: "SEPTIEMBRE SETIEMBRE SEPT SEP SET SEPTEMBER SETEMBRO SEPTEMBRE", 10: "OCTUBRE OCT OCTOBER OUTUBRO OUT OCTOBRE",
    11: "NOVIEMBRE NOV NOVEMBER NOVEMBRO NOVEMBRE", 12: "DICIEMBRE DIC DECEMBER DEC DEZEMBRO DEZ DECEMBRE",
}  # fmt: skip
_MONTH_OF = {word: month for month, words in _MONTHS.items() for word in words.split()}


def _confused(word: str) -> str:
    """A month's name as a pattern that also takes what readers confuse with its letters."""
    alike = {"O": "[O0]", "I": "[I1L|]", "S": "[S5]", "B": "[B8]", "L": "[L1I]"}
    return "".join(alike.get(letter, letter) for letter in word)


_NAME = "(" + "|".join(_confused(word) for word in sorted(_MONTH_OF, key=len, reverse=True)) + r")\.?"
_GAP = r"(?:\s|[./\-,']|DE\b|DEL\b)*"
_LONG = rf"2[0OQ]{_D}{_D}"
_YEAR = rf"({_LONG}|{_D}{_D})"
_BEFORE, _AFTER = r"(?<![A-Z0-9.,/])", r"(?=\d\d:\d\d|L\d|LOT|(?![A-Z0-9]|[.,/]\d))"
# Names of months may follow a keyword without a space ("VENCE03DIC2026").
_FREE = r"(?<![0-9.,/])"
_TIME_OR_END = r"(?=\d{1,2}[:H]\d{2}|[^A-Z0-9]|[A-Z]{2}|$)"


def _figures(text: str) -> int:
    return int(text.translate(_AS_FIGURES))


def _true(text: str) -> bool:
    """Whether at least half of what is read as figures are figures."""
    return 2 * sum(one.isdigit() for one in text) >= sum(one.isalnum() for one in text)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month_end(year: int, month: int) -> date | None:
    return date(year, month, monthrange(year, month)[1]) if 1 <= month <= 12 and 1 <= year <= 9999 else None


def _year(figures: str) -> int:
    year = _figures(figures)
    return year + 2000 if len(figures) == 2 else year


def _known(*days: date | None) -> Iterator[date]:
    return (day for day in days if day is not None)


def _apart(match: re.Match[str], today: date, *, month_first: bool) -> Iterator[date]:
    """dd/mm/yy, dd.mm.yyyy, mm-dd-yyyy, yyyy-mm-dd, yy/mm/dd."""
    first, second, third = match.groups()
    if not _true(match[0]):
        return iter(())
    one, two = _figures(first), _figures(second)
    if len(first) == 4:
        return _known(_day(one, two, _figures(third)))
    if len(third) == 3 or len(first) == 3:
        return iter(())
    usual = [_day(_year(third), two, one), _day(_year(third), one, two)]
    if month_first:
        usual.reverse()
    # With the year first only where that cannot be a day, or the usual day is long past: 30/02/27 was misread.
    past = usual[0] is not None and not plausible(usual[0], today)
    if len(first) == len(third) == 2 and (one > 31 or past):
        usual.append(_day(2000 + one, two, _figures(third)))
    return _known(*usual)


def _named(match: re.Match[str], today: date, *, month_first: bool) -> Iterator[date]:
    """03 DIC 2026, 3-dic-26."""
    if not any(one.isdigit() for one in match[1]):
        return iter(())
    return _known(_day(_year(match[3]), _month(match[2]), _figures(match[1])))


def _named_first(match: re.Match[str], today: date, *, month_first: bool) -> Iterator[date]:
    """DEC 03, 2026."""
    return _known(_day(_year(match[3]), _month(match[1]), _figures(match[2])))


def _named_last(match: re.Match[str], today: date, *, month_first: bool) -> Iterator[date]:
    """2026 DEC 03."""
    return _known(_day(_figures(match[1]), _month(match[2]), _figures(match[3])))


def _named_month(match: re.Match[str], today: date, *, month_first: bool) -> Iterator[date]:
    """DIC 2026: until its last day. DIC 26 may be a day, too."""
    month = _month(match[1])
    day = _next(_figures(match[2]), month, today) if len(match[2]) == 2 else ()
    return iter([*_known(_month_end(_year(match[2]), month)), *day])


def _named_day(match: re.Match[str], today: date, *, month_first: bool) -> Iterator[date]:
    """03 DIC, or DEC 03: the next one."""
    figures, name = (match[1], match[2]) if match[1] else (match[4], match[3])
    return _next(_figures(figures), _month(name), today)


def _month_year(match: re.Match[str], today: date, *, month_first: bool) -> Iterator[date]:
    """12/2026 or 2026/12: until the month's last day."""
    month, year = (match[1], match[2]) if match[1] else (match[4], match[3])
    return _known(_month_end(_figures(year), _figures(month)))


def _pair(match: re.Match[str], today: date, *, month_first: bool) -> Iterator[date]:
    """12/27 is a month and its year, or a day and its month, as far as either may be."""
    one, two = _figures(match[1]), _figures(match[2])
    day = [*_next(*((two, one) if month_first else (one, two)), today)]
    month = [*_known(_month_end(2000 + two, one))] if 2000 + two >= today.year else []
    return iter([*month, *day])


def _compact(match: re.Match[str], today: date, *, month_first: bool) -> Iterator[date]:
    """031226, 03122026, 20261203, 261203."""
    figures = match[1]
    if len(figures) == 8:
        usual = [figures[4:] + figures[2:4] + figures[:2], figures[4:] + figures[:2] + figures[2:4]]
        if month_first:
            usual.reverse()
        readings = [figures, *usual] if figures.startswith("20") else usual
    else:
        usual = [figures[4:] + figures[2:4] + figures[:2], figures[4:] + figures[:2] + figures[2:4]]
        if month_first:
            usual.reverse()
        readings = [f"20{one}" for one in (*usual, figures)]
    days = (_day(int(one[:4]), int(one[4:6]), int(one[6:])) for one in readings)
    return (day for day in _known(*days) if plausible(day, today))


def _next(day: int, month: int, today: date) -> Iterator[date]:
    """The day of a month that is nearest to today: what is fresh has no year."""
    near = [*_known(*(_day(today.year + offset, month, day) for offset in (-1, 0, 1)))]
    return iter(sorted(near, key=lambda one: abs((one - today).days))[:1])


def _month(name: str) -> int:
    word = name.strip(".")
    return next(month for known, month in _MONTH_OF.items() if re.fullmatch(_confused(known), word))


_FORMS = [
    (re.compile(rf"{_FREE}({_LONG}){_SEPARATOR}({_D}{{1,2}}){_SEPARATOR}({_D}{{1,2}}){_AFTER}"), _apart, False),
    (re.compile(rf"{_BEFORE}({_D}{{1,2}}){_SEPARATOR}({_D}{{1,2}}){_SEPARATOR}({_LONG}){_TIME_OR_END}"), _apart, False),
    (re.compile(rf"{_BEFORE}({_D}{{1,2}}){_SEPARATOR}({_D}{{1,2}}){_SEPARATOR}({_D}{{2}}){_AFTER}"), _apart, False),
    (re.compile(rf"(?<![A-Z0-9.,/])(\d\d?)\s(\d\d?)\s(20\d\d|\d\d){_AFTER}"), _apart, True),
    (re.compile(rf"{_BEFORE}({_LONG}){_GAP}{_NAME}{_GAP}({_D}{{1,2}}){_AFTER}"), _named_last, False),
    (re.compile(rf"{_FREE}({_D}{{1,2}}){_GAP}{_NAME}{_GAP}{_YEAR}{_AFTER}"), _named, False),
    (re.compile(rf"{_BEFORE}{_NAME}{_GAP}({_D}{{1,2}}){_GAP}({_LONG}){_AFTER}"), _named_first, False),
    (re.compile(rf"{_BEFORE}{_NAME}{_GAP}{_YEAR}{_AFTER}"), _named_month, False),
    (re.compile(rf"{_BEFORE}(?:({_D}{{1,2}})[/.-]({_LONG})|({_LONG})[/.-]({_D}{{1,2}})){_AFTER}"), _month_year, False),
    (re.compile(rf"{_BEFORE}(\d\d) (20\d\d)()(){_AFTER}"), _month_year, True),
    (re.compile(rf"{_BEFORE}(?:(\d\d?)[\s/.\-]?{_NAME}|{_NAME}[\s/.\-]?(\d\d?)){_AFTER}"), _named_day, True),
    (re.compile(rf"{_BEFORE}(\d{{8}}|\d{{6}}){_AFTER}"), _compact, True),
    (re.compile(rf"{_BEFORE}(\d\d)[/\-](\d\d){_AFTER}"), _pair, True),
]  # fmt: skip
