"""Google's server of public keys, with keys of our own: what Firebase's ID tokens are checked against."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

PROJECT = "zwai-tests"


@cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    """One key for each name: making one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate(name: str) -> str:
    """The public half of a key, self-signed, as Google publishes them."""
    key, now = private_key(name), datetime.now(UTC)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
    signed = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def id_token(key: str = "one", *, kid: str | None = None, algorithm: str = "RS256", **claims: Any) -> str:
    """A token as Firebase makes it, with some claims changed; None leaves one out."""
    now = int(datetime.now(UTC).timestamp())
    true = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "auth_time": now - 60,
        "iat": now - 60,
        "exp": now + 3540,
        "sub": "firebase-uid-of-ana",
        "user_id": "firebase-uid-of-ana",
        "name": "Ana",
        "picture": "https://example.com/ana.png",
        "email": "ana@example.com",
        "email_verified": True,
        "firebase": {"sign_in_provider": "google.com"},
    }
    kept = {name: value for name, value in {**true, **claims}.items() if value is not None}
    signer: Any = "a shared secret that is long enough, is it not" if algorithm == "HS256" else private_key(key)
    return jwt.encode(kept, signer, algorithm=algorithm, headers={"kid": kid or key})


@dataclass
class KeyServer:
    """What it publishes, and how often it was asked. `down`: answers 500; `slow`: waits for `let_go`."""

    url: str = ""
    names: list[str] = field(default_factory=lambda: ["one"])
    cache_control: str = "public, max-age=20000, must-revalidate, no-transform"
    asked: int = 0
    down: bool = False
    body: bytes | None = None
    let_go: asyncio.Event | None = None

    async def answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        if self.let_go is not None:
            await self.let_go.wait()
        if self.down:
            return web.Response(status=500)
        headers = {"Cache-Control": self.cache_control}
        if self.body is not None:
            return web.Response(body=self.body, headers=headers)
        return web.json_response({name: certificate(name) for name in self.names}, headers=headers)


@asynccontextmanager
async def serving_keys() -> AsyncIterator[KeyServer]:
    keys, app = KeyServer(), web.Application()
    app.router.add_get("/keys", keys.answer)
    async with TestServer(app) as server:
        keys.url = str(server.make_url("/keys"))
        yield keys
