"""Files without a row go at the next start; files with one stay."""

import os
import time
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.service import PHOTOS, Client, running, signed_in
from tests.traces import until
from zwai.kitchen.admin import MOST_UNASKED, sweep_orphans


def old_folder(data_dir: Path, uid: str) -> Path:
    folder = data_dir / "photos" / uid[-2:] / uid
    folder.mkdir(parents=True)
    long_ago = time.time() - 7200
    os.utime(folder, (long_ago, long_ago))
    return folder


@pytest.mark.parametrize("number", [3, MOST_UNASKED + 1])
async def test_beside_another_ones_database_nothing_is_swept_unasked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    folders = [old_folder(tmp_path, f"{one:032x}") for one in range(number)]
    async with running(tmp_path) as service:
        await until(lambda: "is it their database?" in caplog.text)
        assert all(folder.exists() for folder in folders)
        kitchen = service.kitchen
        assert await sweep_orphans(kitchen.database, kitchen.files, kitchen.clock()) == len(folders)


async def test_copies_that_no_row_knows_are_swept_after_an_hour(tmp_path: Path, http: ClientSession) -> None:
    async with running(tmp_path) as service:
        client: Client = await signed_in(http, service.url)
        known = (await client.upload(PHOTOS / "tomato.jpg")).json["image"]["uid"]
    orphan = old_folder(tmp_path, "0" * 30 + "ab")
    fresh = tmp_path / "photos" / "cd" / ("0" * 30 + "cd")
    fresh.mkdir(parents=True)
    long_ago = time.time() - 7200
    os.utime(tmp_path / "photos" / known[-2:] / known, (long_ago, long_ago))
    async with running(tmp_path):
        await until(lambda: not orphan.exists())
    assert fresh.exists()
    assert (tmp_path / "photos" / known[-2:] / known).exists()
