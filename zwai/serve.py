"""Runs the service in one process: listens, tells where, and drains on SIGTERM or Ctrl-C."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from dataclasses import replace

import uvloop
from aiohttp import web

from zwai.app import make_app, open_kitchen
from zwai.listener import bound, shut_door
from zwai.settings import Settings

# A client that sends nothing for this long is let go; between requests a connection may idle longer.
KEEPALIVE_S = 75.0
BACKLOG = 1024
LAST_REQUEST_S = 0.3


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
            web_runner = web.AppRunner(
                make_app(kitchen, settings),
                access_log=None,
                keepalive_timeout=KEEPALIVE_S,
                shutdown_timeout=settings.drain_s,
            )
            await web_runner.setup()
            try:
                await web.SockSite(web_runner, listener, backlog=BACKLOG).start()
                announce(address(settings))
                await stopped.wait()
                print("Stopping: answering what is in flight …", file=sys.stderr)  # noqa: T201
            finally:
                await shut_door(listener)
                for site in list(web_runner.sites):
                    await site.stop()
                # Who was accepted last has not been read yet, and would be taken for idle.
                await asyncio.sleep(LAST_REQUEST_S)
                await web_runner.cleanup()


def address(settings: Settings) -> str:
    """Where a browser on this machine finds the service."""
    host = "127.0.0.1" if settings.host in ("", "0.0.0.0", "::") else settings.host  # noqa: S104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
