"""Redis, natively: one that may forget anything (the cache) and one that forgets nothing (the queue)."""

from collections.abc import Callable

from scripts.native.processes import answers
from scripts.native.stack import ROOT, Part, Stack


def prepare_redis(name: str, settings: str) -> Callable[[Stack], None]:
    def prepare(stack: Stack) -> None:
        home = stack.folder / name
        home.mkdir(parents=True, exist_ok=True)
        stack.path("etc", f"{name}.conf").write_text(
            f'include "{ROOT}/deploy/redis/{settings}.conf"\nbind 127.0.0.1\nport {stack.port(name)}\ndir "{home}"\n'
        )

    return prepare


def run_redis(name: str) -> Callable[[Stack], list[str]]:
    return lambda stack: ["redis-server", str(stack.path("etc", f"{name}.conf"))]


def redis_ready(name: str) -> Callable[[Stack], bool]:
    return lambda stack: answers(stack.port(name), b"PING\r\n", b"+PONG")


def server(name: str, settings: str) -> Part:
    return Part(name, ("redis-server",), prepare_redis(name, settings), run_redis(name), redis_ready(name))


CACHE = server("redis", "cache")
QUEUE = server("queue", "queue")
