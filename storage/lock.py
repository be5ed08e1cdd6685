"""The lock that keeps a second process out of an embedded data folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from zwai.operator_errors import DataFolderInUse, DataFolderUnusable


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold the folder until leaving; the system lets go of it when the process ends.

    Raises DataFolderInUse and DataFolderUnusable.
    """
    with _opened(folder) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataFolderInUse({"folder": str(folder)}) from None
        yield


def _opened(folder: Path) -> TextIO:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # e-mails, hashes and photos are nobody else's
        return (folder / "lock").open("w")
    except OSError as error:
        raise DataFolderUnusable({"folder": str(folder), "reason": error.strerror}) from error
