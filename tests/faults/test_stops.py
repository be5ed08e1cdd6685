"""Stopping in the middle of things: what is in flight is answered, and nothing stays behind."""

import asyncio
import gc
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from aiohttp import ClientSession, MultipartWriter

from tests.processes import served, until
from tests.service import PHOTOS, Reply, signed_in
from zwai.app import make_app, open_kitchen
from zwai.settings import Settings

pytestmark = pytest.mark.slow

CYCLES = 15
LOOKS = 12


async def halves(body: bytes, goes_on: asyncio.Event) -> AsyncIterator[bytes]:
    """The first half of a body at once, the other when `goes_on`."""
    yield body[: len(body) // 2]
    await goes_on.wait()
    yield body[len(body) // 2 :]


async def multipart(photo: Path) -> tuple[bytes, str]:
    """The body of an upload and its content type."""
    writer = MultipartWriter("form-data")
    writer.append(photo.read_bytes()).set_content_disposition("form-data", name="image", filename="photo.jpg")
    return await writer.as_bytes(), writer.headers["Content-Type"]


async def test_a_stop_answers_requests_and_uploads_in_flight(http: ClientSession, tmp_path: Path):
    async with served(tmp_path / "data") as service:
        client = await signed_in(http, service.url)
        photo = (await client.upload(PHOTOS / "tomato.jpg")).json["image"]["image_path"]
        goes_on = asyncio.Event()
        body, content_type = await multipart(PHOTOS / "avocado.jpg")
        upload = client.post(
            "/api/image_management/upload_image", data=halves(body, goes_on), headers={"Content-Type": content_type}
        )
        look: Callable[[], Awaitable[Reply]] = lambda: client.post(  # noqa: E731
            "/api/recognition/ingredients", json={"images_paths": [photo]}
        )
        in_flight = [asyncio.ensure_future(request) for request in (upload, *(look() for _ in range(LOOKS)))]
        async with asyncio.timeout(10):
            while not (await client.get("/health/ready")).json["parts"]["recogniser"]["queued"]:
                await asyncio.sleep(0.01)
        service.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            while not any("Stopping" in line for line in service.said):
                await asyncio.sleep(0.01)
        assert not in_flight[0].done()
        goes_on.set()
        replies = await asyncio.gather(*in_flight)
        assert [reply.status for reply in replies] == [201] + [200] * LOOKS
        assert replies[0].headers["Connection"] == "close"
        assert await service.ended() == 0
        assert "Traceback" not in "".join(service.said)
    assert list((tmp_path / "data" / "tmp").iterdir()) == []


async def test_opening_and_closing_leaves_nothing_behind(tmp_path: Path):
    settings = Settings(data_dir=tmp_path, pool_processes=1)

    async def cycle() -> None:
        async with open_kitchen(settings) as kitchen:
            make_app(kitchen, settings)
            async with kitchen.database.read():
                pass

    def held() -> dict[str, int]:
        gc.collect()  # a closed executor is a cycle that holds two pipes
        this = psutil.Process()
        return {
            "descriptors": this.num_fds(),
            # The loop's own threads ("asyncio_0" …) are bounded and end with it.
            "threads": len([one for one in threading.enumerate() if not one.name.startswith("asyncio_")]),
            "children": len(this.children()),
            "tasks": len(asyncio.all_tasks()),
        }

    for _ in range(2):  # what is made once for the process
        await cycle()
    before = held()
    for _ in range(CYCLES):
        await cycle()
    with suppress(TimeoutError):  # a thread that was told to end needs its moment
        await until(lambda: no_more_than(held(), before), deadline_s=5)
    assert no_more_than(held(), before), (held(), before)


def no_more_than(now: dict[str, int], before: dict[str, int]) -> bool:
    """Less is fine: what other tests of this process have left may end meanwhile."""
    return all(count <= before[name] for name, count in now.items())
