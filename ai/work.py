"""What the service asks of its worker processes about photos: doors that load their rooms only when gone through.

The service's own process imports these names to send them; Pillow, numpy and onnxruntime stay out of it, which
saves it 60 MB and a third of its start.
"""

import os
from pathlib import Path

from zwai.records.photos import Aim, Glance, ImageLimits, Prepared, Sighting
from zwai.records.pictures import Card
from zwai.records.reading import Scan, packed

GIVES_WAY = 10  # of nice's 19: half a second of one person's photo must not slow the uploads of others


def warm() -> None:
    """`ai.local.warm`, and whatever else the first photo needs."""
    from ai import images, local  # noqa: F401 (the first photo needs both)

    local.warm()


def prepare(source: Path, folder: Path, limits: ImageLimits) -> Prepared:
    """`ai.images.prepare`."""
    from ai import images

    return images.prepare(source, folder, limits)


def check_copies(folder: Path) -> None:
    """`ai.images.check_copies`."""
    from ai import images

    images.check_copies(folder)


def glance(path: Path, aim: Aim) -> Glance:
    """`ai.local.glance`."""
    from ai import local

    return local.glance(path, aim)


def warm_search() -> None:
    """`ai.local.warm`, in a process that gives way to others."""
    from ai import local

    os.nice(GIVES_WAY)
    local.warm()


def search(path: Path, aim: Aim, suggested: list[Sighting]) -> list[Sighting]:
    """`ai.local.search`."""
    from ai import local

    return local.search(path, aim, suggested)


def warm_reading() -> None:
    """`ai.reading.warm`, in a process that gives way to others."""
    from ai import reading

    os.nice(GIVES_WAY)
    reading.warm()


def read_text(path: Path) -> bytes:
    """`ai.reading.read_text`, packed: a long receipt would not go through a worker's pipe in one write."""
    from ai import reading

    return packed(reading.read_text(path))


def scan(path: Path) -> list[Scan]:
    """`ai.barcodes.scan`."""
    from ai import barcodes

    return barcodes.scan(path)


def draw(card: Card, target: Path) -> None:
    """`ai.cards.draw`."""
    from ai import cards

    cards.draw(card, target)
