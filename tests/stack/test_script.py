"""scripts/stack from the outside: it comes up, tells how it is, and leaves nothing running."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from scripts.native.stack import ROOT
from tests.stacks import FIRST_PORT, PORT_BLOCKS, PORTS_EACH, TestStack

PARTS = {"nginx", "app1", "app2", "worker", "primary", "replica", "redis", "queue"}


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[TestStack]:
    """A stack of which nothing runs, on ports beside those of the other tests of this process."""
    stack = TestStack(tmp_path / "s", FIRST_PORT + PORTS_EACH * (os.getpid() % PORT_BLOCKS) + PORTS_EACH // 2)
    yield stack
    stack.run("down")
    assert processes_of(stack) == []


def processes_of(stack: TestStack) -> list[str]:
    """The command of every process that has anything to do with the stack's folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(stack.folder).encode() in told:
            found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


def fails(stack: TestStack, *arguments: str) -> str:
    command = [ROOT / "scripts" / "stack", "--folder", stack.folder, "--base-port", str(stack.base_port), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 1
    return ran.stderr


def test_the_whole_stack_comes_up_answers_and_goes(idle: TestStack) -> None:
    idle.run("up")
    told = json.loads(idle.run("status", "--json"))
    assert set(told["parts"]) == PARTS
    assert all(part["up"] and part["pid"] for part in told["parts"].values())
    with urlopen(f"{told['url']}/health/ready") as answer:
        assert json.load(answer)["status"] == "ready"

    assert "runs already" in idle.run("up")
    assert json.loads(idle.run("status", "--json")) == told

    idle.run("stop", "app1")
    assert not idle.parts["app1"]["up"]
    with urlopen(f"{told['url']}/health/live") as answer:  # the other one answers
        assert answer.status == 200
    idle.run("start", "app1")
    assert idle.parts["app1"]["up"]

    idle.run("down")
    assert processes_of(idle) == []
    assert not any(part["up"] or part["pid"] for part in idle.parts.values())


def test_a_stand_in_for_gemini_comes_on_request_and_those_that_start_after_it_ask_it(idle: TestStack) -> None:
    assert "ZWAI_GEMINI_URL" not in idle.settings
    idle.run("up", "--only", "redis", "--gemini=--pause 0 --fault 503 --one-in 2")
    assert idle.parts["gemini"]["up"]
    url = idle.settings["ZWAI_GEMINI_URL"]
    told = []
    for _ in range(4):
        try:
            with urlopen(f"{url}/v1beta/models/a-model:generateContent", data=b"{}") as answer:
                told.append(answer.status)
        except HTTPError as error:
            told.append(error.code)
            error.close()
    assert told == [200, 503, 200, 503]
    idle.run("stop", "gemini")
    assert "gemini" not in idle.parts and "ZWAI_GEMINI_URL" not in idle.settings


def test_what_the_primary_is_told_the_replica_knows_also_after_a_restart(idle: TestStack) -> None:
    idle.run("up", "--only", "primary,replica")
    idle.sql("primary", "CREATE TABLE zwai.t (a INT PRIMARY KEY); INSERT INTO zwai.t VALUES (1)")
    idle.run("stop", "replica")
    idle.sql("primary", "INSERT INTO zwai.t VALUES (2)")
    idle.run("up", "--only", "primary,replica")
    assert idle.sql("replica", "SELECT a FROM zwai.t ORDER BY a").split() == ["1", "2"]
    assert "Slave_Pos" in idle.sql("replica", "SHOW REPLICA STATUS")


def test_a_part_that_was_killed_is_down_and_starts_again(idle: TestStack) -> None:
    idle.run("up", "--only", "redis,queue")
    os.kill(int(str(idle.parts["queue"]["pid"])), signal.SIGKILL)
    assert idle.parts["queue"] == {"pid": None, "port": idle.base_port + 22, "up": False}
    idle.run("start", "queue")
    assert idle.parts["queue"]["up"]


def test_down_ends_what_a_failed_start_left(idle: TestStack) -> None:
    with socket.socket() as somebody_else:
        somebody_else.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        somebody_else.bind(("127.0.0.1", idle.base_port + 22))
        somebody_else.listen()
        said = fails(idle, "up", "--only", "redis,queue")
    assert said == (
        f"scripts/stack: Port {idle.base_port + 22} for queue is taken by another program; see --base-port.\n"
    )
    assert idle.parts["redis"]["up"]
    idle.run("down")
    assert processes_of(idle) == []


def test_a_part_that_ends_at_once_says_why(idle: TestStack) -> None:
    idle.run("up", "--only", "primary")
    idle.run("stop", "primary")
    (idle.folder / "primary" / "ibdata1").unlink()
    said = fails(idle, "start", "primary")
    assert said.startswith("scripts/stack: primary ended at once; its log ")
    assert "InnoDB" in said


def test_a_folder_too_deep_for_sockets_is_refused(tmp_path: Path) -> None:
    deep = TestStack(tmp_path / ("d" * 90), 4000)
    assert "too long for sockets" in fails(deep, "up")
