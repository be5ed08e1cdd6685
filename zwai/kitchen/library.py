"""Pictures that need no photo of the household's own: those of the library that everybody shares, else a drawn card.

The library has what the operator put into its folder, and what was generated, each once for all. Which pictures there
are is known in memory: a list of eighty names asks nobody.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from ai.pool import Pool
from ai.work import draw, prepare
from storage import library
from storage.cards import CardFiles, open_cards
from storage.db import Database, Read
from storage.files import Files
from zwai.errors import BrokenImage, Conflict, EmptyImage, ImageTooLarge, NotAnImage, TooManyPixels, ZwaiError
from zwai.knowledge import catalogue
from zwai.knowledge.names import NameRule, label_key, resolve
from zwai.records.ids import new_id
from zwai.records.people import Language
from zwai.records.photos import ImageLimits, PhotoId
from zwai.records.pictures import OTHER, Card, LibraryPicture, Source
from zwai.records.stock import Batch, FoodId, Kind

log = logging.getLogger("zwai")

FOLDER = "library"  # of the data folder: the operator's own pictures
DRAW_DEADLINE_S = 5.0
PREPARE_DEADLINE_S = 20.0
MOST_BYTES = 25_000_000
MOST_KNOWN = 10_000
LONGEST_KEY = 190
REFRESH_S = 30.0
SKEW = timedelta(minutes=1)  # between the clocks of machines
CARDS_KEPT = timedelta(days=30)
STYLE = 1  # of generated pictures: another one has all of them made anew
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".heic"}
UNREADABLE = (BrokenImage, EmptyImage, ImageTooLarge, NotAnImage, TooManyPixels)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Installed:
    """How many pictures were taken in from the operator's folder, and the names of files that are none."""

    added: int
    unreadable: tuple[str, ...]


class Library:
    """Finds, draws and takes in pictures. Made by `open_library`."""

    def __init__(self, database: Database, files: Files, cards: CardFiles, pool: Pool, folder: Path) -> None:
        self._database, self._files, self._cards, self._pool = database, files, cards, pool
        self._folder = folder
        self._known: dict[str, PhotoId] = {}
        self._seen = EARLIEST

    def find(self, food: FoodId | None, key: str) -> PhotoId | None:
        """The picture of a name: the operator's own, by the name or its food, else a generated one."""
        if not self._known:
            return None
        found = self._known.get(installed_key(key))
        if found is None and food is not None:
            found = self._known.get(installed_key(food)) or self._known.get(generated_key(food))
        return found

    async def draw(self, card: Card) -> Path:
        """A file with the card. Raises PoolFull, JobTimedOut, WorkerDied."""
        path = self._cards.path(card)
        if not await asyncio.to_thread(path.exists):
            await self._pool.run(draw, card, path, deadline_s=DRAW_DEADLINE_S, last=True)
        return path

    async def tidy(self, now: datetime) -> None:
        """Forget cards that were drawn long ago: the name may be nobody's by now."""
        await self._cards.sweep(now - CARDS_KEPT)

    async def refresh(self) -> None:
        """Learn what other processes have made since."""
        async with self._database.read() as tx:
            self.learn(await library.made_since(tx, self._seen - SKEW, MOST_KNOWN))

    async def refresh_forever(self) -> None:
        """Of many processes each learns within half a minute what another one made."""
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await self.refresh()
            except ZwaiError as error:
                log.warning("new pictures not looked for: %s", error)

    async def look_up(self, tx: Read, foods: Collection[FoodId]) -> None:
        """Learn what there is of some foods by now, whoever made it."""
        if foods:
            self.learn(await library.of_keys(tx, [generated_key(food) for food in foods]))

    def learn(self, pictures: Iterable[LibraryPicture]) -> None:
        """Know these from now on."""
        for one in pictures:
            if one.is_there:
                self._known[one.key] = one.photo
                self._seen = max(self._seen, one.made_at)

    async def install(self, now: datetime) -> Installed:
        """Take in each picture of the operator's folder whose name has none of theirs yet."""
        added, unreadable = 0, []
        for file in await asyncio.to_thread(_pictures_in, self._folder):
            key = installed_key(_named(file))
            if key in self._known:
                continue
            try:
                added += await self._install(key, file, now)
            except UNREADABLE:
                unreadable.append(file.name)
        return Installed(added, tuple(unreadable))

    async def _install(self, key: str, file: Path, now: datetime) -> bool:
        photo = await self.keep(PhotoId(new_id(now)), await asyncio.to_thread(file.read_bytes))
        picture = LibraryPicture(key, photo, Source.INSTALLED, "", now)
        try:
            async with self._database.write() as tx:
                await library.put(tx, picture)
        except Conflict:  # another process takes them in too
            await self._files.delete(photo)
            return False
        self.learn([picture])
        return True

    async def keep(self, photo: PhotoId, image: bytes) -> PhotoId:
        """Make and keep the copies of an image, whoever made it, as of an upload.

        Raises EmptyImage, NotAnImage, BrokenImage, TooManyPixels, ImageTooLarge, PoolFull, StorageFull.
        """
        async with self._files.open_upload(MOST_BYTES) as upload:
            await upload.write(image)
            await self._pool.run(
                prepare, upload.path, upload.copies, ImageLimits(), deadline_s=PREPARE_DEADLINE_S, last=True
            )
            await self._files.keep(photo, upload.copies)
        return photo


@asynccontextmanager
async def open_library(
    database: Database, files: Files, pool: Pool, data_dir: Path, release: str
) -> AsyncIterator[Library]:
    """Learn what there is, and go on learning what others make."""
    async with open_cards(data_dir, release) as cards:
        library = Library(database, files, cards, pool, data_dir / FOLDER)
        await library.refresh()
        refreshing = asyncio.create_task(library.refresh_forever())
        try:
            yield library
        finally:
            refreshing.cancel()
            with suppress(asyncio.CancelledError):
                await refreshing


def installed_key(name: str) -> str:
    """The key of the operator's picture of a food or a label key."""
    return f"own:{name[:LONGEST_KEY]}"


def generated_key(food: FoodId) -> str:
    return f"{STYLE}:{food}"


@lru_cache(maxsize=4096)  # lists ask for each name that has no picture
def card_for(label: str, kind: Kind, food: FoodId | None) -> Card:
    """What is drawn for a name without a picture."""
    known = catalogue.load().food(food) if food else None
    return Card(label, known.category if known else "dish" if kind is Kind.DISH else OTHER)


def unpictured(batches: Iterable[Batch]) -> list[FoodId]:
    """The foods of batches that show no photo of the household's own, each once."""
    return list(dict.fromkeys(one.food for one in batches if one.photo is None and one.food is not None))


def _named(file: Path) -> str:
    """The food that a file is named after, by its id or in either language, else the name as a label key."""
    if catalogue.load().food(FoodId(file.stem)):
        return file.stem
    name = label_key(file.stem.replace("_", " ").replace("-", " "))
    for language in Language:
        if (match := resolve(name, language)) and match.rule is NameRule.EXACT:
            return match.food.id
    return name


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
