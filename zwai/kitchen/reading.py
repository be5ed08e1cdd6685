"""Reading the text in stored photos, by one process that is there only while somebody needs it."""

from importlib.util import find_spec

from ai.pool import IdlePool
from ai.work import read_text
from storage.files import Files
from zwai.errors import ReadingNotInstalled
from zwai.records.photos import Copy, PhotoId
from zwai.records.reading import TextLine, unpacked

READ_DEADLINE_S = 30.0  # a metre of receipt that lies on its side takes a third of it


def can_read() -> bool:
    """Whether the extra that reads text is installed."""
    return find_spec("rapidocr") is not None


class Reader:
    """Reads the display copies of stored photos: small print needs every pixel that is kept."""

    def __init__(self, pool: IdlePool, files: Files) -> None:
        self._pool, self._files = pool, files

    async def read(self, photo: PhotoId) -> list[TextLine]:
        """The pieces of text in a photo. Raises ReadingNotInstalled, PoolFull, JobTimedOut, WorkerDied."""
        if not can_read():
            raise ReadingNotInstalled
        path = await self._files.find(photo, Copy.DISPLAY)
        return unpacked(await self._pool.run(read_text, path, deadline_s=READ_DEADLINE_S))
