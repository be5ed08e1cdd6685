"""Exports over HTTP: everything of a household in one zip, and back into an empty one, whatever the zip says it is."""

import asyncio
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import FormData
from sqlalchemy import insert, select, update

from storage import exports, schema
from tests.http.expecting import answered, refused, refused_in_both_languages
from tests.service import PHOTOS, Client, Reply, Service, signed_in, stack_path
from zwai.kitchen.uploads import UNPACKED_AT_ONCE
from zwai.records.ids import new_id
from zwai.records.people import HouseholdId
from zwai.records.photos import Copy

Guest = Callable[[], Awaitable[Client]]
ID = re.compile(rb'(?<=")[0-9a-f]{32}(?=")')
ACCOUNT = re.compile(rb'"account_id":(null|"[0-9a-f]{32}")')


async def exported(client: Client) -> bytes:
    reply = await client.get("/api/export")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/zip"), reply.body[:500]
    assert reply.headers["X-Request-Id"] and "attachment" in reply.headers["Content-Disposition"]
    return reply.body


async def bring(client: Client, archive: bytes) -> Reply:
    return await client.post("/api/import", data=archive, headers={"Content-Type": "application/zip"})


async def lived_in(client: Client) -> None:
    """A household with something of everything: photos, proposals, batches, a journal with an undo, feedback."""
    seen = (await client.upload(PHOTOS / "tomato.jpg", "/api/recognition/ingredients")).json
    proposal = seen["recognition_id"]
    await client.upload(PHOTOS / "hamburger.jpg", "/api/recognition/foods")
    lines = (await client.get(f"/api/proposals/{proposal}")).json["lines"]
    edit = {"id": lines[0]["id"], "name": "Tomate de árbol", "quantity": 2.5}
    assert (await client.post(f"/api/proposals/{proposal}/accept", json={"lines": [edit], "close": True})).status == 200
    await client.post("/api/recognition/feedback", json={"recognition_id": proposal, "feedback": "casi"})
    milk = await client.add("Leche", 2, "litros", expiration_date="2031-01-02", tips="Bien fría")
    await client.post(f"{milk}/consume", json={"consumed_quantity": 0.5, "consumption_reason": "desayuno"})
    await client.post("/api/inventory", json={"name": "Lomo saltado", "quantity": 2, "type_unit": "porciones"})
    await client.put(
        milk, json={"name": "Leche", "quantity": 1.25, "type_unit": "litros", "storage_type": "congelador"}
    )
    bread = await client.add("Pan", 6)
    await client.delete(bread)
    last = (await client.get("/api/journal?limit=1")).json["entries"][0]["entry_id"]
    assert (await client.post(f"/api/journal/{last}/undo")).status == 200


async def taught(client: Client, service: Service) -> None:
    """What a household learned by itself, and what it paid: rows of every further table, and what a proposal read."""
    batch = (await client.get("/api/inventory")).json["ingredients"][0]["stacks"][0]["batch_id"]
    async with service.kitchen.database.read() as tx:
        row = await tx.first(select(schema.batches.c.household_id).where(schema.batches.c.id == batch))
    assert row is not None
    own, learned = HouseholdId(row.household_id), datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
    label = {"label": "Leche entera", "food_id": "milk"}
    much = {"amount": Decimal("1.5"), "unit": "l"}
    rows = {
        schema.shop_words: {"shop_key": "20123", "words_key": "lech ent", "learned_at": learned, **label},
        schema.products: {"gtin": "07751234567890", "learned_at": learned, **label, **much},
        schema.prices: {
            "id": new_id(learned), "batch_id": batch, "label_key": "leche", "food_id": None, "shop": "Bodega",
            "bought_on": date(2026, 3, 4), "price": Decimal("5.9"), "currency": "PEN", **much,
        },
    }  # fmt: skip
    async with service.kitchen.database.write(own) as tx:
        for table, columns in rows.items():
            await tx.execute(insert(table).values(household_id=own, **columns))
        read = {"photo": "1", "shop": "Bodega", "total": "5.90"}
        await tx.execute(
            update(schema.recognitions).where(schema.recognitions.c.household_id == own).values(receipts=[read])
        )
        lines = schema.proposal_lines
        await tx.execute(update(lines).where(lines.c.household_id == own).values(evidence={"read": "LECH ENT 5.90"}))


async def test_what_a_household_learned_and_paid_comes_along(guest: Guest, service: Service) -> None:
    ana, ben = await guest(), await guest()
    await lived_in(ana)
    await taught(ana, service)
    first = await exported(ana)
    told = answered(await bring(ben, first), "POST", "/api/import")
    assert {name: told["imported"][name] for name in ("shop_words", "products", "prices")} == {
        "shop_words": 1, "products": 1, "prices": 1,
    }  # fmt: skip
    again = await exported(ben)
    assert content(again) == content(first)
    row, bought = (json.loads(zipfile.ZipFile(io.BytesIO(one)).read("prices.jsonl")) for one in (first, again))
    assert (bought["price"], bought["bought_on"]) == (row["price"], row["bought_on"])
    stock = [json.loads(line)["id"] for line in zipfile.ZipFile(io.BytesIO(again)).read("batches.jsonl").splitlines()]
    assert bought["batch_id"] in stock and bought["batch_id"] != row["batch_id"]


def content(archive: bytes) -> dict[str, Any]:
    """What an export says, whatever its ids are: each is replaced by what its row says, step by step.

    An id stands for the hash of the row that it names and of the rows that those name; the order does not count.
    """
    files = zipfile.ZipFile(io.BytesIO(archive))
    rows = {name: files.read(name).splitlines() for name in files.namelist() if name.endswith(".jsonl")}
    photos = {name: hashlib.sha256(files.read(name)).digest() for name in files.namelist() if name.endswith(".jpg")}
    owners: dict[bytes, list[bytes]] = {}
    for name, lines in rows.items():
        for line in lines:
            if "id" in (row := json.loads(line)):
                owners.setdefault(row["id"].encode(), []).append(name.encode() + line)
    names = dict.fromkeys(owners, b"#")
    for _ in range(4):
        names = {
            one: hashlib.sha256(b"".join(renamed(row, names) for row in said)).digest() for one, said in owners.items()
        }
    told = {name: sorted(renamed(line, names) for line in lines) for name, lines in rows.items()}
    parts = [(name.split("/"), digest) for name, digest in photos.items()]
    shown = sorted((names[photo.encode()], copy, digest) for (_, photo, copy), digest in parts)
    return {**told, "photos": shown}


def renamed(line: bytes, names: dict[bytes, bytes]) -> bytes:
    """A row whose ids are names of rows; who did it counts where they are a member only."""
    line = ACCOUNT.sub(b"", line)
    return ID.sub(lambda found: names.get(found[0], b"?"), line)


async def test_an_export_brought_into_another_household_says_the_same(guest: Guest) -> None:
    ana, ben = await guest(), await guest()
    await lived_in(ana)
    first = await exported(ana)
    told = answered(await bring(ben, first), "POST", "/api/import")
    assert told["imported"]["batches"] == 4 and told["imported"]["photos"] == 2
    assert content(await exported(ben)) == content(first)
    assert await exported(ana) is not None and content(await exported(ana)) == content(first)


async def test_what_came_in_is_used_like_what_was_there_before(guest: Guest) -> None:
    ana, ben = await guest(), await guest()
    await lived_in(ana)
    assert (await bring(ben, await exported(ana))).status == 201
    assert set(await ben.stock()) == set(await ana.stock())
    shelves = (await ben.get("/api/inventory")).json["ingredients"]
    tomato = next(shelf for shelf in shelves if shelf["name"] == "Tomate de árbol")
    assert (await ben.get("/photos/" + tomato["image_path"].partition("/photos/")[2])).status == 200
    path = stack_path({"name": "Tomate de árbol", "added_at": tomato["stacks"][0]["added_at"]})
    assert (await ben.post(f"{path}/consume", json={"consumed_quantity": 1})).status == 200
    assert await ana.quantity("Tomate de árbol") == 2.5
    entries = (await ben.get("/api/journal")).json["entries"]
    assert entries[0]["act"] == "eat" and len(entries) == len((await ana.get("/api/journal")).json["entries"]) + 1
    for entry in entries:
        reply = await ben.post(f"/api/journal/{entry['entry_id']}/undo")
        assert reply.status == 200 or reply.json["code"] in ("already_undone", "undo_is_final"), reply.body
    assert await ben.stock() == {}
    proposals = (await ben.get("/api/proposals")).json["proposals"]
    assert [one["open"] > 0 for one in proposals] == [
        one["open"] > 0 for one in (await ben.get("/api/proposals")).json["proposals"]
    ]
    assert len(await ana.stock()) == 4


async def test_no_id_of_an_import_is_one_that_was_there(guest: Guest, service: Service) -> None:
    ana, ben = await guest(), await guest()
    await lived_in(ana)
    first = await exported(ana)
    await bring(ben, first)
    before, after = (set(ID.findall(b"".join(rows))) for rows in (lines_of(first), lines_of(await exported(ben))))
    accounts = {(client.user or {})["uid"].encode() for client in (ana, ben)}
    assert before & after <= accounts
    async with service.kitchen.database.read() as tx:
        home = select(schema.accounts.c.household_id).where(schema.accounts.c.id == (ben.user or {})["uid"])
        deeds = await tx.all(select(schema.journal.c.account_id).where(schema.journal.c.household_id.in_(home)))
    assert {row.account_id for row in deeds} == {None}  # whoever did it is not a member here


def lines_of(archive: bytes) -> list[bytes]:
    files = zipfile.ZipFile(io.BytesIO(archive))
    return [files.read(name) for name in files.namelist() if name.endswith(".jsonl")]


@pytest.mark.parametrize("day", ["9999-12-31", "1899-12-31"])
async def test_a_day_far_away_comes_back_like_any(guest: Guest, day: str) -> None:
    one, other = await guest(), await guest()
    await one.add("Sal")
    archive = edited(await exported(one), "batches", expiry_day=day)  # as an older release let it be typed
    assert (await bring(other, archive)).status == 201
    (salt,) = (await other.stock())["Sal"]
    assert salt["expiration_date"].startswith(day)


async def test_an_export_comes_back_by_a_form_too(guest: Guest) -> None:
    ana, ben = await guest(), await guest()
    await ana.add("Leche")
    form = FormData()
    form.add_field("note", "x")
    form.add_field("file", await exported(ana), filename="zwai.zip", content_type="application/zip")
    assert (await ben.post("/api/import", data=form)).status == 201
    assert list(await ben.stock()) == ["Leche"]


async def test_an_import_does_not_mix_with_what_is_there(client: Client, guest: Guest) -> None:
    await client.add("Leche")
    archive = await exported(client)
    problem = refused(await bring(client, archive), 409, "household_not_empty")
    assert problem["error"]
    assert len((await client.stock())["Leche"]) == 1
    ben = await guest()
    key = {"Idempotency-Key": "i1"}
    replies = [await ben.post("/api/import", data=archive, headers=key) for _ in range(2)]
    assert [reply.status for reply in replies] == [201, 201]
    assert replies[1].headers["Idempotent-Replayed"] == "true"
    refused(await bring(ben, archive), 409, "household_not_empty")


async def test_an_empty_household_can_be_taken_along(client: Client, guest: Guest) -> None:
    archive = await exported(client)
    assert (await bring(await guest(), archive)).status == 201


def test_every_table_of_a_household_is_exported_or_left_out_on_purpose() -> None:
    left_out = {"accounts", "claims", "invitations", "jobs"}
    owned = {table.name for table in schema.metadata.sorted_tables if "household_id" in table.c}
    assert owned - left_out - {"ai_calls"} == set(exports.TABLES)


def changed(archive: bytes, **files: bytes | None) -> bytes:
    """The archive with some of its files replaced, added or (None) left out; `__` in a name stands for a slash."""
    source, made = zipfile.ZipFile(io.BytesIO(archive)), io.BytesIO()
    given = {name.replace("__", "/").replace("_dot_", "."): value for name, value in files.items()}
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in dict.fromkeys([*source.namelist(), *given]):
            value = given.get(name, b"" if name in given else source.read(name))
            if value is not None and not (name in given and given[name] is None):
                target.writestr(name, value)
    return made.getvalue()


def edited(archive: bytes, table: str, **columns: Any) -> bytes:
    """The archive with columns of a table's first row set to something else."""
    files = zipfile.ZipFile(io.BytesIO(archive))
    first, *rest = files.read(f"{table}.jsonl").splitlines(keepends=True)
    row = json.dumps({**json.loads(first), **columns}).encode() + b"\n"
    return changed(archive, **{f"{table}_dot_jsonl": row + b"".join(rest)})


@pytest.fixture(scope="module")
async def archive(service: Service, http: Any) -> bytes:
    ana = await signed_in(http, service.url)
    await lived_in(ana)
    return await exported(ana)


NOT_AN_ARCHIVE = {
    "nothing": b"",
    "no zip": b"PK\x03\x04 but no more",
    "a photo": (PHOTOS / "lemon.jpg").read_bytes(),
    "an end that promises a giant directory": b"PK\x05\x06" + b"\0" * 8 + b"\xff" * 8 + b"\0\0",
    "zip64": b"PK\x06\x07" + b"\0" * 16 + b"PK\x05\x06" + b"\0" * 18,
}


@pytest.mark.parametrize("name", NOT_AN_ARCHIVE)
async def test_what_is_no_archive_is_refused(client: Client, name: str) -> None:
    refused(await bring(client, NOT_AN_ARCHIVE[name]), 400, "not_an_export")


async def test_a_refusal_says_which_part_is_at_fault_in_both_languages(client: Client) -> None:
    problem = await refused_in_both_languages(client, "POST", "/api/import", 400, data=b"x")
    assert "zip" in problem["error"]


BAD_FILES: dict[str, dict[str, bytes | None]] = {
    "no manifest": {"zwai_dot_json": None},
    "another format": {"zwai_dot_json": b'{"format": "other", "version": 1}'},
    "a later version": {"zwai_dot_json": b'{"format": "zwai-export", "version": 2}'},
    "a manifest that is a list": {"zwai_dot_json": b"[]"},
    "a path that climbs out": {"..__..__evil_dot_jpg": b"x"},
    "an absolute path": {"__etc__evil": b"x"},
    "a file that nobody knows": {"notes_dot_txt": b"x"},
    "no JSON": {"batches_dot_jsonl": b"{"},
    "a row that is a list": {"batches_dot_jsonl": b"[]\n"},
    "a row without its columns": {"batches_dot_jsonl": b"{}\n"},
    "a line without end": {"batches_dot_jsonl": b" " * 600_000},
    "more rows than fit": {"batches_dot_jsonl": (b" " * 500_000 + b"\n") * 140},
    "lines of an unknown proposal": {"recognitions_dot_jsonl": None, "feedback_dot_jsonl": None},
    "changes of an unknown entry": {"journal_dot_jsonl": None},
}


@pytest.mark.parametrize(
    "evidence", [{"packs": "0"}, {"packs": "two"}, {"price": "much"}, {"bought_on": "soon"}, {"currency": "soles"}]
)
async def test_evidence_that_accepting_could_not_read_is_refused(client: Client, archive: bytes, evidence: Any) -> None:
    refused(await bring(client, edited(archive, "proposal_lines", evidence=evidence)), 400, "not_an_export")


@pytest.mark.parametrize("name", BAD_FILES)
async def test_an_archive_with_bad_files_is_refused(
    client: Client, service: Service, archive: bytes, name: str
) -> None:
    before = folders(service)
    refused(await bring(client, changed(archive, **BAD_FILES[name])), 400, "not_an_export")
    assert folders(service) == before
    assert (await client.get("/api/journal")).json["entries"] == []


BAD_COLUMNS: list[tuple[str, dict[str, Any]]] = [
    ("batches", {"id": "../../../etc/passwd"}),
    ("batches", {"id": "x" * 32}),
    ("batches", {"amount": "NaN"}),
    ("batches", {"amount": "-1"}),
    ("batches", {"amount": 1}),
    ("batches", {"unit": "jeme"}),
    ("batches", {"label": None}),
    ("batches", {"label": "x" * 101}),
    ("batches", {"label": "", "label_key": ""}),
    ("batches", {"label": "\u200b", "label_key": "\u200b"}),
    ("batches", {"label": "Le\0che", "label_key": "le\0che"}),
    ("batches", {"label": "Le\nche", "label_key": "le che"}),
    ("batches", {"label_key": "another"}),
    ("batches", {"amount": "0"}),
    ("batches", {"amount": "0.0004"}),
    ("batches", {"tips": "a\0b"}),
    ("batches", {"expiry_day": "2031-02-31"}),
    ("batches", {"added_at": "2026-01-01T00:00:00"}),
    ("batches", {"dish": {"category": 1}}),
    ("batches", {"reserved": {"day": "x", "meal": "lunch"}}),
    ("batches", {"reserved": {"day": "2031-01-02", "meal": "y"}}),
    ("photos", {"size_bytes": -1}),
    ("photos", {"width": 2**31}),
    ("photos", {"id": "0" * 32}),
    ("recognitions", {"photos": "all"}),
    ("proposal_lines", {"confidence": "2"}),
    ("proposal_lines", {"box": {"x_min": 0}}),
    ("journal", {"version": 2**62}),
    ("journal", {"version": True}),
    ("journal_changes", {"after": {"id": "0" * 32}}),
    ("journal_changes", {"before": [1]}),
    ("journal_changes", {"batch_id": "0" * 32}),
    ("journal_changes", {"before": None, "after": None}),
]


async def test_a_change_of_a_batch_that_cannot_be_is_refused(client: Client, archive: bytes) -> None:
    change = json.loads(zipfile.ZipFile(io.BytesIO(archive)).read("journal_changes.jsonl").splitlines()[0])
    for bad in ({"amount": "0"}, {"label": " "}, {"label_key": "another"}, {"id": "0" * 32}):
        edit = edited(archive, "journal_changes", after={**change["after"], **bad})
        refused(await bring(client, edit), 400, "not_an_export")


@pytest.mark.parametrize(("table", "columns"), BAD_COLUMNS, ids=str)
async def test_a_row_that_cannot_be_is_refused(
    client: Client, service: Service, archive: bytes, table: str, columns: dict[str, Any]
) -> None:
    before = folders(service)
    refused(await bring(client, edited(archive, table, **columns)), 400, "not_an_export")
    assert folders(service) == before


async def test_no_more_comes_in_than_a_household_may_hold(
    client: Client, service: Service, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zwai.kitchen.export.MOST_BATCHES", 1)
    before = folders(service)
    refused(await bring(client, archive), 409, "stock_full")
    assert folders(service) == before


async def test_rows_that_clash_leave_nothing_behind(client: Client, service: Service, archive: bytes) -> None:
    twice = zipfile.ZipFile(io.BytesIO(archive)).read("batches.jsonl").splitlines(keepends=True)[0] * 2
    before = folders(service)
    refused(await bring(client, changed(archive, batches_dot_jsonl=twice)), 409, "conflict")
    assert folders(service) == before
    assert await client.stock() == {}


@pytest.mark.parametrize("copy", Copy)
@pytest.mark.parametrize("bytes_", [b"", b"GIF89a", b"\xff\xd8\xff\xe0 no more", b"\xff\xd8\xff" + b"\0" * 9_000_000])
async def test_a_photo_that_is_none_is_refused(
    client: Client, service: Service, archive: bytes, copy: Copy, bytes_: bytes
) -> None:
    photo = next(name for name in zipfile.ZipFile(io.BytesIO(archive)).namelist() if name.endswith(f"{copy}.jpg"))
    before = folders(service)
    bad = changed(archive, **{photo.replace("/", "__").replace(".", "_dot_"): bytes_})
    refused(await bring(client, bad), 400, "not_an_export")
    assert folders(service) == before


async def test_a_photo_of_another_household_cannot_be_named(guest: Guest, archive: bytes) -> None:
    ana, eve = await guest(), await guest()
    photo = (await ana.upload(PHOTOS / "lemon.jpg")).json["image"]["uid"]
    assert (await bring(eve, edited(archive, "batches", photo_id=photo))).status == 201
    assert photo not in (await eve.get("/api/inventory")).body.decode()


def folders(service: Service) -> set[str]:
    """The photos that are kept, and the temporary files."""
    kept = {path.name for path in (service.data_dir / "photos").glob("*/*")}
    return kept | {path.name for path in (service.data_dir / "tmp").glob("*")}


async def test_nothing_temporary_is_left(client: Client, service: Service) -> None:
    before = folders(service)
    for _ in range(3):
        await exported(client)
        assert (await client.request("HEAD", "/api/export")).status == 200
    async with asyncio.timeout(5):  # an answer is there before its file is gone
        while service.kitchen.uploads.in_flight:
            await asyncio.sleep(0.01)
    assert folders(service) == before


async def test_so_many_archives_are_unpacked_at_once_and_no_more(guest: Guest, service: Service) -> None:
    giver, taker = await guest(), await guest()
    await giver.add("Leche")
    archive = await exported(giver)
    async with AsyncExitStack() as others:
        for _ in range(UNPACKED_AT_ONCE):
            await others.enter_async_context(service.kitchen.uploads.unpacking())
        refused(await bring(taker, archive), 503, "imports_full")
        assert (await taker.upload(PHOTOS / "lemon.jpg")).status == 201, "others wait for nothing"
    assert (await bring(await guest(), archive)).status == 201
