"""The calibration curve as a picture: how sure the recogniser was against how often it was right."""

from collections.abc import Iterator
from html import escape

from zwai.records.report import Bin, Card

WIDTH, HEIGHT = 520, 560
LEFT, TOP, SIDE = 64, 76, 400
COLOURS = ("#0969da", "#9a6700", "#1a7f37", "#cf222e")
INK, GREY, LINE = "#1f2328", "#59636e", "#d0d7de"
LEAST_DOT, DOT = 2.5, 0.55  # pixels: radius, and what the root of a number adds


def svg(title: str, across: str, up: str, cards: list[Card]) -> str:
    """A picture of its own: a curve for each card, a dot for each bin as large as its number, its interval as a bar."""
    parts = [*_axes(across, up), *(part for place, card in enumerate(cards) for part in _card(card, place))]
    height = HEIGHT + 18 * len(cards)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="system-ui, sans-serif"><rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
        + _text(LEFT, 40, title, INK, 18)
        + "".join(f"\n{part}" for part in parts)
        + "\n</svg>\n"
    )


def _axes(across: str, up: str) -> Iterator[str]:
    """Fifths both ways, and the line on which confidence is the share that is right."""
    for fifth in range(6):
        share = fifth / 5
        x, y = _at(share, share)
        yield f'<path d="M{LEFT} {y:.1f}H{LEFT + SIDE}M{x:.1f} {TOP}V{TOP + SIDE}" stroke="{LINE}"/>'
        yield _text(x, TOP + SIDE + 18, f"{share:.0%}", GREY, 12, "middle")
        yield _text(LEFT - 8, y + 4, f"{share:.0%}", GREY, 12, "end")
    yield f'<path d="M{LEFT} {TOP + SIDE}L{LEFT + SIDE} {TOP}" stroke="{GREY}" stroke-dasharray="4 4"/>'
    yield _text(LEFT + SIDE / 2, TOP + SIDE + 40, across, INK, 13, "middle")
    yield _text(LEFT, TOP - 12, up, INK, 13)


def _card(card: Card, place: int) -> Iterator[str]:
    colour = COLOURS[place % len(COLOURS)]
    points = " ".join("{:.1f},{:.1f}".format(*_at(one.confidence, _share(one))) for one in card.bins)
    yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
    for one in card.bins:
        low, high = one.right.interval
        x, y = _at(one.confidence, _share(one))
        bar = f"M{x:.1f} {_at(0, low)[1]:.1f}V{_at(0, high)[1]:.1f}"
        yield f'<path d="{bar}" stroke="{colour}" stroke-opacity="0.45" stroke-width="2"/>'
        radius = LEAST_DOT + DOT * one.right.whole**0.5
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}"/>'
    number = sum(one.right.whole for one in card.bins)
    y = HEIGHT + 18 * place - 18
    yield f'<circle cx="{LEFT + 4}" cy="{y - 4}" r="4" fill="{colour}"/>'
    yield _text(LEFT + 16, y, f"{card.engine}, {card.measured_on}: {card.data} (n = {number})", GREY, 12)


def _share(one: Bin) -> float:
    return one.right.part / one.right.whole


def _at(across: float, up: float) -> tuple[float, float]:
    return LEFT + across * SIDE, TOP + (1 - up) * SIDE


def _text(x: float, y: float, text: str, colour: str, size: int, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'
    )
