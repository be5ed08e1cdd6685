"""The operator's routes: closed without the secret, and what they tell with it."""

import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import ClientSession
from sqlalchemy import update

from handlers.route import Auth, Route
from handlers.routes import ROUTES
from storage.schema import refresh_tokens, sessions
from tests.http.expecting import answered, refused, refused_in_both_languages
from tests.service import PHOTOS, Client, Reply, Service, running, signed_in
from zwai.records.ids import new_id
from zwai.settings import BadSetting, Settings, load_settings

SECRET = "an operator's secret of more than 32 characters"
INTERNAL = [route for route in ROUTES if route.auth is Auth.INTERNAL]
ROWS = pytest.mark.parametrize("route", [pytest.param(route, id=route.name) for route in INTERNAL])


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    async with running(tmp_path_factory.mktemp("admin"), internal_secret=SECRET) as service:
        yield service


@pytest.fixture
def operator(site: Service, http: ClientSession) -> Client:
    return Client(http, site.url)


async def ask(operator: Client, method: str, path: str, secret: str = SECRET) -> Reply:
    return await operator.request(method, path, headers={"X-Internal-Secret": secret})


@ROWS
async def test_the_secret_opens_and_nothing_else_does(operator: Client, site: Service, route: Route) -> None:
    answered(await ask(operator, route.method, route.path), route.method, route.path)
    member = await signed_in(operator.http, site.url)
    for secret in ("", "wrong", SECRET[:-1], SECRET + "x", SECRET.upper()):
        refused(await ask(member, route.method, route.path, secret), 403, "not_an_operator")
    await refused_in_both_languages(member, route.method, route.path, 403)


@ROWS
async def test_a_secret_in_another_header_or_in_the_address_does_not_open(operator: Client, route: Route) -> None:
    for headers in ({"Authorization": f"Bearer {SECRET}"}, {"X-Admin-Token": SECRET}, {"X-Test-Suite": "1"}):
        reply = await operator.request(route.method, f"{route.path}?X-Internal-Secret=x", headers=headers)
        refused(reply, 403, "not_an_operator")


async def test_what_is_over_is_forgotten_and_counted(operator: Client, site: Service) -> None:
    gone, here = [await signed_in(operator.http, site.url) for _ in range(2)]
    yesterday = datetime.now(UTC) - timedelta(days=1)
    session = session_of(gone)
    async with site.kitchen.database.write() as tx:
        await tx.execute(update(sessions).where(sessions.c.id == session).values(expires_at=yesterday))
        await tx.execute(
            update(refresh_tokens).where(refresh_tokens.c.session_id == session).values(expires_at=yesterday)
        )
    cleaned = (await ask(operator, "POST", "/api/admin/cleanup-tokens")).json["cleaned"]
    assert cleaned == {"blacklist_cleaned": 1, "tracking_cleaned": 1}
    again = (await ask(operator, "POST", "/api/admin/cleanup-tokens")).json["cleaned"]
    assert again == {"blacklist_cleaned": 0, "tracking_cleaned": 0}
    assert (await here.get("/api/user/profile")).status == 200


def session_of(client: Client) -> str:
    return str(jwt.decode(client.token or "", options={"verify_signature": False})["sid"])


async def test_tokens_are_counted_by_what_became_of_them(operator: Client, site: Service) -> None:
    async def stats() -> dict[str, int]:
        told: dict[str, int] = (await ask(operator, "GET", "/api/admin/security-stats")).json["security_stats"]
        return told

    before = await stats()
    one, two = [await signed_in(operator.http, site.url) for _ in range(2)]
    await replace(one, token=one.refresh_token).post("/api/auth/refresh")
    await two.post("/api/auth/logout")
    after = await stats()
    grown = {name: after[name] - before[name] for name in after}
    assert grown == {
        "blacklisted_tokens": 1,
        "active_refresh_tokens": 1,
        "used_refresh_tokens": 1,
        "total_refresh_tokens": 3,
    }


async def test_users_come_by_page_without_names_and_emails(operator: Client, site: Service) -> None:
    uids = set()
    for number in range(3):
        body = {"name": f"Persona {number}", "email": "secreta@example.com"}
        uids.add((await operator.post("/api/auth/guest-login", json=body)).json["user"]["uid"])
    seen: list[str] = []
    cursor = ""
    while True:
        reply = await ask(operator, "GET", f"/api/admin/users?limit=2{cursor}")
        assert b"Persona" not in reply.body
        assert b"secreta" not in reply.body
        seen += [user["uid"] for user in reply.json["users"]]
        if reply.json["next_cursor"] is None:
            break
        cursor = f"&cursor={reply.json['next_cursor']}"
    assert uids <= set(seen)
    assert len(seen) == len(set(seen))
    assert seen == sorted(seen)  # in the order in which they were opened


async def test_everything_is_counted(operator: Client, site: Service) -> None:
    member = await signed_in(operator.http, site.url)
    before = (await ask(operator, "GET", "/api/admin/stats")).json["stats"]
    await member.add("Leche")
    await member.upload(PHOTOS / "lemon.jpg")
    after = (await ask(operator, "GET", "/api/admin/stats")).json["stats"]
    assert {name: after[name] - before[name] for name in ("batches", "photos", "journal")} == {
        "batches": 1, "photos": 1, "journal": 1,
    }  # fmt: skip


async def test_files_that_no_photo_names_are_removed_and_the_others_stay(operator: Client, site: Service) -> None:
    member = await signed_in(operator.http, site.url)
    photo = (await member.upload(PHOTOS / "lemon.jpg")).json["image"]
    two_hours_ago = datetime.now(UTC) - timedelta(hours=2)
    orphan = new_id(two_hours_ago)
    ours, without_row = [site.data_dir / "photos" / uid[-2:] / uid for uid in (photo["uid"], orphan)]
    copy_as_old(ours, without_row, two_hours_ago)
    told = (await ask(operator, "POST", "/api/image_management/sync_images")).json
    assert told["removed"] == 1
    assert (await ask(operator, "POST", "/api/admin/sync_images")).json["removed"] == 0
    assert (await member.get("/photos/" + photo["image_path"].partition("/photos/")[2])).status == 200


def copy_as_old(source: Path, target: Path, moment: datetime) -> None:
    shutil.copytree(source, target)
    for path in [target, *target.rglob("*")]:
        os.utime(path, (moment.timestamp(), moment.timestamp()))


async def test_the_secret_is_told_by_nothing(operator: Client, site: Service) -> None:
    for path in ("/", "/status", "/health/ready", "/metrics", "/api/capabilities", "/api/openapi.json"):
        assert SECRET.encode() not in (await operator.get(path)).body
    assert SECRET not in repr(Settings(internal_secret=SECRET))


def test_a_short_secret_is_refused_and_one_comes_from_a_file(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="ZWAI_INTERNAL_SECRET"):
        Settings(internal_secret="short")
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    environ: dict[str, Any] = {"ZWAI_INTERNAL_SECRET_FILE": str(file)}
    assert load_settings(environ).internal_secret == SECRET
