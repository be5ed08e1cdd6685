"""With the network cut and no key, a household's day goes on as ever, and nothing tries to leave the machine."""

import sys
from pathlib import Path

import pytest

from tests.cut_off import cut_off, is_possible
from tests.processes import ROOT, environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_possible(), reason="needs namespaces: Linux, and leave to make them"),
]

# Sign in, scan, review, accept, list, eat, freeze, undo, delete; a receipt, a label and barcodes.
A_DAY = (
    "tests/http/test_a_day.py",
    "tests/http/test_captures.py::test_a_receipt_two_shelves_two_codes_and_a_label_are_one_delta",
)


def test_the_daily_loop_passes_and_nothing_is_called(tmp_path: Path) -> None:
    pytest_alone = (sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 't'}")
    ran, attempts = cut_off(*pytest_alone, *A_DAY, cwd=ROOT, environ=environment())
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert attempts == 0


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('192.0.2.1', 443), 1)",
        "socket.create_connection(('2001:db8::1', 443), 1)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'?', ('192.0.2.1', 53))",
    ],
    ids=["TCP", "IPv6", "UDP"],
)
def test_an_attempt_would_have_been_counted(attempt: str) -> None:
    ran, attempts = cut_off(sys.executable, "-c", f"import socket; {attempt}", cwd=ROOT, environ=environment())
    assert ran.returncode == 1 and "unreachable" in ran.stderr
    assert attempts > 0
