"""A full disk: 507, nothing half-written, and all is well as soon as there is room."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.processes import served
from tests.service import PHOTOS, signed_in

pytestmark = pytest.mark.slow

ROOM_KB = 12_288


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM_KB}k", "tmpfs", str(disk)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs Linux and root")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


async def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    small_disk: Path, http: ClientSession, tmp_path: Path
):
    async with served(small_disk / "data") as service:
        client = await signed_in(http, service.url)
        await client.add("leche")
        before = (await client.get("/api/inventory")).body
        fill(small_disk / "ballast")
        item = {"name": "pan " * 20, "quantity": 1, "type_unit": "unidades"}
        refused = [await client.post("/api/inventory/bulk", json={"items": [item] * 100}) for _ in range(2)]
        refused += [await client.upload(PHOTOS / "mpo.jpg") for _ in range(2)]
        assert {(reply.status, reply.json["code"]) for reply in refused} == {(507, "storage_full")}
        assert (await client.get("/api/inventory")).body == before
        assert (await client.get("/health/live")).status == 200
        assert [file for file in (small_disk / "data" / "photos").rglob("*") if file.is_file()] == []
        assert list((small_disk / "data" / "tmp").iterdir()) == []
        (small_disk / "ballast").unlink()
        await client.add("pan")
        assert (await client.upload(PHOTOS / "mpo.jpg")).status == 201
        assert (await client.stock()).keys() == {"leche", "pan"}
