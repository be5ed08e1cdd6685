"""Cards: a drawn picture for a name that has no photo, with a colour and a motif for its category.

Runs in the worker processes. The same name and category are the same bytes. Font: Nunito (ai/fonts/OFL.txt).
"""

import os
import unicodedata
from functools import cache, lru_cache
from html import escape
from pathlib import Path

from PIL import ImageFont
from resvg_py import svg_to_bytes

from zwai.records.pictures import OTHER, Card

FONT = Path(__file__).parent / "fonts" / "nunito-bold.ttf"
MOTIFS = Path(__file__).parent / "motifs"
SIDE = 600  # units of the drawing
PIXELS = 512
WIDEST = 470.0  # of a line of the name
MIDDLE = 464  # of the name's lines
# Sizes of the name and how many lines of each there is room for, tried in this order.
SIZES = ((66, 1), (58, 2), (48, 2), (42, 3), (34, 4))
MEASURED_AT = 100
NARROWER = 10.0
NOT_A_CHARACTER = "￿"

# Motif, ground, disc and ink of each category of the catalogue; "" is none of them.
LOOKS = {
    "fruit": ("fruit", "#fbe3dc", "#fff3ee", "#7d2f22"),
    "vegetable": ("vegetable", "#e2efd9", "#f3f9ee", "#38582c"),
    "herb": ("herb", "#dcefe0", "#f0f9f1", "#2b5738"),
    "spice": ("herb", "#f5e6cf", "#fcf5e9", "#6b4a17"),
    "tuber": ("tuber", "#efe4d3", "#f9f3e9", "#5f4524"),
    "grain": ("grain", "#f8ecc9", "#fdf7e6", "#6b4f12"),
    "bread": ("bread", "#f7e5cd", "#fdf4e7", "#6d451a"),
    "legume": ("legume", "#e6efd2", "#f5f9ea", "#48591f"),
    "nut": ("nut", "#f0e0d1", "#faf2ea", "#5e3d21"),
    "meat": ("meat", "#f8dcd8", "#fdf0ee", "#7a2c28"),
    "processed_meat": ("meat", "#f6dfd2", "#fcf1ea", "#75361f"),
    "poultry": ("poultry", "#f7e3cf", "#fdf3e8", "#6f431a"),
    "fish": ("fish", "#d9ebf2", "#eef7fa", "#1f4d60"),
    "shellfish": ("shellfish", "#fae0d8", "#fef2ee", "#7b3626"),
    "dairy": ("dairy", "#dde9f5", "#f0f6fc", "#274a70"),
    "egg": ("egg", "#fbeccb", "#fef8e8", "#6d4f10"),
    "beverage": ("drink", "#d8eeee", "#eef8f8", "#1d5254"),
    "condiment": ("sauce", "#f9dfd0", "#fef1e9", "#78351d"),
    "oil": ("sauce", "#f4ecc4", "#fbf8e4", "#5f5311"),
    "sweet": ("sweet", "#fbdfe6", "#fef1f4", "#7a2c44"),
    "snack": ("snack", "#fbe3d6", "#fef3ec", "#7a351f"),
    "canned": ("can", "#dcebe6", "#eff7f4", "#24544a"),
    "baby": ("can", "#e6e3f4", "#f5f3fb", "#443c72"),
    "frozen": ("frozen", "#d9eaf7", "#eef6fc", "#21506f"),
    "dish": ("dish", "#fae2d0", "#fef3ea", "#75371b"),
    OTHER: ("other", "#ece6dc", "#f8f5ef", "#54493a"),
}


def draw(card: Card, target: Path) -> None:
    """Write the card as a PNG: whole, or not at all."""
    png = svg_to_bytes(
        svg_string=svg(card), font_files=[str(FONT)], font_family="Nunito", skip_system_fonts=True, width=PIXELS
    )
    part = target.with_name(f"{target.name}.{os.getpid()}")
    part.write_bytes(png)
    part.rename(target)


def svg(card: Card) -> str:
    """The drawing, with its name laid out and made harmless."""
    motif, ground, disc, ink = LOOKS.get(card.category, LOOKS[OTHER])
    size, lines = laid_out(shown(card.name))
    centre, radius, half = (222, 164, 118) if lines else (SIDE // 2, 220, 160)
    drawn = _motif(motif).replace(
        "<svg ", f'<svg x="{SIDE // 2 - half}" y="{centre - half}" width="{2 * half}" height="{2 * half}" ', 1
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}">'
        f'<rect width="{SIDE}" height="{SIDE}" fill="{ground}"/>'
        f'<circle cx="{SIDE // 2}" cy="{centre}" r="{radius}" fill="{disc}"/>{drawn}'
        f'<g font-family="Nunito" font-weight="700" font-size="{size}" fill="{ink}" text-anchor="middle">'
        f"{''.join(_line(place, line, size, len(lines)) for place, line in enumerate(lines))}</g></svg>"
    )


def shown(name: str) -> str:
    """What of a name the font can show, beginning with a capital; empty when that is nothing to read."""
    kept = "".join(letter if _has(letter) else " " for letter in unicodedata.normalize("NFC", name))
    words = " ".join(kept.split())
    return words[:1].upper() + words[1:] if any(letter.isalnum() for letter in words) else ""


@lru_cache(maxsize=256)
def laid_out(name: str) -> tuple[int, tuple[str, ...]]:
    """The largest size at which a name has room, and its lines, about equally long; what has none ends in "…"."""
    for size, most in SIZES:
        lines = _wrapped(name.split(), size, WIDEST)
        if len(lines) <= most and all(_width(line, size) <= WIDEST for line in lines):
            return size, _balanced(name.split(), size, len(lines))
    size, most = SIZES[-1]
    lines = _wrapped([piece for word in name.split() for piece in _pieces(word, size)], size, WIDEST)
    cut = lines[:most]
    if len(lines) > most:
        while _width(f"{cut[-1]}…", size) > WIDEST:
            cut[-1] = cut[-1][:-1]
        cut[-1] = f"{cut[-1].rstrip()}…"
    return size, tuple(cut)


def _wrapped(words: list[str], size: int, widest: float) -> list[str]:
    lines: list[str] = []
    for word in words:
        if lines and _width(f"{lines[-1]} {word}", size) <= widest:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


def _balanced(words: list[str], size: int, count: int) -> tuple[str, ...]:
    """As many lines, in the narrowest column that they fit."""
    best, column = _wrapped(words, size, WIDEST), WIDEST
    longest = max((_width(word, size) for word in words), default=0.0)
    while (column := column - NARROWER) >= longest:
        lines = _wrapped(words, size, column)
        if len(lines) > count:
            break
        best = lines
    return tuple(best)


def _pieces(word: str, size: int) -> list[str]:
    """A word that is wider than a line, cut where it must be."""
    pieces = [""]
    for letter in word:
        if _width(pieces[-1] + letter, size) > WIDEST:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _line(place: int, text: str, size: int, count: int) -> str:
    height = size * 1.16
    baseline = MIDDLE + size * 0.34 + (place - (count - 1) / 2) * height
    return f'<text x="{SIDE // 2}" y="{baseline:.1f}">{escape(text)}</text>'


def _width(text: str, size: int) -> float:
    return _font().getlength(text) * size / MEASURED_AT


@cache
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONT, MEASURED_AT, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=4096)
def _has(letter: str) -> bool:
    """Whether the font draws this letter as itself; what cannot be seen it does not."""
    if unicodedata.category(letter)[0] in "CZ":
        return False
    return bytes(_font().getmask(letter)) != bytes(_font().getmask(NOT_A_CHARACTER))


@cache
def _motif(name: str) -> str:
    return (MOTIFS / f"{name}.svg").read_text(encoding="utf-8")
