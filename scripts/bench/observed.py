"""The service as `python -m zwai serve` runs it, with eyes inside: GET /bench tells what was seen since the last one.

`lag_ms`: how late the loop was, asked every 5 ms. `statements`: the SQL that was sent, in order.
"""

import asyncio
import os
import time
from typing import Any

import uvloop
from aiohttp import web
from sqlalchemy import event
from sqlalchemy.engine import Engine

from zwai.app import make_app, open_kitchen
from zwai.settings import Settings, load_settings

STEP_S = 0.005


async def _watch(lag_ms: list[float]) -> None:
    while True:
        asked = time.perf_counter()
        await asyncio.sleep(STEP_S)
        lag_ms.append((time.perf_counter() - asked - STEP_S) * 1000)


def _listen(statements: list[str]) -> None:
    @event.listens_for(Engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(" ".join(statement.split()))


async def _serve(settings: Settings) -> None:
    lag_ms: list[float] = []
    statements: list[str] = []
    _listen(statements)

    async def tell(_request: web.Request) -> web.Response:
        seen = {"lag_ms": lag_ms.copy(), "statements": statements.copy()}
        lag_ms.clear()
        statements.clear()
        return web.json_response(seen)

    async with open_kitchen(settings) as kitchen:
        app = make_app(kitchen, settings)
        app.router.add_get("/bench", tell)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port, backlog=1024).start()
        print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        await _watch(lag_ms)


if __name__ == "__main__":
    uvloop.run(_serve(load_settings(os.environ)))
