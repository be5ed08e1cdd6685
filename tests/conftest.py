"""One real service a test process; every test works in households of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from aiohttp import ClientSession
from hypothesis import settings

from tests.service import Client, OpenService, Service, running, running_beside, running_scaled, signed_in
from tests.stacks import SERVERS, TestStack, stack_up

settings.register_profile("zwai", deadline=None)  # a busy machine is not a fault
settings.load_profile("zwai")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stack", action="store_true", help="the service on MariaDB, a replica and Redis, behind Nginx")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--stack"):
        direct = [item for item in items if item.get_closest_marker("direct")]
        config.hook.pytest_deselected(items=direct)
        items[:] = [item for item in items if item not in direct]


@pytest.fixture(scope="session")
def scaled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestStack | None]:
    """The servers of a run with --stack."""
    if not request.config.getoption("--stack"):
        yield None
        return
    with stack_up(tmp_path_factory.mktemp("stack"), *SERVERS, "nginx", "worker") as stack:
        yield stack


@pytest.fixture(scope="session")
async def service(scaled: TestStack | None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    async with running_scaled(scaled) if scaled else running(tmp_path_factory.mktemp("data")) as it:
        yield it


@pytest.fixture
def open_service(scaled: TestStack | None, tmp_path: Path) -> OpenService:
    """Opens a service with other settings, on the profile that is tested; jobs of a scaled one are the stack's."""
    return partial(running_beside, scaled) if scaled else partial(running, tmp_path)


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
def stranger(service: Service, http: ClientSession) -> Client:
    """Somebody who has not signed in."""
    return Client(http, service.url)


@pytest.fixture
def guest(service: Service, http: ClientSession) -> Callable[[], Awaitable[Client]]:
    """Makes signed-in guests, each with a household of their own."""

    async def sign_in() -> Client:
        return await signed_in(http, service.url)

    return sign_in


@pytest.fixture
async def client(guest: Callable[[], Awaitable[Client]]) -> Client:
    return await guest()
