"""The documents say what is so: settings, version, links, and a tour that works as pasted."""

import json
import re
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest
from aiohttp import ClientSession

from handlers.openapi import BRACES
from handlers.routes import ROUTES
from tests.processes import ROOT, served
from tests.service import PHOTOS, signed_in
from zwai import __version__
from zwai.settings import Settings

API = (ROOT / "docs/api.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_every_setting_is_documented_with_its_default_and_no_other_is():
    rows = re.findall(r"^\| `ZWAI_(\w+)` \| (.+?) \| (.+?) \|$", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    documented = {name.lower(): (default.strip("`"), meaning) for name, default, meaning in rows}
    settings = {setting.name: setting for setting in fields(Settings)}
    assert documented.keys() == settings.keys()
    for name, (default, meaning) in documented.items():
        assert default == (str(settings[name].default) or "empty")
        assert meaning.startswith(settings[name].metadata["meaning"])


def test_the_newest_number_of_the_changelog_is_the_version():
    numbers = re.findall(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert numbers[0] == __version__
    assert numbers == sorted(numbers, reverse=True)


def test_every_route_that_the_api_page_names_is_there_and_every_route_is_named():
    rows = re.findall(r"^\| (.*?`/?.+?`.*?) \| (works|differs|not here) \|", API, re.MULTILINE)
    assert len(rows) > 100
    there = {name for row, state in rows if state != "not here" for name in named(row)}
    routes = {BRACES.sub(r"{\1}", route.name) for route in ROUTES}
    assert there - routes == set()
    assert routes - named(API) == set()


def test_every_row_that_is_here_has_its_state():
    states = dict(re.findall(r"^\| (\d+) \| `.+?` \| (works|differs) \|", API, re.MULTILINE))
    assert states.keys() == {str(row) for row in (*range(1, 50), 59, 60, *range(74, 78))}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_leads_there(page: Path):
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.slow
async def test_the_tour_of_the_readme_works_as_pasted(tmp_path: Path):
    tour = block("README.md", "tour")
    async with served(tmp_path / "data") as service:
        pasted = tour.replace("http://127.0.0.1:3000", service.url)
        assert pasted != tour
        shell = subprocess.run(["bash", "-eu"], input=pasted, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert shell.returncode == 0, shell.stderr
    answers = list(documents(shell.stdout))
    assert len(answers) == 4
    line = json.loads(block("README.md", "line", "json"))
    assert any(is_as_shown(line, answered) for answered in answers[0]["lines"]), answers[0]  # type: ignore[attr-defined]
    assert not [answer for answer in answers if "error" in answer]
    soon = json.dumps(answers[-1], ensure_ascii=False)
    assert all(name in soon for name in ("palta", "zanahoria", "leche", "pan")), soon


@pytest.mark.slow
async def test_a_backup_of_a_running_service_starts_with_what_it_had(http: ClientSession, tmp_path: Path):
    async with served(tmp_path / "data") as service:
        client = await signed_in(http, service.url)
        await client.add("leche")
        photo = (await client.upload(PHOTOS / "avocado.jpg")).json["image"]["image_path"]
        subprocess.run(
            ["bash", "-eu"], input=block("docs/operations.md", "backup"), cwd=tmp_path, text=True, check=True
        )
    async with served(tmp_path / "backup") as service:
        client.url = service.url
        assert (await client.stock()).keys() == {"leche"}
        assert (await client.get(service.url + "/photos/" + photo.partition("/photos/")[2])).status == 200


def named(text: str) -> set[str]:
    """The routes in a text, `METHOD /path` or `METHOD, METHOD /path`."""
    found = re.findall(r"`([A-Z]+(?:, [A-Z]+)*) (/[^`]*)`", text)
    return {f"{method} {path}" for methods, path in found for method in methods.split(", ")}


def is_as_shown(shown: object, answered: object) -> bool:
    """Whether an answer is as the page shows it; `…` stands for anything, and a confidence varies a little."""
    if isinstance(shown, dict) and isinstance(answered, dict):
        same = shown.keys() == answered.keys()
        return same and all(is_as_shown(value, answered[name]) for name, value in shown.items())
    if isinstance(shown, float):
        return shown == pytest.approx(answered, abs=0.05)
    return shown == "…" or shown == answered


def block(page: str, name: str, language: str = "bash") -> str:
    """The fenced block of a page that is marked with `name`."""
    [found] = re.findall(rf"^```{language} {name}\n(.+?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    return str(found)


def documents(text: str) -> list[dict[str, object]]:
    """JSON documents printed one after the other."""
    found, rest = [], text.strip()
    while rest:
        document, end = json.JSONDecoder().raw_decode(rest)
        found.append(document)
        rest = rest[end:].strip()
    return found
