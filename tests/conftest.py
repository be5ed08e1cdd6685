"""One real service a test process; every test works in households of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import ClientSession
from hypothesis import settings

from tests.service import Client, Service, running, running_scaled, signed_in
from tests.stacks import SERVERS, stack_up

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
async def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    if not request.config.getoption("--stack"):
        async with running(tmp_path_factory.mktemp("data")) as it:
            yield it
        return
    with stack_up(tmp_path_factory.mktemp("stack"), *SERVERS, "nginx", "worker") as stack:
        async with running_scaled(stack) as it:
            yield it


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
