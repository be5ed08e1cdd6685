"""What adding many items in one request costs: SQL statements, and CPU for each further item.

Bulk requests of 1, 10 and 100 items take turns; each uses other foods of the catalogue than the one before.
"""

import argparse
import itertools
import json
import statistics
from collections.abc import Iterator

from measuring import Line, Server, ask, guest, load, print_table, request_bytes, service

from zwai.knowledge.catalogue import load as load_catalogue

PATH = "/api/inventory/bulk-add"
HIGH = 100_000_000
SIZES = (1, 10, 100)
# What dispatch and `call.write()` do before the kitchen is called.
OPENING = ("BEGIN", "SELECT sessions", "UPDATE households", "SELECT households.version")


def _requests(token: str, size: int, number: int, names: Iterator[str]) -> list[bytes]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    bodies = [
        {"items": [{"name": next(names), "quantity": 2, "type_unit": "unidades"} for _ in range(size)]}
        for _ in range(number)
    ]
    return [request_bytes("POST", PATH, headers, json.dumps(body).encode()) for body in bodies]


def _statements(server: Server, token: str, names: Iterator[str]) -> list[str]:
    """The SQL of one bulk add of 100 items, without what comes before the kitchen."""
    ask(server, "GET", "/bench")
    load(server, iter(_requests(token, 100, 1, names)), 1, 201)
    sent = ask(server, "GET", "/bench")["statements"]
    return [statement for statement in sent if not statement.startswith(OPENING)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6, help="turns of each size (default: 6)")
    parser.add_argument("--requests", type=int, default=20, help="requests of a turn (default: 20)")
    options = parser.parse_args()
    names = itertools.cycle([food.name_es for food in load_catalogue().foods.values()])
    cpu_ms: dict[int, list[float]] = {size: [] for size in SIZES}
    with service(observed=True, limit_bulk=HIGH, pool_processes=1) as server:
        statements = _statements(server, guest(server), names)
        for _ in range(options.rounds):
            token = guest(server)
            for size in SIZES:
                run = load(server, iter(_requests(token, size, options.requests, names)), 1, 201)
                cpu_ms[size].append(run.cpu_ms)
    each = {size: statistics.median(found) for size, found in cpu_ms.items()}
    further = statistics.median((large - small) / 99 for small, large in zip(cpu_ms[1], cpu_ms[100], strict=True))
    for statement in statements:
        print("  ", statement[:100])
    lines = [
        Line("SQL statements inside the kitchen call, 100 items", f"{len(statements)}", "<= 5", len(statements) <= 5),
        *(Line(f"CPU ms a request, {size} items", f"{found:.1f}") for size, found in each.items()),
        Line("CPU ms for each further item", f"{further:.3f}", "<= 0.15", further <= 0.15),
    ]
    return print_table(f"POST {PATH}", lines)


if __name__ == "__main__":
    raise SystemExit(main())
