"""What a client remembers of before a restart."""

from pathlib import Path

from aiohttp import ClientSession

from tests.service import running, signed_in


async def test_an_etag_of_before_a_restart_does_not_match(tmp_path: Path, http: ClientSession) -> None:
    """A backup may have been put in place in between, and its versions be used again for other contents."""
    async with running(tmp_path) as service:
        client = await signed_in(http, service.url)
        etag = (await client.get("/api/inventory")).headers["ETag"]
        assert (await client.get("/api/inventory", headers={"If-None-Match": etag})).status == 304
    async with running(tmp_path) as service:
        client.url = service.url
        assert (await client.get("/api/inventory", headers={"If-None-Match": etag})).status == 200
