"""An embedded installation moves to MySQL by `zwai db copy`, and back."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import make_url, select
from sqlalchemy.ext.asyncio import create_async_engine

from storage.engines import sqlite_url
from storage.schema import metadata
from tests.service import PHOTOS, Client, running, signed_in
from tests.stacks import ROOT, TestStack


def zwai(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zwai", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.fixture
def target(stack: TestStack, request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file that holds the URL of an empty database."""
    name = f"zwai_{abs(hash(request.node.name))}"
    stack.sql("primary", f"CREATE DATABASE {name}")
    url = make_url(stack.secret("DATABASE_URL")).set(database=name)
    file = tmp_path / "target_url"
    file.write_text(url.render_as_string(hide_password=False))
    return file


async def rows_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        rows = {
            table.name: [tuple(row) for row in await connection.execute(select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }
    await engine.dispose()
    return rows


async def live(client: Client) -> None:
    """Leave rows in most tables."""
    await client.add("Palta 🥑 'x'", 2.125, "kilogramos")
    milk = await client.add("Leche", 1.5, "litros")
    answer = await client.post(f"{milk}/consume", json={"consumed_quantity": 0.5}, headers={"Idempotency-Key": "k1"})
    assert answer.status == 200, answer.body
    recognised = await client.upload(PHOTOS / "tomato.jpg", "/api/recognition/ingredients")
    assert recognised.status == 200, recognised.body


async def test_the_same_household_lists_the_same_after_the_move(
    stack: TestStack, target: Path, tmp_path: Path, http: ClientSession
) -> None:
    data, paths = tmp_path / "data", ("/api/inventory", "/api/inventory/expiring", "/api/journal")
    async with running(data) as service:
        client = await signed_in(http, service.url)
        await live(client)
        before = [await client.get(path) for path in paths]
        refused = zwai("db", "copy", data / "zwai.db", f"@{target}")
        assert refused.returncode == 1
        assert str(data) in refused.stderr  # the folder is in use
    moved = zwai("db", "copy", data / "zwai.db", f"@{target}")
    assert moved.returncode == 0, moved.stderr
    rows = await rows_of(sqlite_url(data / "zwai.db"))
    assert await rows_of(target.read_text()) == rows
    assert sum(map(len, rows.values())) == int(moved.stdout.split()[1])
    assert {name for name, held in rows.items() if held} >= {"batches", "journal", "claims", "sessions", "photos"}

    scaled = {
        "profile": "scaled",
        "database_url": target.read_text(),
        "redis_url": stack.settings["ZWAI_REDIS_URL"],
        "queue_url": stack.settings["ZWAI_QUEUE_URL"],
        "secret_key": (data / "secret_key").read_text().strip(),
    }
    async with running(data, **scaled) as service:
        mover = Client(http, service.url, client.token)
        after = [await mover.get(path) for path in paths]
        assert [reply.json for reply in after] == [reply.json for reply in before]
        assert (await mover.add("Pan")).endswith("Z")


async def test_the_way_back_gives_the_same_rows(target: Path, tmp_path: Path, http: ClientSession) -> None:
    async with running(tmp_path / "data") as service:
        await live(await signed_in(http, service.url))
    here, back = tmp_path / "data" / "zwai.db", tmp_path / "back" / "zwai.db"
    assert zwai("db", "copy", here, f"@{target}").returncode == 0
    back.parent.mkdir()
    assert zwai("db", "copy", f"@{target}", back).returncode == 0
    assert await rows_of(sqlite_url(back)) == await rows_of(sqlite_url(here))


async def test_what_cannot_be_copied_is_one_line_and_changes_nothing(
    target: Path, tmp_path: Path, http: ClientSession
) -> None:
    missing = zwai("db", "copy", tmp_path / "none.db", f"@{target}")
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)
    assert not (tmp_path / "none.db").exists()

    async with running(tmp_path / "data") as service:
        await live(await signed_in(http, service.url))
    assert zwai("db", "copy", tmp_path / "data" / "zwai.db", f"@{target}").returncode == 0
    rows = await rows_of(target.read_text())
    again = zwai("db", "copy", tmp_path / "data" / "zwai.db", f"@{target}")
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert "already has rows" in again.stderr
    assert await rows_of(target.read_text()) == rows

    wrong = zwai("db", "copy", tmp_path / "data" / "zwai.db", "mysql+asyncmy://zwai:geheim@127.0.0.1:1/zwai")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
    assert "geheim" not in wrong.stderr
