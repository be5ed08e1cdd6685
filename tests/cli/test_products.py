"""`zwai products`: a file of products goes in whole, and a running service knows them."""

import asyncio
import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from aiohttp import ClientSession

from tests.processes import zwai
from tests.service import running, signed_in
from zwai.products import _sift

pytestmark = pytest.mark.direct

FILE = """gtin,name,brand,quantity,allergens
7750670000154,Leche evaporada entera,Gloria,400 g,leche
96385074,Galletas de soda,Field,,"trigo, soya"
7750670000155,Mal código,,,
7750670000154,Otra vez,,,
"""


@pytest.mark.parametrize("crafted", [b"x," * 5_000_000, b'"' + b'a","\n' * 2_000_000 + b'"'], ids=["line", "row"])
def test_a_crafted_row_takes_no_memory(tmp_path: Path, crafted: bytes) -> None:
    header, good, *_ = FILE.encode().splitlines(keepends=True)
    packed = tmp_path / "products.csv.gz"
    packed.write_bytes(gzip.compress(header + crafted + b"\n" + good, compresslevel=1))
    tracemalloc.start()
    try:
        with TemporaryFile() as kept:
            found, bad = _sift(packed, kept, lambda *_: None)
        assert found == 1 and bad >= 1
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.slow
async def test_a_file_replaces_what_was_there(http: ClientSession, tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running(data) as service:  # while the service runs
        (tmp_path / "one.csv").write_text(FILE)
        ended = await asyncio.to_thread(zwai, "products", "install", "one.csv", cwd=tmp_path, data_dir=data)
        left_out = "without a good number or a name: 1, with a number that came before: 1"
        assert ended.stdout == f"Products installed: 2. Rows left out, {left_out}.\n", ended.stderr
        ana = await signed_in(http, service.url)
        found = (await ana.get("/api/products/7750670000154")).json
        assert (found["name"], found["food_id"], found["source"]) == (
            "Leche evaporada entera", "evaporated_milk", "installed",
        )  # fmt: skip
        (tmp_path / "two.csv.gz").write_bytes(gzip.compress("gtin,name\n0036000291452,Café\n".encode()))
        await asyncio.to_thread(zwai, "products", "install", "two.csv.gz", cwd=tmp_path, data_dir=data)
        counted = await asyncio.to_thread(zwai, "products", cwd=tmp_path, data_dir=data)
        assert counted.stdout == "Products installed: 1.\n"
        assert (await ana.get("/api/products/7750670000154")).status == 404
        assert (await ana.get("/api/products/036000291452")).json["name"] == "Café"
        (tmp_path / "three.csv").write_text("name\nLeche\n")
        refused = await asyncio.to_thread(zwai, "products", "install", "three.csv", cwd=tmp_path, data_dir=data)
        assert (refused.returncode, "no list of products" in refused.stderr) == (1, True)
        assert (await ana.get("/api/products/036000291452")).status == 200


def test_its_command_is_shown_as_one_that_may_be_missing(tmp_path: Path) -> None:
    told = zwai("products", "--help", cwd=tmp_path, data_dir=tmp_path).stdout
    assert "[COMMAND]" in told
    assert "Without a COMMAND it counts them." in told.replace("\n", " ")


def test_without_a_database_it_says_what_to_do(tmp_path: Path) -> None:
    ended = zwai("products", cwd=tmp_path, data_dir=tmp_path)
    assert ended.returncode == 1
    assert "zwai migrate" in ended.stderr


@pytest.mark.parametrize("harm", [lambda packed: packed[:-12], lambda packed: packed[:10] + b"\xff" * 20])
def test_a_packed_file_that_was_cut_off_is_told_in_a_sentence(tmp_path: Path, harm: Callable[[bytes], bytes]) -> None:
    (tmp_path / "cut.csv.gz").write_bytes(harm(gzip.compress(FILE.encode())))
    assert zwai("migrate", cwd=tmp_path, data_dir=tmp_path).returncode == 0
    ended = zwai("products", "install", "cut.csv.gz", cwd=tmp_path, data_dir=tmp_path)
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False), ended.stderr
    assert "cut off or damaged" in ended.stderr
