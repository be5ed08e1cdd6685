"""Dates printed on packs: which day a label says, and whether it is a use-by or a best-before."""

from collections.abc import Sequence
from datetime import date

from zwai.records.reading import PrintedDate, TextLine


def found(lines: Sequence[TextLine], today: date) -> list[PrintedDate]:
    """The days on which a pack may expire, the most likely first; never those of its making."""
    return []
