"""The command line: help that is there at once, errors of one line, a service that starts and stops as it should."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
from pathlib import Path

import psutil
import pytest

from storage.migrate import newest
from tests.processes import COMMAND, ROOT, environment, served, zwai

COMMANDS = ("serve", "worker", "jobs", "migrate", "recognise", "read", "food", "recogniser", "db", "ai", "products",
            "doctor", "openapi")  # fmt: skip
HEAVY = ("asyncio", "aiohttp", "sqlalchemy", "numpy", "onnxruntime", "PIL")


def assert_one_line(ended: subprocess.CompletedProcess[str], said: str, code: int = 1) -> None:
    assert ended.returncode == code
    assert ended.stdout == ""
    assert re.fullmatch(r"zwai: [^\n]+\n", ended.stderr), ended.stderr
    assert said in ended.stderr


def test_help_lists_every_command(tmp_path: Path):
    ended = zwai("--help", cwd=tmp_path)
    assert ended.returncode == 0
    assert tuple(re.findall(r"^    ([a-z]+)", ended.stdout, re.MULTILINE)) == COMMANDS


@pytest.mark.parametrize("command", [*COMMANDS, "recogniser report", "ai usage", "products install"])
def test_every_command_explains_itself(command: str, tmp_path: Path):
    ended = zwai(*command.split(), "--help", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(f"usage: zwai {command}")
    assert max(map(len, ended.stdout.splitlines())) <= 100


def test_the_parser_loads_nothing_heavy(tmp_path: Path):
    program = f"import sys, zwai.cli; zwai.cli._parser(); print([name for name in {HEAVY[1:]} if name in sys.modules])"
    ended = subprocess.run(
        [COMMAND[0], "-c", program], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    assert ended.stdout == "[]\n"


def test_the_web_process_loads_no_models_and_no_images(tmp_path: Path):
    program = f"import sys, zwai.serve; print([name for name in {HEAVY[3:]} if name in sys.modules])"
    ended = subprocess.run(
        [COMMAND[0], "-c", program], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    assert ended.stdout == "[]\n"


def test_an_unknown_command_is_wrong_usage(tmp_path: Path):
    ended = zwai("cook", cwd=tmp_path)
    assert ended.returncode == 2
    assert "invalid choice: 'cook'" in ended.stderr


def test_a_bad_setting_is_one_line(tmp_path: Path):
    assert_one_line(zwai("serve", cwd=tmp_path, port="three"), "ZWAI_PORT must be a whole number")


def test_a_data_folder_that_is_a_file_is_one_line(tmp_path: Path):
    (tmp_path / "file").touch()
    assert_one_line(zwai("serve", cwd=tmp_path, port=0, data_dir="file"), "The folder file cannot be used")


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path):
    (tmp_path / "zwai.db").write_text("not a database, but long enough to look like a header of one")
    ended = zwai("serve", cwd=tmp_path, port=0, data_dir=tmp_path, pool_processes=1)
    assert_one_line(ended, "file is not a database")


@pytest.mark.slow
def test_a_database_of_a_newer_release_is_one_line(tmp_path: Path):
    assert zwai("migrate", cwd=tmp_path).returncode == 0
    with sqlite3.connect(tmp_path / "data" / "zwai.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert_one_line(zwai("migrate", cwd=tmp_path), "A newer zwai has migrated the database (revision 9999)")


def test_output_that_nobody_reads_is_no_error(tmp_path: Path):
    with subprocess.Popen(
        [*COMMAND, "openapi"], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_cannot_be_written_is_one_line(tmp_path: Path):
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*COMMAND, "openapi"], cwd=tmp_path, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (ended.returncode, ended.stderr) == (1, "zwai: output: No space left on device.\n")


def test_the_api_is_described_for_machines(tmp_path: Path):
    ended = zwai("openapi", cwd=tmp_path)
    assert ended.stderr == ""
    assert "/api/inventory" in json.loads(ended.stdout)["paths"]


@pytest.mark.slow
def test_migrating_says_what_it_did_and_does_it_once(tmp_path: Path):
    assert_one_line(zwai("migrate", "--check", cwd=tmp_path), f"this release needs {newest()}")
    assert not (tmp_path / "data").exists()
    said = [zwai("migrate", *more, cwd=tmp_path).stdout for more in ((), (), ("--check",))]
    assert said[0] == f"Migrated the database from revision none to {newest()}.\n"
    assert said[1] == said[2] == f"The database is at revision {newest()}, the newest.\n"


def test_the_doctor_finds_a_good_machine_good_and_changes_nothing(tmp_path: Path):
    ended = zwai("doctor", cwd=tmp_path, port=0)
    assert ended.returncode == 0, ended.stdout
    assert "recognised as avocado" in ended.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_says_what_is_bad(tmp_path: Path):
    (tmp_path / "zwai.db").write_text("not a database, but long enough to look like a header of one")
    ended = zwai("doctor", cwd=tmp_path, port=0, data_dir=tmp_path)
    assert ended.returncode == 1
    assert re.search(r"^BAD  database +The database .+ cannot be read", ended.stdout, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_service_cleanly_with_all_its_processes(number: signal.Signals, tmp_path: Path):
    async with served(tmp_path / "data") as service:
        children = service.children()
        assert children
        os.killpg(service.process.pid, number)  # as a terminal does: its worker processes get it too
        assert await service.ended() == 0
        assert "Traceback" not in "".join(service.said)
        assert psutil.wait_procs(children, timeout=5)[1] == []


@pytest.mark.slow
async def test_a_second_service_says_who_has_the_port_or_the_folder(tmp_path: Path):
    async with served(tmp_path / "data") as service:
        port = service.url.rpartition(":")[2]
        assert_one_line(zwai("serve", cwd=tmp_path, port=port, data_dir="other"), "Address already in use")
        assert_one_line(zwai("serve", cwd=tmp_path, port=0), "Another zwai process uses the folder")
        doctor = zwai("doctor", cwd=tmp_path, port=port)
        assert doctor.returncode == 0
        assert f"zwai answers on {service.url}" in doctor.stdout


@pytest.mark.slow
async def test_the_line_to_paste_recognises_a_photo(tmp_path: Path):
    async with served(tmp_path / "data with a space") as service:
        line = next(line for line in service.said if line.startswith("curl "))
        pasted = subprocess.run(["sh"], input=line, capture_output=True, text=True, timeout=60, cwd="/")
        assert json.loads(pasted.stdout)["ingredients"][0]["name"] == "palta"
        assert any(f"Data: {tmp_path}/data with a space" in line for line in service.said)


@pytest.mark.slow
def test_the_script_starts_from_any_folder_and_uses_the_callers(tmp_path: Path):
    """On a copy of the clone whose path has spaces, with the environment that is already there."""
    clone = tmp_path / "a clone"
    for name in ("scripts", "zwai", "handlers", "storage", "ai"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    wrapper = clone / ".venv" / "bin" / "python"
    wrapper.parent.mkdir(parents=True)
    wrapper.write_text(f'#!/bin/sh\nexec "{COMMAND[0]}" "$@"\n')
    wrapper.chmod(0o755)
    for name in ("requirements.txt", "requirements-ocr.txt"):
        shutil.copy(ROOT / name, clone)
        stamp = clone / ".venv" / f".installed-{name}"
        stamp.write_text(f"{printed('cksum', stdin=clone / name)} {printed(COMMAND[0], '-V')}")
    environ = {name: value for name, value in environment(port=0, data_dir="mine").items() if name != "PYTHONPATH"}
    with subprocess.Popen(
        [clone / "scripts" / "run"], cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    assert process.returncode == 0
    assert said[1].startswith(f"Data: {tmp_path}/mine ")
    assert (tmp_path / "mine" / "zwai.db").exists()


def printed(*command: str, stdin: Path = Path(os.devnull)) -> str:
    with stdin.open() as source:
        return subprocess.check_output(command, stdin=source, text=True).strip()
