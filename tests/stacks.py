"""A stack of real servers for tests: MariaDB primary and replica, two Redis, Nginx; a folder and ports of its own."""

import fcntl
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
FIRST_PORT = 4000
PORTS_EACH = 100
PORT_BLOCKS = 250
SERVERS = ("primary", "replica", "redis", "queue")


@dataclass(frozen=True)
class TestStack:
    """`settings`: the ZWAI_ variables of a service on this stack."""

    __test__ = False
    folder: Path
    base_port: int

    def run(self, *arguments: str) -> str:
        command = [sys.executable, str(ROOT / "scripts" / "stack"), "--folder", str(self.folder)]
        ran = subprocess.run(
            [*command, "--base-port", str(self.base_port), *arguments], capture_output=True, text=True, cwd=ROOT
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    @property
    def settings(self) -> dict[str, str]:
        words = shlex.split(self.run("env"))
        return dict(word.split("=", 1) for word in words if word.startswith("ZWAI_"))

    def port(self, part: str) -> int:
        return int(str(self.parts[part]["port"]))

    @property
    def parts(self) -> dict[str, dict[str, object]]:
        parts: dict[str, dict[str, object]] = json.loads(self.run("status", "--json"))["parts"]
        return parts

    def secret(self, name: str) -> str:
        """What the file of a setting holds: "DATABASE_URL", "DATABASE_REPLICA_URLS"."""
        return Path(self.settings[f"ZWAI_{name}_FILE"]).read_text().strip()

    @contextmanager
    def frozen(self, part: str) -> Iterator[None]:
        """A part that neither answers nor goes away."""
        pid = int(str(self.parts[part]["pid"]))
        os.kill(pid, signal.SIGSTOP)
        while psutil.Process(pid).status() != psutil.STATUS_STOPPED:  # it may still answer for a moment
            time.sleep(0.001)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def sql(self, part: str, statement: str) -> str:
        """Run SQL as the administrator of the primary or the replica."""
        socket = self.folder / "run" / f"{part}.sock"
        command = ["mariadb", f"--socket={socket}", "--batch", "--skip-column-names", "-e", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def stack_up(folder: Path, *parts: str) -> Iterator[TestStack]:
    """These parts, until leaving; each with ports of its own, so that several run side by side."""
    with block_of_ports() as first_port:
        stack = TestStack(folder, first_port)
        try:
            stack.run("up", "--only", ",".join(parts))
            yield stack
        finally:
            stack.run("down")


@contextmanager
def block_of_ports() -> Iterator[int]:
    """The first of a hundred ports that no other stack of any test run has."""
    for number in range(PORT_BLOCKS):
        block = (os.getpid() + number) % PORT_BLOCKS
        with (Path(tempfile.gettempdir()) / f"zwai-test-ports-{block}").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield FIRST_PORT + PORTS_EACH * block
            return
    raise AssertionError("every block of ports is taken")
