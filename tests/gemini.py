"""A local server that speaks Gemini's protocol: it answers as it is told, and remembers what it was asked.

`python -m tests.gemini` is one for load tests: it sees the same in every photo, and can be slow or faulty.
"""

import argparse
import asyncio
import base64
import hashlib
import io
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

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
    wants_image: bool


@dataclass
class FakeGemini:
    """`reactions` answer the next requests, one each; then `otherwise` answers. `pause_s` is its thinking time.

    Who wants an image gets one of a single colour, which is another one for other words.
    """

    url: str = ""
    otherwise: dict[str, Any] = field(default_factory=lambda: dict(NOTHING))
    reactions: list[Reaction] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    pause_s: float = 0.0
    at_once: int = 0
    most_at_once: int = 0

    async def generate(self, request: web.Request) -> web.StreamResponse:
        asked = _taken_apart(request.match_info["model"], request.headers, await request.json())
        self.asked.append(asked)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.pause_s)
            reaction = self.reactions.pop(0) if self.reactions else None
            usual = painted(picture("".join(asked.texts))) if asked.wants_image else answered(self.otherwise)
            answer = (reaction or usual)(request)
            return await answer if asyncio.iscoroutine(answer) else answer
        finally:
            self.at_once -= 1


@asynccontextmanager
async def fake_gemini() -> AsyncIterator[FakeGemini]:
    fake = FakeGemini()
    async with TestServer(_app(fake.generate)) as server:
        fake.url = str(server.make_url("/")).rstrip("/")
        yield fake


def _app(generate: Callable[[web.Request], Any]) -> web.Application:
    app = web.Application(client_max_size=64 * 2**20)
    app.router.add_post("/{version}/models/{model}:generateContent", generate)
    return app


def answered(document: Any, *, finish: str = "STOP") -> Reaction:
    return said(json.dumps(document), finish=finish)


def said(text: str, *, finish: str = "STOP") -> Reaction:
    """These very words, whether they are JSON or not."""
    part = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish}
    usage = {"promptTokenCount": 1000, "candidatesTokenCount": 100, "totalTokenCount": 1100}
    return lambda _: web.json_response({"candidates": [part], "usageMetadata": usage})


def painted(image: bytes) -> Reaction:
    data = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(image).decode()}}
    part = {"content": {"role": "model", "parts": [{"text": "Here it is."}, data]}, "finishReason": "STOP"}
    usage = {"promptTokenCount": 200, "candidatesTokenCount": 1290, "totalTokenCount": 1490}
    return lambda _: web.json_response({"candidates": [part], "usageMetadata": usage})


def picture(words: str) -> bytes:
    colour = hashlib.sha256(words.encode()).digest()[:3]
    encoded = io.BytesIO()
    Image.new("RGB", (256, 256), (colour[0], colour[1], colour[2])).save(encoded, "PNG")
    return encoded.getvalue()


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
        wants_image="IMAGE" in config.get("responseModalities", ()),
    )


def _photos(parts: list[dict[str, Any]]) -> Iterator[bytes]:
    for part in parts:
        if "inlineData" in part:
            text = part["inlineData"]["data"]
            yield base64.b64decode(text.replace("-", "+").replace("_", "/") + "==")


SEEN = {
    "ingredients": [
        {"name": "leche", "quantity": 2, "unit": "bottle", "confidence": 0.9, "box": [100, 200, 500, 600]},
        {"name": "tomate", "quantity": 4, "unit": "piece", "confidence": 0.8},
    ],
    "foods": [{"name": "arroz con pollo", "quantity": 1, "unit": "portion", "confidence": 0.7}],
}
EGGS = {
    "title": "Huevos con papas", "description": "Papas doradas con huevo.", "minutes": 25, "difficulty": "easy",
    "course": "dinner", "tip": "Usa las papas que brotan primero.",
    "ingredients": [
        {"name": "huevo", "quantity": 3, "unit": "piece"}, {"name": "papa", "quantity": 300, "unit": "g"},
    ],
    "steps": ["Hierve las papas.", "Cuaja los huevos encima."],
}  # fmt: skip
# What it writes of a food, by the one thing that a question about words asks for.
WRITES: dict[str, Any] = {
    "ideas": [{"title": "Crema fría", "description": "Licúala con leche y sírvela helada.", "type": "preparation"}],
    "advice": {
        "optimal_consumption": "Cuando cede al apretarla.", "preparation_tips": "Pártela a lo largo.",
        "quality_check": "Sin manchas hundidas.",
    },
    "keeping": {
        "reheating_tips": "Tapado y con un poco de caldo.", "shelf_life_extension": "Separa la salsa.",
        "quality_indicators": "Huele como recién hecho.",
    },
    "recipes": [EGGS, {**EGGS, "title": "Ají de gallina", "course": "lunch"}],
    "meals": [{**EGGS, "meal": "dinner"}],
    "impact": {"carbon_low": 1, "carbon_high": 3, "water_low": 10, "water_high": 300},
    "nutrients": {"carbohydrate_g": 20, "protein_g": 8, "fat_g": 5, "vitamins_minerals": ["hierro"]},
}  # fmt: skip
PICTURE = Path(__file__).parent / "photos" / "alpha.png"
FAULTS: dict[str, Reaction] = {
    "429": failing(429, retry_s=1),
    "500": failing(500),
    "503": failing(503),
    "blocked": blocked(),
    "cut": hung_up(),
    "html": html(),
    "prose": said("Sure! Here is what I see."),
    "slow": slow(30),
}


def _steady(pause_s: float, faults: list[str], one_in: int) -> web.Application:
    """Sees the same in every photo; each so manieth request meets the next of the faults."""
    paint = painted(PICTURE.read_bytes())
    number, bad = itertools.count(1), itertools.cycle(faults)

    async def generate(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        await asyncio.sleep(pause_s)
        if faults and next(number) % one_in == 0:
            reaction = FAULTS[next(bad)]
        else:
            reaction = paint if b'"responseModalities"' in body else answered(_fitting(json.loads(body)))
        answer = reaction(request)
        return await answer if asyncio.iscoroutine(answer) else answer

    return _app(generate)


def _fitting(body: dict[str, Any]) -> dict[str, Any]:
    wanted = body.get("generationConfig", {}).get("responseJsonSchema", {}).get("properties", {})
    return {name: WRITES[name] for name in wanted if name in WRITES} or SEEN


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.gemini", description=__doc__)
    parser.add_argument("--port", type=int, default=3299, help="on 127.0.0.1 (3299)")
    parser.add_argument("--pause", type=float, default=1.0, metavar="S", help="how long it thinks (1)")
    parser.add_argument("--fault", action="append", choices=FAULTS, default=[], help="answers so, may repeat")
    parser.add_argument("--one-in", type=int, default=1, metavar="N", help="faults: every N-th request (1: each)")
    options = parser.parse_args()
    app = _steady(options.pause, options.fault, options.one_in)
    web.run_app(app, host="127.0.0.1", port=options.port, access_log=None, print=partial(print, flush=True))


if __name__ == "__main__":
    main()
