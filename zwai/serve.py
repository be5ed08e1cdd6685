"""Runs the service in one process: listens, tells where, and drains on SIGTERM or Ctrl-C."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable

import uvloop
from aiohttp import web

from zwai.app import make_app, open_kitchen
from zwai.settings import Settings

# A client that sends nothing for this long is let go; between requests a connection may idle longer.
KEEPALIVE_S = 75.0


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
    async with open_kitchen(settings) as kitchen:
        app = make_app(kitchen, settings)
        web_runner = web.AppRunner(
            app, access_log=None, keepalive_timeout=KEEPALIVE_S, shutdown_timeout=settings.drain_s
        )
        await web_runner.setup()
        try:
            site = web.TCPSite(web_runner, settings.host, settings.port, backlog=1024)
            await site.start()
            announce(f"http://{settings.host}:{_port(web_runner)}")
            await stopped.wait()
            print("Stopping: answering what is in flight …", file=sys.stderr)  # noqa: T201
        finally:
            await web_runner.cleanup()


def _port(runner: web.AppRunner) -> int:
    port: int = runner.addresses[0][1]
    return port
