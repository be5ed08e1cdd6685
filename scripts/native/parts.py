"""The whole native stack: in which order its parts start and stop, and how they are."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from scripts.native import gemini, mariadb, nginx, redis, service
from scripts.native.processes import install, pid_of, start, stop, wait_for
from scripts.native.stack import PORTS, Part, Stack

ALL = (
    nginx.NGINX,
    service.APP1,
    service.APP2,
    service.WORKER,
    mariadb.PRIMARY,
    mariadb.REPLICA,
    redis.CACHE,
    redis.QUEUE,
    gemini.GEMINI,
)
PARTS = {part.name: part for part in ALL}
ON_REQUEST = (gemini.NAME,)
SERVERS = ("primary", "replica", "redis", "queue", gemini.NAME)
SERVICE = ("app1", "app2", "worker")


def up(stack: Stack, chosen: list[str]) -> None:
    """Start what doesn't run: servers first, then the service on a migrated database, then the front."""
    install([program for name in chosen for program in PARTS[name].programs])
    at_once(start, stack, [name for name in SERVERS if name in chosen])
    if {"primary", "replica"} <= set(chosen):
        wait_for(lambda: mariadb.replicates(stack), "replica", stack)
    if set(SERVICE) & set(chosen):
        service.migrate(stack)
    at_once(start, stack, [name for name in SERVICE if name in chosen])
    at_once(start, stack, [name for name in ("nginx",) if name in chosen])
    if "nginx" in chosen:
        print(f"zwai answers at {stack.url}")


def down(stack: Stack) -> None:
    """Stop everything, what is in front first."""
    for group in (("nginx",), SERVICE, SERVERS):
        at_once(stop, stack, group)


def at_once(act: Callable[[Stack, Part], None], stack: Stack, names: Iterable[str]) -> None:
    """Do the same to several parts at the same time; the first failure is raised when all are through."""
    parts = [PARTS[name] for name in names]
    with ThreadPoolExecutor(max_workers=len(PARTS)) as pool:
        for outcome in [pool.submit(act, stack, part) for part in parts]:
            outcome.result()


def status(stack: Stack) -> dict[str, dict[str, object]]:
    """Of every part; of those on request only while they run."""
    pids = {name: pid for name in PARTS if (pid := pid_of(stack, name)) or name not in ON_REQUEST}
    return {
        name: {
            "pid": pid,
            "port": stack.port(name) if name in PORTS else None,
            "up": pid is not None and PARTS[name].ready(stack),
        }
        for name, pid in pids.items()
    }
