"""Runs a command where there is no network but this machine's own loopback, and counts attempts to leave it.

The kernel counts what finds no route, in a network namespace of the command's own: of whatever process or library, by
name (the name server is outside too) or by number. `python -m tests.cut_off COMMAND…` prints the count on a last line.
"""

import fcntl
import os
import re
import socket
import struct
import subprocess
import sys
from pathlib import Path

UNSHARE = ("unshare", "--user", "--map-root-user", "--net")
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def is_possible() -> bool:
    """Whether this machine lets us make namespaces."""
    try:
        return subprocess.run([*UNSHARE, "true"], capture_output=True).returncode == 0
    except OSError:
        return False


def cut_off(*command: str, cwd: Path, environ: dict[str, str]) -> tuple[subprocess.CompletedProcess[str], int]:
    """The command's end, and how often it tried to reach another machine."""
    ran = subprocess.run(
        [*UNSHARE, sys.executable, "-m", "tests.cut_off", *command], cwd=cwd, env=environ, capture_output=True,
        text=True, timeout=300,
    )  # fmt: skip
    return ran, int(ran.stdout.splitlines()[-1])


def _attempts() -> int:
    names, numbers = (line.split()[1:] for line in _counters("snmp") if line.startswith("Ip:"))
    by_four = int(numbers[names.index("OutNoRoutes")])
    by_six = re.search(r"Ip6OutNoRoutes\s+(\d+)", "\n".join(_counters("snmp6")))
    return by_four + (int(by_six[1]) if by_six else 0)


def _counters(name: str) -> list[str]:
    file = Path("/proc/self/net") / name
    return file.read_text().splitlines() if file.exists() else []


def _bring_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def main() -> None:
    _bring_loopback_up()
    ended = subprocess.run(sys.argv[1:])
    print(f"\n{_attempts()}", flush=True)
    os._exit(ended.returncode)


if __name__ == "__main__":
    main()
