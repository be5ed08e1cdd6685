"""Real zwai processes, started and stopped as a person or an operator would."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (sys.executable, "-m", "zwai")
DEADLINE_S = 60.0


def environment(**settings: object) -> dict[str, str]:
    """This process's environment with no settings but those given, and a terminal of 100 columns."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("ZWAI_")}
    chosen = {f"ZWAI_{name.upper()}": str(value) for name, value in settings.items()}
    return {**ours, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **chosen}


def zwai(*arguments: object, cwd: Path, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], cwd=cwd, env=environment(**settings),
        capture_output=True, text=True, timeout=DEADLINE_S,
    )  # fmt: skip


@dataclass(frozen=True)
class Served:
    """A service in a process of its own; `said` grows with what it prints."""

    process: asyncio.subprocess.Process
    url: str
    said: list[str]

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def workers(self) -> list[psutil.Process]:
        return [child for child in self.children() if "spawn_main" in " ".join(child.cmdline())]

    async def ended(self) -> int:
        """The exit code, once the process has ended."""
        async with asyncio.timeout(DEADLINE_S):
            return await self.process.wait()


@asynccontextmanager
async def served(data_dir: Path, **settings: object) -> AsyncIterator[Served]:
    """`zwai serve` on a free port with one worker process, from its first line on; killed at the end if need be."""
    chosen = {"data_dir": data_dir, "port": 0, "rate_limits": "off", "pool_processes": 1, **settings}
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "serve", cwd=data_dir.parent, env=environment(**chosen),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    said: list[str] = []
    listening = asyncio.create_task(_listen(process, said))
    try:
        await until(lambda: any("listens on" in line for line in said) or process.returncode is not None)
        found = re.search(r"listens on (http://\S+)", "".join(said))
        assert found, "".join(said)
        yield Served(process, found[1], said)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening


async def _listen(process: asyncio.subprocess.Process, said: list[str]) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        said.append(line.decode())


async def until(condition: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
    """Wait until `condition()`; fails at the deadline."""
    async with asyncio.timeout(deadline_s):
        while not condition():
            await asyncio.sleep(0.02)
