"""A local server that speaks Gemini's protocol: it answers as it is told, and remembers what it was asked."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Reaction = Callable[[web.Request], Any]
NOTHING: dict[str, Any] = {"ingredients": [], "foods": []}


@dataclass
class Asked:
    """One request, taken apart."""

    model: str
    key: str
    instructions: str
    texts: list[str]
    photos: list[bytes]
    schema: dict[str, Any] | None


@dataclass
class FakeGemini:
    """`reactions` answer the next requests, one each; then `otherwise` answers. `pause_s` is its thinking time."""

    url: str = ""
    otherwise: dict[str, Any] = field(default_factory=lambda: dict(NOTHING))
    reactions: list[Reaction] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    pause_s: float = 0.0
    at_once: int = 0
    most_at_once: int = 0

    async def generate(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(_taken_apart(request.match_info["model"], request.headers, await request.json()))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.pause_s)
            reaction = self.reactions.pop(0) if self.reactions else None
            answer = reaction(request) if reaction else answered(self.otherwise)(request)
            return await answer if asyncio.iscoroutine(answer) else answer
        finally:
            self.at_once -= 1


@asynccontextmanager
async def fake_gemini() -> AsyncIterator[FakeGemini]:
    fake = FakeGemini()
    app = web.Application(client_max_size=64 * 2**20)
    app.router.add_post("/{version}/models/{model}:generateContent", fake.generate)
    async with TestServer(app) as server:
        fake.url = str(server.make_url("/")).rstrip("/")
        yield fake


def answered(document: Any, *, finish: str = "STOP") -> Reaction:
    return said(json.dumps(document), finish=finish)


def said(text: str, *, finish: str = "STOP") -> Reaction:
    """These very words, whether they are JSON or not."""
    part = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish}
    usage = {"promptTokenCount": 1000, "candidatesTokenCount": 100, "totalTokenCount": 1100}
    return lambda _: web.json_response({"candidates": [part], "usageMetadata": usage})


def painted(image: bytes) -> Reaction:
    data = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(image).decode()}}
    part = {"content": {"role": "model", "parts": [data]}, "finishReason": "STOP"}
    return lambda _: web.json_response({"candidates": [part]})


def blocked() -> Reaction:
    usage = {"promptTokenCount": 1000, "totalTokenCount": 1000}
    return lambda _: web.json_response({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": usage})


def failing(status: int, *, retry_s: float | None = None) -> Reaction:
    """An error of Google's shape; a 429 says in its details when to come back."""
    error: dict[str, Any] = {"code": status, "message": "no", "status": "RESOURCE_EXHAUSTED"}
    if retry_s is not None:
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{retry_s}s"}]
    return lambda _: web.json_response({"error": error}, status=status)


def html() -> Reaction:
    return lambda _: web.Response(text="<html>Bad gateway</html>", content_type="text/html")


def hung_up() -> Reaction:
    async def cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    return cut


def slow(pause_s: float, document: Any = None) -> Reaction:
    async def wait(request: web.Request) -> Any:
        await asyncio.sleep(pause_s)
        return answered(NOTHING if document is None else document)(request)

    return wait


def huge(characters: int = 30_000_000) -> Reaction:
    return said('{"ingredients": [], "note": "' + "x" * characters + '"}')


def _taken_apart(model: str, headers: Any, body: dict[str, Any]) -> Asked:
    system = body.get("systemInstruction") or {"parts": []}
    config = body.get("generationConfig", {})
    parts = [part for content in body["contents"] for part in content["parts"]]
    return Asked(
        model=model,
        key=headers.get("x-goog-api-key", ""),
        instructions="".join(part["text"] for part in system["parts"]),
        texts=[part["text"] for part in parts if "text" in part],
        photos=list(_photos(parts)),
        schema=config.get("responseJsonSchema") or config.get("responseSchema"),
    )


def _photos(parts: list[dict[str, Any]]) -> Iterator[bytes]:
    for part in parts:
        if "inlineData" in part:
            text = part["inlineData"]["data"]
            yield base64.b64decode(text.replace("-", "+").replace("_", "/") + "==")
