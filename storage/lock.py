"""The lock that keeps a second process out of an embedded data folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zwai.errors import DataFolderInUse


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold the folder until leaving; the system lets go of it when the process ends. Raises DataFolderInUse."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataFolderInUse({"folder": str(folder)}) from None
        yield
