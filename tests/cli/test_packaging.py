"""What is installed: every data file, nothing else, and every dependency pinned."""

import ast
import json
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.processes import ROOT, environment

PACKAGES = ("zwai", "handlers", "storage", "ai")
BUILD_DEADLINE_S = 120


def pins(file: str = "requirements.txt") -> dict[str, str]:
    """Name → version of a file of requirements."""
    lines = (line.split("#")[0].strip() for line in (ROOT / file).read_text().splitlines())
    return {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines if line)}


def asked_for(extra: str = "") -> list[Requirement]:
    """What setup.py requires, or one of its extras."""
    keywords = (node for node in ast.walk(ast.parse((ROOT / "setup.py").read_text())) if isinstance(node, ast.keyword))
    told = {word.arg: word.value for word in keywords if word.arg in ("install_requires", "extras_require")}
    wanted = ast.literal_eval(told["extras_require"])[extra] if extra else ast.literal_eval(told["install_requires"])
    return [Requirement(text) for text in wanted]


def test_every_requirement_has_its_exact_version():
    assert all(pins().values())


@pytest.mark.parametrize("wanted", asked_for(), ids=lambda wanted: wanted.name)
def test_what_setup_asks_for_is_pinned_to_a_version_that_will_do(wanted: Requirement):
    assert wanted.specifier.contains(pins()[canonicalize_name(wanted.name)])


def needs(name: str, extras: set[str]) -> Iterator[Requirement]:
    for text in metadata.requires(name) or ():
        needed = Requirement(text)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras | {""}):
            yield needed


def test_what_they_need_in_turn_is_pinned_too_and_nothing_more_is():
    assert reached(asked_for()) == set(pins())


def test_what_reading_text_needs_in_turn_is_pinned_too_and_nothing_more_is():
    with_ocr = pins("requirements-ocr.txt")
    assert all(with_ocr.values())
    assert all(one.specifier.contains(with_ocr[canonicalize_name(one.name)]) for one in asked_for("ocr"))
    assert reached(asked_for("ocr")) - set(pins()) == set(with_ocr)


def reached(waiting: list[Requirement]) -> set[str]:
    reached: set[str] = set()
    while waiting:
        wanted = waiting.pop()
        if canonicalize_name(wanted.name) not in reached:
            reached.add(canonicalize_name(wanted.name))
            waiting += needs(wanted.name, wanted.extras)
    return reached


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was made of it."""
    source = tmp_path_factory.mktemp("source") / "zwai"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "__pycache__", "data", "build", "*.egg-info"))
    # The pattern "data" is for the service's data folder; the facts are in one of the same name.
    shutil.copytree(ROOT / "zwai/knowledge/data", source / "zwai/knowledge/data")
    target = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", target, source],
        check=True, capture_output=True, timeout=BUILD_DEADLINE_S,
    )  # fmt: skip
    return target


@pytest.mark.slow
def test_the_wheel_holds_the_packages_with_all_their_files_and_nothing_else(built: Path):
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*") if file.is_file())
    assert held == {file.relative_to(ROOT).as_posix() for file in files if "__pycache__" not in file.parts}


@pytest.mark.slow
def test_the_sdist_holds_what_it_takes_to_start_and_to_test(built: Path):
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert {"scripts/run", "scripts/test", "requirements.txt", "CHANGELOG.md", "tests/conftest.py"} <= held
    assert not [name for name in held if "__pycache__" in name]


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a wheel in an environment of its own, which sees the dependencies of ours."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder)
    python = folder / "bin" / "python"
    [wheel] = built.glob("*.whl")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel],
        check=True, capture_output=True, timeout=BUILD_DEADLINE_S,
    )  # fmt: skip
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin" / "zwai"


def run(command: Path, *arguments: str, cwd: Path, **settings: object) -> str:
    environ = {name: value for name, value in environment(**settings).items() if name != "PYTHONPATH"}
    return subprocess.run(
        [command, *arguments], cwd=cwd, env=environ, check=True, capture_output=True, text=True, timeout=60
    ).stdout


@pytest.mark.slow
def test_an_installed_wheel_recognises_a_photo_from_another_folder(installed: Path, tmp_path: Path):
    shutil.copy(ROOT / "tests/photos/avocado.jpg", tmp_path)
    [photo] = json.loads(run(installed, "recognise", "--json", "avocado.jpg", cwd=tmp_path))
    assert [item["food"] for item in photo["items"]] == ["avocado"]


@pytest.mark.slow
def test_an_installed_wheel_makes_its_database_and_describes_its_api(installed: Path, tmp_path: Path):
    assert "Migrated" in run(installed, "migrate", cwd=tmp_path)
    assert (tmp_path / "data" / "zwai.db").exists()
    assert json.loads(run(installed, "openapi", cwd=tmp_path))["openapi"].startswith("3.1")
