"""The ceiling of GET: an aiohttp app on uvloop that answers the bytes of a file, and 304 to its ETag. Nothing else."""

import asyncio
import sys
from pathlib import Path

import uvloop
from aiohttp import web

ETAG = '"bare"'


async def _serve(body: bytes) -> None:
    headers = {"Content-Type": "application/json", "ETag": ETAG}

    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == ETAG:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, headers=headers)

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(Path(sys.argv[1]).read_bytes()))
