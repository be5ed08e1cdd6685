"""Many app processes under one manager: gunicorn, set up from our settings, so that nobody needs its command line.

Never its max-requests: recycling drops requests with aiohttp's worker.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from aiohttp import web
from gunicorn.app.base import BaseApplication

from zwai.app import make_app, open_kitchen
from zwai.settings import Settings

KEEPALIVE_S = 75
SILENT_WORKER_S = 60


def serve_many(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve with `settings.workers` processes until a signal; HUP starts new ones and drains the old."""
    _Manager(settings, announce).run()


class _Manager(BaseApplication):  # type: ignore[misc]
    def __init__(self, settings: Settings, announce: Callable[[str], None]) -> None:
        self._settings = settings
        self._announce = announce
        super().__init__()

    def load_config(self) -> None:
        settings = self._settings
        options = {
            "bind": f"{settings.host}:{settings.port}",
            "workers": settings.workers,
            "worker_class": "aiohttp.GunicornUVLoopWebWorker",
            "keepalive": KEEPALIVE_S,
            "timeout": SILENT_WORKER_S,
            "graceful_timeout": settings.drain_s,
            "loglevel": settings.log_level.lower(),
            "proc_name": "zwai",
            "control_socket_disable": True,
            "when_ready": lambda _server: self._announce(f"http://{settings.host}:{settings.port}"),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        settings = self._settings

        async def application() -> web.Application:
            stack = AsyncExitStack()
            kitchen = await stack.enter_async_context(open_kitchen(settings))
            app = make_app(kitchen, settings)
            app.on_cleanup.append(lambda _app: stack.aclose())
            return app

        return application
