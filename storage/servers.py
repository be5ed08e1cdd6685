"""What the servers of the scaled profile say of themselves, for the operator: the service itself never asks."""

from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text

from storage.migrate import engine_of
from storage.replicas import flaw
from zwai.operator_errors import RedisUnreachable

ANSWER_S = 3.0


@dataclass(frozen=True, slots=True)
class RedisServer:
    """`policy` is what it does when `most_bytes` (0: no bound) are full; `append_only`: it keeps a log on disk."""

    version: str
    policy: str
    most_bytes: int
    append_only: bool


async def database_server(url: str) -> tuple[str, int]:
    """The version of a MySQL or MariaDB server, and how many connections it takes. Raises DatabaseUnreachable."""
    async with engine_of(url) as engine, engine.connect() as connection:
        row = (await connection.execute(text("SELECT @@version, @@max_connections"))).one()
    return str(row[0]), int(row[1])


async def replica_flaw(url: str) -> str | None:
    """Why a replica would not be read, or None. Raises DatabaseUnreachable."""
    async with engine_of(url) as engine, engine.connect() as connection:
        return await flaw(connection)


async def redis_server(url: str) -> RedisServer:
    """Raises RedisUnreachable."""
    redis = Redis.from_url(url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S)
    try:
        said = await redis.info()
    except (RedisError, OSError) as error:
        raise RedisUnreachable({"reason": str(error)}) from error
    finally:
        await redis.aclose()
    return RedisServer(
        said["redis_version"], said["maxmemory_policy"], int(said["maxmemory"]), append_only=bool(said["aof_enabled"])
    )
