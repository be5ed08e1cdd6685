"""Server-Sent Events: open streams, counted and bounded, which all end when the service stops."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from zwai.errors import StreamsFull
from zwai.records.people import HouseholdId

MOST_STREAMS = 100
MOST_OF_HOUSEHOLD = 10  # one household must not take the others' place
LONGEST_LIFE_S = 600.0
HEARTBEAT_S = 15.0  # less than what proxies wait for
HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Streams:
    """Those of one process."""

    def __init__(self) -> None:
        self._open: Counter[HouseholdId] = Counter()
        self._ended = asyncio.Event()

    def check_room(self, household: HouseholdId) -> None:
        """Raises StreamsFull."""
        if self._open.total() >= MOST_STREAMS or self._open[household] >= MOST_OF_HOUSEHOLD or self._ended.is_set():
            raise StreamsFull({"retry_after": 5})

    @contextmanager
    def counted(self, household: HouseholdId) -> Iterator[None]:
        self._open[household] += 1
        try:
            yield
        finally:
            self._open[household] -= 1
            self._open += Counter()  # forget who has none

    def end(self) -> None:
        """Have all end now."""
        self._ended.set()

    async def pause(self, seconds: float) -> bool:
        """Wait a while; False when the streams are to end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)
        return not self._ended.is_set()


class EventStream(web.StreamResponse):
    """Sends what `events` yields, "" being nothing for now, without a handler's deadline."""

    def __init__(self, events: AsyncGenerator[str], streams: Streams, household: HouseholdId) -> None:
        super().__init__(headers=HEADERS)
        self._events, self._streams, self._household = events, streams, household

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        writer = await super().prepare(request)
        if request.method != "HEAD":
            with self._streams.counted(self._household):
                await self._send_all(request)
        return writer

    async def _send_all(self, request: web.BaseRequest) -> None:
        await self.write(b"retry: 2000\n\n")  # headers go out with the first bytes
        began = spoke = time.monotonic()
        async with contextlib.aclosing(self._events) as events:
            async for event in events:
                now = time.monotonic()
                gone = request.transport is None or request.transport.is_closing()
                if gone or now - began > LONGEST_LIFE_S:
                    return
                if not event and now - spoke > HEARTBEAT_S:
                    event = ": still here\n\n"
                if event:
                    await self.write(event.encode())
                    spoke = now


def event(number: int, name: str, data: bytes) -> str:
    """One event; `data` is JSON in one line."""
    return f"id: {number}\nevent: {name}\ndata: {data.decode()}\n\n"


STREAMS = web.AppKey("streams", Streams)


async def end_streams(app: web.Application) -> None:
    app[STREAMS].end()
