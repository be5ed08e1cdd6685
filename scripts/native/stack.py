"""What the native stack is made of: where it lives, and what one part of it needs."""

import os
import pwd
import secrets
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"
SEARCH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
# Who runs the stack owns all of it, root too; $USER may be somebody else's name.
OWNER = pwd.getpwuid(os.geteuid()).pw_name
PORTS = {"nginx": 0, "app1": 1, "app2": 2, "primary": 11, "replica": 12, "redis": 21, "queue": 22, "gemini": 31}


class Failed(Exception):
    """What went wrong, in one sentence for whoever typed the command."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Where everything is: the folder, and ports counted from a base."""

    folder: Path
    base_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port('nginx')}"

    def port(self, part: str) -> int:
        return self.base_port + PORTS[part]

    def path(self, *names: str) -> Path:
        """A file of the stack; its folder is there."""
        path = self.folder.joinpath(*names)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def log(self, part: str) -> Path:
        return self.path("logs", f"{part}.log")

    def secret(self, name: str) -> str:
        """A password or key of this stack, made the first time that it is asked for."""
        file = self.path("secrets", name)
        if not file.exists():
            self.keep_secret(name, secrets.token_urlsafe(32))
        return file.read_text()

    def keep_secret(self, name: str, text: str) -> Path:
        file = self.path("secrets", name)
        file.touch(mode=0o600)
        file.write_text(text)
        return file


def nothing(_stack: Stack) -> None:
    """What most parts need besides starting."""


def no_settings(_stack: Stack) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the stack: what must be there first, how it starts, and how to see that it answers."""

    name: str
    programs: tuple[str, ...]
    prepare: Callable[[Stack], None]
    command: Callable[[Stack], list[str]]
    ready: Callable[[Stack], bool]
    settle: Callable[[Stack], None] = nothing
    environment: Callable[[Stack], dict[str, str]] = no_settings
    stop_signal: signal.Signals = signal.SIGTERM
