"""Runs the service in one process: listens, tells where, and drains on SIGTERM or Ctrl-C."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import uvloop
from aiohttp import web

from zwai.app import make_app, open_kitchen
from zwai.listener import bound, shut_door
from zwai.settings import Settings

# A client that sends nothing for this long is let go; between requests a connection may idle longer.
KEEPALIVE_S = 75.0
BACKLOG = 1024
LAST_REQUEST_S = 0.3  # who was accepted last has not been read yet, and would be taken for idle
LOOK_AGAIN_S = 0.02
LAST_MOMENT_S = 1.0  # for what is still in flight when the drain's time is over, before it is cut off


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until a signal; `announce` is told the address once requests are taken."""
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # the migration is told in one line of ours
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, announce))


async def _serve(settings: Settings, announce: Callable[[str], None]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with bound(settings.host, settings.port) as listener:  # first, since it is what fails most
        settings = replace(settings, port=listener.getsockname()[1])
        async with open_kitchen(settings) as kitchen:
            _spare_the_collector()
            app = make_app(kitchen, settings)
            app.on_response_prepare.append(partial(_say_goodbye, stopped))
            web_runner = web.AppRunner(
                app, access_log=None, keepalive_timeout=KEEPALIVE_S, shutdown_timeout=LAST_MOMENT_S
            )
            await web_runner.setup()
            try:
                site = web.SockSite(web_runner, listener, backlog=BACKLOG)
                await site.start()
                announce(address(settings))
                await stopped.wait()
                print("Stopping: answering what is in flight …", file=sys.stderr)  # noqa: T201
                await shut_door(listener)
                await site.stop()
                await web_runner.shutdown()  # streams, which would last, end now
                await asyncio.sleep(LAST_REQUEST_S)
                await _drain(web_runner, settings.drain_s)
            finally:
                await web_runner.cleanup()


def _spare_the_collector() -> None:
    """What is loaded by now stays: looking through it for garbage costs a long list a third of its time."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 20, 20)


async def _say_goodbye(stopped: asyncio.Event, _request: web.Request, response: web.StreamResponse) -> None:
    """While the service stops, each answer is the last of its connection, and says so."""
    if stopped.is_set():
        response.headers["Connection"] = "close"
        response.force_close()


async def _drain(runner: web.AppRunner, deadline_s: float) -> None:
    """Wait for the requests in flight; aiohttp's own shutdown would drop what still arrives of their bodies."""
    assert runner.server is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(deadline_s):
            while any(connection._request_in_progress for connection in runner.server.connections):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_AGAIN_S)


def address(settings: Settings) -> str:
    """Where a browser on this machine finds the service."""
    host = "127.0.0.1" if settings.host in ("", "0.0.0.0", "::") else settings.host  # noqa: S104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
