"""Cards that were drawn lately, in a folder of each machine: what is lost there is drawn again."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

from zwai.records.pictures import Card


class CardFiles:
    """Made by `open_cards`. A name lies here by its digest only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, card: Card) -> Path:
        """Where the card lies, once it is drawn."""
        digest = hashlib.sha256(f"{card.category}\0{card.name}".encode()).hexdigest()
        return self._folder / f"{digest[:32]}.png"

    async def sweep(self, older_than: datetime) -> int:
        """Forget the cards that were drawn before a moment, of any release; how many there were."""
        return await asyncio.to_thread(_sweep, self._folder.parent, older_than.timestamp())


@asynccontextmanager
async def open_cards(root: Path, release: str) -> AsyncIterator[CardFiles]:
    """Make the folder if need be; cards of another release are not looked at, for they may look otherwise."""
    folder = root / "cards" / release
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    yield CardFiles(folder)


def _sweep(cards: Path, older_than: float) -> int:
    swept = 0
    for file in cards.glob("*/*"):
        with suppress(FileNotFoundError):  # another process may be sweeping
            if file.stat().st_mtime < older_than:
                file.unlink()
                swept += 1
    return swept
