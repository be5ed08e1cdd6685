"""What the pool's tests have done in worker processes; imported there, so it needs little."""

import os
import signal
import time
from pathlib import Path

from zwai.errors import NotAnImage, TooManyPixels

WARMED: list[str] = []


def warm(word: str, folder: Path | None = None) -> None:
    WARMED.append(word)
    if folder is not None:
        (folder / f"warm-{os.getpid()}").touch()


def warm_words() -> list[str]:
    return WARMED


def break_at_start() -> None:
    os._exit(3)


def pid() -> int:
    return os.getpid()


def note(file: Path, word: str) -> None:
    with file.open("a") as lines:
        lines.write(f"{word}\n")


def sleep(seconds: float, started: Path) -> int:
    started.touch()
    time.sleep(seconds)
    return os.getpid()


def wait_for(gate: Path, started: Path) -> int:
    started.touch()
    while not gate.exists():
        time.sleep(0.005)
    return os.getpid()


def die(tries: Path, times: int) -> int:
    """Die like a process that the kernel kills, the first `times` times; then the number of tries."""
    with tries.open("a") as file:
        file.write("x")
    count = len(tries.read_text())
    if count <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return count


def refuse() -> None:
    raise TooManyPixels({"limit": 64})


def refuse_plainly() -> None:
    raise NotAnImage()


class Unpicklable(Exception):
    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)


def fail() -> None:
    raise Unpicklable(reason="a bug of ours")


def hoard(size_bytes: int) -> int:
    return len(bytearray(size_bytes))


def blocked_signals() -> set[int]:
    return {int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, ())}
