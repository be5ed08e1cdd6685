"""scripts/loadtest as a person runs it, with few people on a small service."""

import subprocess
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.processes import ROOT, served

USERS = 5
ROUTES = {
    "POST /api/auth/guest-login": 1,
    "POST /api/auth/refresh": 1,
    "GET /api/inventory": 20,
    "GET /api/inventory/expiring": 20,
    "POST /api/image_management/upload_image": 1,
    "POST /api/recognition/ingredients": 1,
    "POST /api/inventory/bulk-add": 1,
    "POST /api/inventory/ingredients/…/consume": 1,
}


def loadtest(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts" / "loadtest", *arguments], capture_output=True, text=True, cwd=ROOT, timeout=180
    )


def rows(report: str) -> dict[str, list[str]]:
    """The table of routes: name → its figures."""
    cells = [line.split() for line in report.splitlines() if line.startswith(("GET /", "POST /"))]
    return {" ".join(line[:2]): line[2:] for line in cells}


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    async with served(tmp_path / "data") as service:
        yield service.url


async def test_a_few_people_are_served_and_the_report_says_how(url: str, tmp_path: Path):
    picture = tmp_path / "picture.svg"
    few = ("--users", f"{USERS}", "--ramp", "1", "--loops", "1", "--pause", "0.02", "--picture", str(picture))
    ran = loadtest("--url", url, *few)
    assert "requests that failed" in ran.stdout, ran.stdout + ran.stderr
    figures = rows(ran.stdout)
    assert {route: int(figures[route][0]) for route in figures} == {route: USERS * n for route, n in ROUTES.items()}
    assert {row[1] for row in figures.values()} == {"0"}
    assert all(float(row[2]) <= float(row[3]) <= float(row[4]) <= float(row[5]) for row in figures.values())
    assert "lists that the cache had                        80.0%" in ran.stdout
    assert "app's pool" in ran.stdout
    assert "requests" in ran.stderr  # progress
    root = ET.parse(picture).getroot()
    assert root.tag.endswith("svg")
    told = " ".join(element.text or "" for element in root.iter() if element.tag.endswith("text"))
    assert all(route.partition(" /api/")[2] in told for route in ROUTES)


async def test_it_fails_when_requests_do(url: str, tmp_path: Path):
    photo = tmp_path / "broken.jpg"
    photo.write_bytes(b"no photo")
    ran = loadtest(
        "--url", url, "--users", "1", "--ramp", "0", "--loops", "1", "--pause", "0", "--photo", str(photo),
        "--picture", str(tmp_path / "picture.svg"),
    )  # fmt: skip
    assert ran.returncode == 1
    assert "1 x POST /api/image_management/upload_image: 415 not_an_image" in ran.stdout


async def test_nobody_goes_on_when_the_time_is_over(url: str, tmp_path: Path):
    ran = loadtest(
        "--url", url, "--users", "2", "--ramp", "0", "--loops", "1000", "--pause", "0.1", "--seconds", "3",
        "--picture", str(tmp_path / "picture.svg"),
    )  # fmt: skip
    assert " requests in 3 s" in ran.stdout, ran.stdout + ran.stderr


def test_without_a_service_it_says_so_and_fails(tmp_path: Path):
    ran = loadtest("--url", "http://127.0.0.1:9", "--users", "1", "--ramp", "0", "--picture", str(tmp_path / "p.svg"))
    assert ran.returncode == 1
    assert "ClientConnectorError" in ran.stdout


def test_help_names_every_option():
    ran = loadtest("--help")
    assert ran.returncode == 0
    for option in ("--url", "--users", "--ramp", "--loops", "--pause", "--seconds", "--picture", "--inventory"):
        assert option in ran.stdout
