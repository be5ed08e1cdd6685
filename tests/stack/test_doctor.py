"""The doctor of the scaled profile asks every server, and says of each what is wrong."""

import re
import subprocess
from pathlib import Path

from tests.processes import COMMAND, environment
from tests.stacks import TestStack


def doctor(stack: TestStack, cwd: Path, **changed: str) -> tuple[int, dict[str, str]]:
    """Its exit code, and its verdicts by part."""
    settings = {**stack.settings, "ZWAI_PORT": "0"}
    for name, value in changed.items():
        settings.pop(f"ZWAI_{name.upper()}_FILE", None)
        settings[f"ZWAI_{name.upper()}"] = value
    ended = subprocess.run(
        [*COMMAND, "doctor"], cwd=cwd, env={**environment(), **settings}, capture_output=True, text=True, timeout=120
    )
    assert ended.stderr == ""
    return ended.returncode, dict(re.findall(r"^(?:ok |BAD)  ([a-z]+) +(.*)$", ended.stdout, re.MULTILINE))


def test_the_doctor_asks_every_server(stack: TestStack, urls: tuple[str, str], tmp_path: Path) -> None:
    code, said = doctor(stack, tmp_path, database_url=urls[0])
    assert code == 0, said
    assert re.match(r"10\.\d+\.\d+-MariaDB.*, revision 0\d{3}; 10 of its \d+ connections", said["database"])
    assert said["replica"].endswith("follows.")
    assert "then allkeys-lru" in said["cache"]
    assert "evicts nothing, kept on disk" in said["queue"]


def test_the_doctor_says_what_is_wrong_with_a_server(stack: TestStack, urls: tuple[str, str], tmp_path: Path) -> None:
    primary, redis = urls[0], stack.settings["ZWAI_REDIS_URL"]
    stack.sql("primary", "CREATE DATABASE IF NOT EXISTS zwai_empty")
    code, said = doctor(
        stack, tmp_path, database_url=primary.replace("zwai_tests", "zwai_empty"), database_replica_urls=primary,
        redis_url="redis://127.0.0.1:1/0", queue_url=redis,
    )  # fmt: skip
    assert code == 1
    assert "is needed: zwai migrate" in said["database"]
    assert "not read: it does not replicate" in said["replica"]
    assert "cannot be used" in said["cache"]
    assert "may evict jobs that wait" in said["queue"]


def test_the_doctor_counts_the_connections(stack: TestStack, urls: tuple[str, str], tmp_path: Path) -> None:
    code, said = doctor(stack, tmp_path, database_url=urls[0], workers="64", database_pool="100")
    assert code == 1
    assert "lower ZWAI_WORKERS or ZWAI_DATABASE_POOL" in said["database"]
