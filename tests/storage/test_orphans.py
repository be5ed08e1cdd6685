"""Files without a row go at the next start; files with one stay."""

import os
import time
from pathlib import Path

from aiohttp import ClientSession

from tests.service import PHOTOS, Client, running, signed_in
from tests.traces import until


async def test_copies_that_no_row_knows_are_swept_after_an_hour(tmp_path: Path, http: ClientSession) -> None:
    async with running(tmp_path) as service:
        client: Client = await signed_in(http, service.url)
        known = (await client.upload(PHOTOS / "tomato.jpg")).json["image"]["uid"]
    orphan = tmp_path / "photos" / "ab" / ("0" * 30 + "ab")
    fresh = tmp_path / "photos" / "cd" / ("0" * 30 + "cd")
    for folder in (orphan, fresh):
        folder.mkdir(parents=True)
    long_ago = time.time() - 7200
    os.utime(orphan, (long_ago, long_ago))
    os.utime(tmp_path / "photos" / known[-2:] / known, (long_ago, long_ago))
    async with running(tmp_path):
        await until(lambda: not orphan.exists())
    assert fresh.exists()
    assert (tmp_path / "photos" / known[-2:] / known).exists()
