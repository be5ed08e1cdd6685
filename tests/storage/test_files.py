"""Local files: uploads that leave nothing behind, copies that are kept whole."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import FileIO
from pathlib import Path

import psutil
import pytest

from storage.files import LocalFiles, open_files
from zwai.errors import ImageTooLarge, StorageFull, UnknownPhoto
from zwai.records.ids import new_id
from zwai.records.photos import Copy, PhotoId

LIMIT = 25_000_000
CHUNK = bytes(range(256)) * 256  # 64 kB
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PHOTO = PhotoId(new_id(NOW))


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[LocalFiles]:
    async with open_files(tmp_path) as files:
        yield files


def left_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def prepared(folder: Path) -> Path:
    """A folder of copies as image preparation makes it."""
    folder.mkdir()
    for copy in Copy:
        (folder / f"{copy}.jpg").write_text(f"the {copy}")
    return folder


async def test_an_upload_holds_what_was_written_its_size_and_its_hash(files):
    async with files.open_upload(LIMIT) as upload:
        for _ in range(3):
            await upload.write(CHUNK)
        await upload.write(b"end")
        content = upload.path.read_bytes()
        assert content == CHUNK * 3 + b"end"
        assert (upload.size, upload.digest) == (len(content), hashlib.sha256(content).hexdigest())


async def test_an_upload_without_bytes_is_an_empty_file(files):
    async with files.open_upload(LIMIT) as upload:
        assert upload.path.read_bytes() == b""
        assert upload.size == 0


async def test_an_upload_and_its_copies_are_gone_afterwards(files, tmp_path):
    async with files.open_upload(LIMIT) as upload:
        await upload.write(CHUNK)
        prepared(upload.copies)
    assert list((tmp_path / "tmp").iterdir()) == []


async def test_an_upload_that_fails_leaves_nothing(files, tmp_path):
    with pytest.raises(ConnectionResetError):
        async with files.open_upload(LIMIT) as upload:
            await upload.write(CHUNK)
            raise ConnectionResetError
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("steps", range(6))
async def test_an_upload_that_is_cancelled_at_any_moment_leaves_nothing(tmp_path, steps):
    async def upload_for_ever(files: LocalFiles) -> None:
        async with files.open_upload(10**12) as upload:
            while True:
                await upload.write(CHUNK)

    async with open_files(tmp_path) as files:
        tasks = [asyncio.create_task(upload_for_ever(files)) for _ in range(12)]
        for _ in range(steps):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()  # again, while it cleans up
        await asyncio.gather(*tasks, return_exceptions=True)
    assert list((tmp_path / "tmp").iterdir()) == []


async def test_an_upload_over_the_limit_is_stopped_at_the_chunk_that_passes_it(files, tmp_path):
    with pytest.raises(ImageTooLarge, match="over 25 MB"):
        async with files.open_upload(LIMIT) as upload:
            for _ in range(26_000_000 // len(CHUNK) + 1):
                await upload.write(CHUNK)
    assert LIMIT < upload.size <= LIMIT + len(CHUNK)
    assert left_in(tmp_path) == []


async def test_an_upload_of_just_the_limit_is_taken(files):
    async with files.open_upload(len(CHUNK)) as upload:
        await upload.write(CHUNK)
        assert upload.path.stat().st_size == len(CHUNK)


async def test_uploads_at_once_do_not_mix(files):
    async def upload(byte: int) -> bool:
        async with files.open_upload(LIMIT) as upload:
            for _ in range(20):
                await upload.write(bytes([byte]) * 5000)
            return upload.path.read_bytes() == bytes([byte]) * 100_000

    assert all(await asyncio.gather(*(upload(byte) for byte in range(20))))


async def test_kept_copies_lie_under_their_photo(files, tmp_path):
    async with files.open_upload(LIMIT) as upload:
        await files.keep(PHOTO, prepared(upload.copies))
    assert [files.path(PHOTO, copy).read_text() for copy in Copy] == [f"the {copy}" for copy in Copy]
    assert len(left_in(tmp_path)) == len(Copy)


async def test_a_photo_that_is_kept_is_never_written_over(files, tmp_path):
    await files.keep(PHOTO, prepared(tmp_path / "first"))
    (prepared(tmp_path / "second") / "display.jpg").write_text("another")
    with pytest.raises(OSError, match="not empty"):
        await files.keep(PHOTO, tmp_path / "second")
    assert files.path(PHOTO, Copy.DISPLAY).read_text() == "the display"


async def test_photos_spread_over_folders(files):
    folders = {files.path(PhotoId(new_id(NOW)), Copy.DISPLAY).parent.parent for _ in range(200)}
    assert len(folders) > 80


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc/passwd", "a" * 31, "a" * 33, "A" * 32, "a" * 31 + "/", "a" * 32 + "\n", "é" * 32]
)
async def test_what_is_not_an_id_never_becomes_a_path(files, name):
    with pytest.raises(UnknownPhoto):
        files.path(PhotoId(name), Copy.DISPLAY)
    with pytest.raises(UnknownPhoto):
        await files.delete(PhotoId(name))


async def test_a_deleted_photo_is_gone_and_may_be_deleted_again(files, tmp_path):
    await files.keep(PHOTO, prepared(tmp_path / "copies"))
    await files.delete(PHOTO)
    await files.delete(PHOTO)
    assert left_in(tmp_path) == []


async def test_the_sweep_takes_stale_uploads_and_leaves_fresh_ones(files, tmp_path):
    stale = prepared(tmp_path / "tmp/stale")
    three_hours_ago = (NOW - timedelta(hours=3)).timestamp()
    os.utime(stale, (three_hours_ago, three_hours_ago))
    async with files.open_upload(LIMIT) as upload:
        await upload.write(CHUNK)
        assert await files.sweep(NOW - timedelta(hours=1)) == 1
        assert upload.path.exists()
        assert not stale.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only: a device that is always full")
async def test_a_full_disk_is_said_to_be_full_and_leaves_nothing(files, tmp_path):
    with pytest.raises(StorageFull):
        async with files.open_upload(LIMIT) as upload:
            assert upload._file is not None
            upload._file.close()
            upload._file = FileIO("/dev/full", "w")  # the disk of this upload is full from here on
            await upload.write(CHUNK)
    assert left_in(tmp_path) == []


async def test_uploads_leave_no_descriptor_open(tmp_path):
    async def descriptors_after(uploads: int) -> int:
        async with open_files(tmp_path) as files:
            for _ in range(uploads):
                async with files.open_upload(LIMIT) as upload:
                    await upload.write(CHUNK)
                    await files.keep(PhotoId(new_id(NOW)), prepared(upload.copies))
        return psutil.Process().num_fds()

    assert await descriptors_after(50) <= await descriptors_after(1)
