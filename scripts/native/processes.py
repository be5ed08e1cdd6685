"""Processes of the native stack: start and see them answer, stop them and leave nothing behind."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path

from scripts.native.stack import PORTS, ROOT, SEARCH, Failed, Part, Stack

PACKAGES = {
    "mariadbd": "mariadb-server-core",
    "mariadb-install-db": "mariadb-server-core",
    "mariadb": "mariadb-client-core",
    "redis-server": "redis-server",
    "nginx": "nginx",
}
START_S = 30.0
# Longer than an app drains (ZWAI_DRAIN_S, 20 s), so that only what hangs is killed.
STOP_S = 30.0


def born(pid: int) -> str | None:
    """When a process started, in the kernel's ticks; None when it is gone. Tells a pid from its later namesake."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def pid_of(stack: Stack, part: str) -> int | None:
    """The part's process, if it is alive."""
    try:
        pid, start = stack.path("run", f"{part}.pid").read_text().split()
    except (OSError, ValueError):
        return None
    return int(pid) if born(int(pid)) == start else None


def start(stack: Stack, part: Part) -> None:
    """Start a part unless it runs, and wait until it answers."""
    began = time.monotonic()
    if pid_of(stack, part.name):
        return tell(stack, part, "runs already")
    stop_group(stack, part)
    if part.name in PORTS and answers(stack.port(part.name)):
        raise Failed(f"Port {stack.port(part.name)} for {part.name} is taken by another program; see --base-port.")
    install(part.programs)
    log_file = stack.log(part.name)
    if log_file.exists():
        log_file.replace(log_file.with_suffix(".log.1"))
    part.prepare(stack)
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            part.command(stack),
            cwd=ROOT,
            env={**os.environ, "PATH": SEARCH, **part.environment(stack)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    stack.path("run", f"{part.name}.pid").write_text(f"{process.pid} {born(process.pid)}")
    wait_for(lambda: part.ready(stack), part.name, stack, lambda: process.poll() is None)
    part.settle(stack)
    return tell(stack, part, f"up after {time.monotonic() - began:.1f} s")


def stop(stack: Stack, part: Part) -> None:
    """Ask a part to end, wait for it, and kill what is left of it."""
    pid = pid_of(stack, part.name)
    if pid:
        os.kill(pid, part.stop_signal)
        deadline = time.monotonic() + STOP_S
        while pid_of(stack, part.name) and time.monotonic() < deadline:
            time.sleep(0.02)
    stop_group(stack, part)
    stack.path("run", f"{part.name}.pid").unlink(missing_ok=True)
    if pid:
        tell(stack, part, "stopped")


def stop_group(stack: Stack, part: Part) -> None:
    """Kill the processes that a part left behind, as after kill -9 of their parent."""
    try:
        leader, start = stack.path("run", f"{part.name}.pid").read_text().split()
    except (OSError, ValueError):
        return
    # A pid isn't given out again while a group bears its number: another process there means that the group is gone.
    if born(int(leader)) in (None, start):
        try:
            os.killpg(int(leader), signal.SIGKILL)
        except ProcessLookupError:
            return


def wait_for(ready: Callable[[], bool], what: str, stack: Stack, alive: Callable[[], bool] = lambda: True) -> None:
    deadline = time.monotonic() + START_S
    while not ready():
        if not alive() or time.monotonic() > deadline:
            end = "ended at once" if not alive() else f"does not answer after {START_S:.0f} s"
            log = stack.log(what)
            raise Failed(f"{what} {end}; its log {log} ends with:\n{tail(log)}")
        time.sleep(0.05)


def tail(log: Path, lines: int = 12) -> str:
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])


def tell(stack: Stack, part: Part, state: str) -> None:
    port = f"127.0.0.1:{stack.port(part.name)}" if part.name in PORTS else ""
    print(f"{part.name:<8} {port:<16} {state}", flush=True)


def answers(port: int, question: bytes = b"", answer: bytes = b"") -> bool:
    """Whether something listens on the port, and says what is expected."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(question)
            return connection.recv(len(answer)) == answer if answer else True
    except OSError:
        return False


def install(programs: Iterable[str]) -> None:
    """Make sure that the programs are there, from Debian's packages when this is root. Raises Failed."""
    missing = sorted({PACKAGES[program] for program in programs if not shutil.which(program, path=SEARCH)})
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Failed(f"Missing on this machine; on Debian or Ubuntu: sudo apt install {' '.join(missing)}")
    print(f"Installing {', '.join(missing)} …", flush=True)
    # The packages' own services stay off: the stack runs its own, on its own ports.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", *missing]):
        done = subprocess.run(command, env=quiet, capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"{' '.join(command)} failed: {(done.stderr or done.stdout).strip()[-300:]}")


def fetches(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
