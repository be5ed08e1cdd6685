"""Fetching the certificates that Firebase's ID tokens are signed with: a call to the open network."""

import re
from typing import Any

import orjson
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout

from zwai.errors import KeysUnreachable
from zwai.kitchen.firebase import Fetch, Published

DEADLINE_S = 5.0
STEP_BYTES = 16 * 1024
LARGEST_ANSWER_BYTES = 256 * 1024
MAX_AGE = re.compile(r"max-age=(\d{1,9})")


def fetch_from(http: ClientSession, url: str) -> Fetch:
    """What asks `url` for its certificates: a JSON object of PEM texts by key id."""

    async def fetch() -> Published:
        try:
            async with http.get(url, timeout=ClientTimeout(total=DEADLINE_S), raise_for_status=True) as response:
                document = orjson.loads(await _body(response))
                found = MAX_AGE.search(response.headers.get("Cache-Control", ""))
                return Published(_certificates(document), float(found[1]) if found else 0.0)
        except (ClientError, TimeoutError, ValueError) as error:
            raise KeysUnreachable({"retry_after": 5}) from error

    return fetch


async def _body(response: ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(STEP_BYTES):
        body += chunk
        if len(body) > LARGEST_ANSWER_BYTES:
            raise ValueError("these are no certificates")
    return bytes(body)


def _certificates(document: Any) -> dict[str, str]:
    if not isinstance(document, dict) or not document or not all(isinstance(pem, str) for pem in document.values()):
        raise ValueError("these are no certificates")
    return document
