"""Photos in an object store, against a server that speaks S3."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import obstore
import pytest
from obstore.store import S3Store

from storage.objects import ObjectFiles, look_in, open_object_files
from zwai.errors import FilesDown, UnknownPhoto
from zwai.operator_errors import FilesUnreachable
from zwai.records.ids import new_id
from zwai.records.photos import Copy, PhotoId

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STARTED_WITHIN_S = 30

pytestmark = pytest.mark.slow

Machine = Callable[..., Awaitable[ObjectFiles]]


class Server:
    """moto's server in a process of its own; it tells of each request in a line."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "log"
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        self.url = self._wait_for_url()

    def _wait_for_url(self) -> str:
        until = time.monotonic() + STARTED_WITHIN_S
        while (found := re.search(r"Running on (http://[\d.:]+)", self._log.read_text())) is None:
            assert time.monotonic() < until and self._process.poll() is None, self._log.read_text()
            time.sleep(0.05)
        return found[1]

    def new_bucket(self, name: str) -> str:
        with urlopen(Request(f"{self.url}/{name}", method="PUT")) as answer:
            assert answer.status == 200
        return name

    def requests(self, method: str, path: str = "") -> int:
        return len(re.findall(rf'"(?:\S*m)?{method} /\S*{path}', self._log.read_text()))

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("s3"))
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def bucket(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket that this process knows of as an operator tells it: by the store's own variables."""
    point_at(server, monkeypatch)
    return server.new_bucket(new_id(datetime.now(UTC)))


def point_at(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "something")


@pytest.fixture
async def machine(bucket: str, tmp_path: Path) -> AsyncIterator[Machine]:
    """Opens the store as one machine after another does, each with a folder of its own."""
    async with AsyncExitStack() as stack:

        async def open_one(name: str = "first", **options: int) -> ObjectFiles:
            url = f"s3://{bucket}/some/prefix"
            return await stack.enter_async_context(open_object_files(url, tmp_path / name, **options))

        yield open_one


def new_photo() -> PhotoId:
    return PhotoId(new_id(datetime.now(UTC)))


def prepared(folder: Path, size: int = 1000) -> Path:
    folder.mkdir()
    for copy in Copy:
        (folder / f"{copy}.jpg").write_bytes(copy.encode() * size)
    return folder


async def kept(files: ObjectFiles, tmp_path: Path, size: int = 1000) -> PhotoId:
    photo = new_photo()
    await files.keep(photo, prepared(tmp_path / f"copies-{photo}", size))
    return photo


def objects(bucket: str) -> list[str]:
    store = S3Store(bucket, client_options={"allow_http": True})
    return sorted(found["path"] for batch in obstore.list(store) for found in batch)


def at_hand(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def test_what_one_machine_keeps_another_finds(machine: Machine, bucket: str, tmp_path: Path) -> None:
    photo = await kept(await machine("first"), tmp_path)
    assert objects(bucket) == sorted(f"some/prefix/{photo}/{copy}.jpg" for copy in Copy)
    second = await machine("second")
    for copy in Copy:
        assert (await second.find(photo, copy)).read_bytes() == copy.encode() * 1000


async def test_a_copy_is_fetched_once_however_many_ask(machine: Machine, server: Server, tmp_path: Path) -> None:
    photo = await kept(await machine("first"), tmp_path)
    second = await machine("second")
    paths = await asyncio.gather(*(second.find(photo, Copy.DISPLAY) for _ in range(20)))
    paths.append(await second.find(photo, Copy.DISPLAY))
    assert len(set(paths)) == 1
    assert server.requests("GET", f"{photo}/{Copy.DISPLAY}") == 1


async def test_what_a_machine_kept_itself_is_at_hand(machine: Machine, server: Server, tmp_path: Path) -> None:
    files = await machine()
    photo = await kept(files, tmp_path)
    await files.find(photo, Copy.AI)
    assert server.requests("GET", photo) == 0


async def test_who_gives_up_waiting_does_not_stop_the_others(machine: Machine, tmp_path: Path) -> None:
    photo = await kept(await machine("first"), tmp_path, size=500_000)
    second = await machine("second")
    impatient, patient = [asyncio.create_task(second.find(photo, Copy.AI)) for _ in range(2)]
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).stat().st_size == 500_000 * len(Copy.AI)


@pytest.mark.parametrize("photo", ["f" * 32, "../../etc/passwd", ""])
async def test_an_unknown_photo_is_not_found(machine: Machine, tmp_path: Path, photo: str) -> None:
    files = await machine()
    with pytest.raises(UnknownPhoto):
        await files.find(PhotoId(photo), Copy.AI)
    assert at_hand(tmp_path) == []


async def test_a_deleted_photo_is_gone_for_other_machines(machine: Machine, bucket: str, tmp_path: Path) -> None:
    first, second = await machine("first"), await machine("second")
    photo = await kept(first, tmp_path)
    for _ in range(2):  # one that is gone already is fine
        await first.delete(photo)
    assert objects(bucket) == []
    for files in (first, second):
        with pytest.raises(UnknownPhoto):
            await files.find(photo, Copy.DISPLAY)


async def test_a_photo_deleted_elsewhere_is_believed_for_a_day(machine: Machine, tmp_path: Path) -> None:
    first, second = await machine("first"), await machine("second")
    photo = await kept(first, tmp_path)
    path = await second.find(photo, Copy.DISPLAY)
    await first.delete(photo)
    await second.sweep(NOW)
    assert path.exists()
    yesterday = time.time() - timedelta(days=1, minutes=1).total_seconds()
    os.utime(path, (time.time(), yesterday))
    await second.sweep(NOW)
    with pytest.raises(UnknownPhoto):
        await second.find(photo, Copy.DISPLAY)


async def test_what_the_store_keeps_is_listed_by_its_age_also_what_is_not_at_hand(
    machine: Machine, bucket: str, tmp_path: Path
) -> None:
    first, second = await machine("first"), await machine("second")
    photos = [await kept(first, tmp_path) for _ in range(3)]
    store = S3Store(bucket, prefix="some/prefix", client_options={"allow_http": True})
    await obstore.put_async(store, "notes/of-somebody.jpg", b"no photo of ours")
    await obstore.put_async(store, f"{new_photo()}/notes.txt", b"nor this")
    now = datetime.now(UTC)
    assert await listed(second, now + timedelta(minutes=1)) == sorted(photos)
    assert await listed(second, now - timedelta(hours=1)) == []
    await second.delete(photos[0])
    assert await listed(second, now + timedelta(minutes=1)) == sorted(photos[1:])


async def listed(files: ObjectFiles, moment: datetime) -> list[PhotoId]:
    return sorted([photo async for some in files.kept_before(moment) for photo in some])


async def test_a_keep_that_fails_half_way_leaves_nothing(machine: Machine, bucket: str, tmp_path: Path) -> None:
    files, photo = await machine(), new_photo()
    copies = prepared(tmp_path / "copies")
    (copies / f"{list(Copy)[-1]}.jpg").unlink()
    with pytest.raises(UnknownPhoto):
        await files.keep(photo, copies)
    assert objects(bucket) == []
    assert at_hand(tmp_path / "first") == []


async def test_a_keep_that_is_cancelled_leaves_nothing(machine: Machine, bucket: str, tmp_path: Path) -> None:
    files, photo = await machine(), new_photo()
    keeping = asyncio.create_task(files.keep(photo, prepared(tmp_path / "copies")))
    while not objects(bucket):
        await asyncio.sleep(0.001)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert objects(bucket) == []


async def test_copies_at_hand_are_bounded_and_the_last_used_stay(machine: Machine, tmp_path: Path) -> None:
    first = await machine("first")
    photos = [await kept(first, tmp_path, size=10_000) for _ in range(10)]
    one = 10_000 * len(Copy.DISPLAY)
    second = await machine("second", at_hand_bytes=4 * one)
    first_path = await second.find(photos[0], Copy.DISPLAY)
    for photo in photos[1:]:
        await second.find(photo, Copy.DISPLAY)
        await second.find(photos[0], Copy.DISPLAY)
    held = at_hand(tmp_path / "second")
    assert first_path in held
    assert sum(path.stat().st_size for path in held) <= 4 * one
    assert await second.find(photos[5], Copy.DISPLAY)


async def test_a_store_that_is_down_is_said_to_be_and_what_is_at_hand_is_served(
    machine: Machine, bucket: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    mortal = Server(tmp_path_factory.mktemp("mortal"))
    try:
        point_at(mortal, monkeypatch)
        files = await machine()
        mortal.new_bucket(bucket)
        photo = await kept(files, tmp_path)
    finally:
        mortal.stop()
    assert (await files.find(photo, Copy.DISPLAY)).exists()
    began = time.monotonic()
    for _ in range(3):
        with pytest.raises(FilesDown):
            await files.find(new_photo(), Copy.DISPLAY)
    with pytest.raises(FilesDown):
        await kept(files, tmp_path)
    assert time.monotonic() - began < 5
    assert len([record for record in caplog.records if record.name == "zwai.files"]) == 1


async def test_the_doctor_looks_into_a_store_and_says_which_it_cannot_use(bucket: str) -> None:
    await look_in(f"s3://{bucket}/photos")
    with pytest.raises(FilesUnreachable, match="s3://no-such-bucket"):
        await look_in("s3://no-such-bucket/photos")
