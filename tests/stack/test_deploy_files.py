"""What can be known about the deployment's files without a container engine: they are valid, complete and run here."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from handlers.bodies import JSON_LIMIT
from handlers.route import Consumes
from handlers.routes import ROUTES
from scripts.native.nginx import nginx_values, render
from scripts.native.stack import ROOT, SEARCH, Stack
from tests.service import Service
from zwai.kitchen.export import LARGEST_ARCHIVE
from zwai.settings import Settings, load_settings

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "zwai"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
NGINX = (DEPLOY / "nginx.conf").read_text()
PLAIN_S = 60


def ran(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PATH": SEARCH, **environment}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that deploy/secrets makes."""
    folder = tmp_path_factory.mktemp("secrets")
    assert ran(DEPLOY / "secrets", folder).returncode == 0
    return folder


# --- docker-compose.yml and Dockerfile -------------------------------------------------------------------------------


def test_the_compose_file_follows_its_schema() -> None:
    command = Path(sys.executable).with_name("check-jsonschema")
    checked = ran(command, "--builtin-schema", "vendor.compose-spec", ROOT / "docker-compose.yml")
    assert checked.returncode == 0, checked.stdout


def test_the_linter_has_nothing_to_say_about_the_dockerfile() -> None:
    assert ran(Path(sys.executable).with_name("hadolint"), ROOT / "Dockerfile").stdout == ""


@pytest.mark.parametrize("name", SERVICES)
def test_all_that_a_service_refers_to_is_declared(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert (ROOT / source).is_file() if source.startswith(".") else source in COMPOSE["volumes"], volume


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_bounded_and_watched(name: str) -> None:
    service = SERVICES[name]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["restart"]
    assert "healthcheck" in service or service["image"] == "zwai"  # whose Dockerfile has one


def test_a_dependency_that_must_be_healthy_has_a_health_check() -> None:
    for service in SERVICES.values():
        for name, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert not SERVICES[name].get("healthcheck", {}).get("disable"), name


@pytest.mark.parametrize("name", OURS)
def test_the_service_starts_with_the_settings_of_the_compose_file(name: str, secrets: Path) -> None:
    given = {
        key: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value).replace("/run/secrets", str(secrets))
        for key, value in SERVICES[name]["environment"].items()
    }
    settings = load_settings(given)
    assert settings.profile == "scaled"
    assert settings.trusted_proxies == SERVICES["nginx"]["networks"]["front"]["ipv4_address"]
    for url, host in ((settings.database_url, "primary"), (settings.database_replica_urls, "replica")):
        assert f"@{host}:" in url
        assert host in SERVICES


def test_the_secrets_are_made_once(secrets: Path) -> None:
    declared = {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    before = {file.name: file.read_text() for file in secrets.iterdir()}
    assert set(before) == declared
    assert ran(DEPLOY / "secrets", secrets).returncode == 0
    assert {file.name: file.read_text() for file in secrets.iterdir()} == before
    assert secrets.stat().st_mode & 0o777 == 0o700


def commands() -> list[list[str]]:
    default = json.loads(re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)[-1])
    return [
        default,
        *(service["command"] for service in SERVICES.values() if service["image"] == "zwai" and "command" in service),
    ]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_of_the_image_exists(command: list[str]) -> None:
    assert command[0] == "zwai"
    assert 'entry_points={"console_scripts": ["zwai = zwai.cli:main"]}' in (ROOT / "setup.py").read_text()
    assert ran(sys.executable, "-m", "zwai", *command[1:], "--help").returncode == 0


def test_what_the_image_copies_is_there_and_reaches_the_builder() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert source in let_in, source


async def test_the_health_check_of_the_image_tells_alive_from_dead(service: Service) -> None:
    command = json.loads(re.search(r"^HEALTHCHECK .*CMD (\[.+\])$", DOCKERFILE, re.MULTILINE)[1])  # type: ignore[index]
    for url, alive in ((service.url, True), ("http://127.0.0.1:9", False)):
        script = command[2].replace("http://127.0.0.1:3000", url)
        checked = await asyncio.to_thread(ran, sys.executable, "-c", script)
        assert (checked.returncode == 0) is alive


# --- Nginx -----------------------------------------------------------------------------------------------------------


def nginx_accepts(conf: str, folder: Path) -> None:
    file = folder / "nginx.conf"
    file.write_text(conf)
    tested = ran("nginx", "-t", "-q", "-e", "stderr", "-p", folder, "-c", file)
    assert tested.returncode == 0, tested.stderr


def test_nginx_accepts_its_file_in_a_container_and_here(tmp_path: Path) -> None:
    here = nginx_values(Stack(tmp_path, 1024))
    container = SERVICES["nginx"]["environment"]
    needed = set(re.findall(r"\$\{(\w+)\}", NGINX)) - {"NGINX_…"}
    assert needed <= set(here)
    assert needed <= set(container)
    (tmp_path / "nginx").mkdir()
    nginx_accepts(render(NGINX, here), tmp_path)
    nginx_accepts(render(NGINX, {**container, "NGINX_FOLDER": str(tmp_path), "NGINX_LISTEN": "127.0.0.1:1"}), tmp_path)
    assert re.match(container["NGINX_ENVSUBST_FILTER"], "NGINX_APP1")


def locations() -> dict[str, str]:
    """Nginx's regular-expression locations, each with what it says."""
    return dict(re.findall(r"^        location ~ (\S+) \{\n(.*?)^        \}", NGINX, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.deadline_s > PLAIN_S], ids=lambda route: route.path
)
def test_nginx_waits_longer_than_the_route(route: Any) -> None:
    [said] = [said for pattern, said in locations().items() if re.search(pattern, route.path)]
    assert int(re.search(r"proxy_read_timeout (\d+)s", said)[1]) > route.deadline_s  # type: ignore[index]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_nginx_takes_bodies_as_large_as_the_route_does(route: Any) -> None:
    settings = Settings()
    photos = settings.max_photos * settings.max_photo_mb * 1_000_000
    said = next((said for pattern, said in locations().items() if re.search(pattern, route.path)), NGINX)
    megabytes = int(re.search(r"client_max_body_size (\d+)m", said.partition("        listen")[2] or said)[1])  # type: ignore[index]
    sizes = {Consumes.NOTHING: 0, Consumes.JSON: JSON_LIMIT, Consumes.ARCHIVE: LARGEST_ARCHIVE}
    wanted = sizes.get(route.consumes, photos)
    assert megabytes * 2**20 >= wanted


# --- MariaDB, Redis, systemd -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["primary", "replica"])
def test_mariadb_knows_every_option(name: str, tmp_path: Path) -> None:
    file = tmp_path / "my.cnf"
    file.write_text(f"!include {DEPLOY}/mysql/server.cnf\n!include {DEPLOY}/mysql/{name}.cnf\n")
    asked = ran("mariadbd", f"--defaults-file={file}", "--help", "--verbose")
    assert asked.returncode == 0
    assert "unknown" not in asked.stderr
    assert re.search(r"^read-only +(TRUE|FALSE)$", asked.stdout, re.MULTILINE)[1] == str(name == "replica").upper()  # type: ignore[index]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not on this machine")
def test_systemd_understands_its_units() -> None:
    said = ran("systemd-analyze", "verify", *sorted((DEPLOY / "systemd").iterdir())).stderr
    lines = [line for line in said.splitlines() if "/opt/zwai/.venv/bin/python is not executable" not in line]
    assert lines == []


def test_systemd_gives_settings_that_exist(secrets: Path) -> None:
    for unit in (DEPLOY / "systemd").iterdir():
        pairs = re.findall(r"(ZWAI_\w+)=(\S+)", unit.read_text())
        given = {name: value.replace("%d", str(secrets)).replace("%i", "3001") for name, value in pairs}
        urls = {"ZWAI_REDIS_URL": "redis://127.0.0.1/0", "ZWAI_QUEUE_URL": "redis://127.0.0.1:6380/0"}
        assert load_settings({**given, **urls}).profile == "scaled"
