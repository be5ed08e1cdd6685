"""What the benchmarks share: services on free ports, bounded load from one process, and tables.

Everything is measured side by side in one run, on 127.0.0.1 only: figures of a shared machine mean
something as ratios and as CPU time, less as requests a second.
"""

import asyncio
import itertools
import json
import multiprocessing
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self, cast

import psutil
import uvloop

ROOT = Path(__file__).resolve().parents[2]
START_DEADLINE_S = 20.0
LOAD_DEADLINE_S = 40.0
MEGABYTE = 2**20


@dataclass(frozen=True)
class Server:
    """A process that listens on a port."""

    port: int
    process: psutil.Process

    @property
    def ports(self) -> tuple[int, ...]:
        return (self.port,)

    def cpu_s(self) -> float:
        """CPU time of the process and its threads, without its worker processes."""
        used = self.process.cpu_times()
        return float(used.user + used.system)

    def rss_mb(self) -> float:
        return float(self.process.memory_info().rss / MEGABYTE)


@dataclass(frozen=True)
class Group:
    """Several processes under one load: which ports take it in turn, and whose CPU time counts."""

    ports: tuple[int, ...]
    servers: tuple[Server, ...]

    def cpu_s(self) -> float:
        return sum(server.cpu_s() for server in self.servers)


@contextmanager
def started(*arguments: str, environ: dict[str, str] | None = None) -> Iterator[Server]:
    """Run this Python with `arguments` until the block ends; it must print its address within the deadline."""
    with tempfile.TemporaryFile("w+") as log:
        child = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **(environ or {})},
            stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        try:
            assert child.stdout is not None
            address = next((found for line in child.stdout if (found := re.search(r"127\.0\.0\.1:(\d+)", line))), None)
            if address is None:
                log.seek(0)
                raise SystemExit(f"{arguments} did not start:\n{log.read()}")
            yield Server(int(address[1]), psutil.Process(child.pid))
        finally:
            child.terminate()
            child.wait(START_DEADLINE_S)


@contextmanager
def service(*, observed: bool = False, **settings: object) -> Iterator[Server]:
    """A zwai of its own on a free port and an empty data folder; `observed` adds /bench (observed.py)."""
    program = ("scripts/bench/observed.py",) if observed else ("-m", "zwai", "serve")
    with tempfile.TemporaryDirectory() as folder:
        chosen = {"port": 0, "data_dir": folder, "log_level": "WARNING", **settings}
        environ = {f"ZWAI_{name.upper()}": str(value) for name, value in chosen.items()}
        with started(*program, environ=environ) as server:
            yield server


def ask(server: Server, method: str, path: str, token: str = "", document: Any = None) -> Any:
    """One request outside of what is measured; answers the JSON."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    body = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", body, headers, method=method)
    with urllib.request.urlopen(request, timeout=START_DEADLINE_S) as answer:
        return json.loads(answer.read())


def guest(server: Server) -> str:
    """The access token of a new guest."""
    token: str = ask(server, "POST", "/api/auth/guest-login", document={})["access_token"]
    return token


def request_bytes(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def for_seconds(seconds: float, requests: Iterable[bytes]) -> Iterator[bytes]:
    """`requests` until the time is over."""
    end = time.perf_counter() + seconds
    for request in requests:
        if time.perf_counter() > end:
            return
        yield request


@dataclass(frozen=True)
class Run:
    """What one bout of load came to; `cpu_ms` of the server for each request."""

    requests: int
    seconds: float
    cpu_ms: float
    latencies_ms: list[float] = field(repr=False)

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    @property
    def p99_ms(self) -> float:
        return statistics.quantiles(self.latencies_ms, n=100)[-1]


class _Connection(asyncio.Protocol):
    """Sends the next request whenever an answer is whole; cheap, so that the server is what is measured."""

    def __init__(self, requests: Iterator[bytes], status: int, latencies_ms: list[float]) -> None:
        self._requests = requests
        self._expected = f"HTTP/1.1 {status} ".encode()
        self._latencies_ms = latencies_ms
        self._buffer = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return
        self._latencies_ms.append((time.perf_counter() - self._asked) * 1000)
        self._buffer = b""
        if head.startswith(self._expected):
            self._send()
        else:
            self._end(RuntimeError(f"unexpected answer: {head[:60]!r} {body[:200]!r}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionError("the server closed the connection"))

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._end(None)
            return
        self._asked = time.perf_counter()
        self._transport.write(request)

    def _end(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error) if error else self.done.set_result(None)
        self._transport.close()


def _content_length(head: bytes) -> int:
    found = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return int(found[1]) if found else 0


async def _drive(server: Server | Group, requests: Iterator[bytes], connections: int, status: int) -> Run:
    loop = asyncio.get_running_loop()
    latencies_ms: list[float] = []
    began, cpu_s = time.perf_counter(), server.cpu_s()
    opened = [
        await loop.create_connection(lambda: _Connection(requests, status, latencies_ms), "127.0.0.1", port)
        for port, _ in zip(itertools.cycle(server.ports), range(connections), strict=False)
    ]
    async with asyncio.timeout(LOAD_DEADLINE_S):
        await asyncio.gather(*(protocol.done for _, protocol in opened))
    seconds, cpu_s = time.perf_counter() - began, server.cpu_s() - cpu_s
    return Run(len(latencies_ms), seconds, cpu_s * 1000 / len(latencies_ms), latencies_ms)


def load(server: Server | Group, requests: Iterator[bytes], connections: int, status: int = 200) -> Run:
    """Send `requests` over `connections` at once until there are no more; any other status ends the run."""
    return uvloop.run(_drive(server, requests, connections, status))


@dataclass(frozen=True)
class Line:
    """One row of a table; `met` is None for what is told without a target."""

    what: str
    measured: str
    target: str = ""
    met: bool | None = None


class Peak(threading.Thread):
    """The highest RSS of a server in the block, beyond what it was at the beginning."""

    STEP_S = 0.02

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._highest_mb = self._before_mb = self._server.rss_mb()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(self.STEP_S):
            self._highest_mb = max(self._highest_mb, self._server.rss_mb())

    @property
    def growth_mb(self) -> float:
        return self._highest_mb - self._before_mb


class IdleLoop:
    """How late a process that does nothing is woken in the block: what of a server's lag is the machine's."""

    def __enter__(self) -> Self:
        self._ours, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=_watch_idly, args=(theirs,), daemon=True)
        self._process.start()
        self._ours.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._ours.send(None)
        self.p99_ms: float = self._ours.recv()
        self._process.join()


def _watch_idly(asked: Connection) -> None:
    step_s, late_ms = 0.005, [0.0, 0.0]
    asked.send(None)
    while not asked.poll():
        began = time.perf_counter()
        time.sleep(step_s)
        late_ms.append((time.perf_counter() - began - step_s) * 1000)
    asked.send(statistics.quantiles(late_ms, n=100)[-1])


def print_table(title: str, lines: list[Line]) -> int:
    """Print the lines aligned; answers the exit status, 1 when a target was missed."""
    verdicts = {True: "met", False: "MISSED", None: ""}
    rows = [("what", "measured", "target", "verdict")]
    rows += [(line.what, line.measured, line.target, verdicts[line.met]) for line in lines]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    load1, cores = os.getloadavg()[0], os.cpu_count()
    print(title)
    print(f"{date.today()}, {platform.machine()}, {cores} cores, load {load1:.1f}, Python {platform.python_version()}")
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 1 if any(line.met is False for line in lines) else 0
