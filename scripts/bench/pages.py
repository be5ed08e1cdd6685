"""What one page of a list costs in a household of 10,000 batches, against one of 80: 95th percentiles of cold answers.

Pages of 31 to 70 batches, none of them from the cache.
"""

import argparse
import itertools
import statistics
from collections.abc import Iterator

from measuring import Line, Server, ask, guest, load, print_table, request_bytes, service

from zwai.knowledge.catalogue import load as load_catalogue

HIGH = 100_000_000
LISTS = (
    "/api/inventory",
    "/api/inventory/complete",
    "/api/inventory/simple",
    "/api/inventory/ingredients/list",
    "/api/inventory/foods/list",
    "/api/inventory/expiring",
)
MOST_TIMES = 6.0


def _stocked(server: Server, batches: int) -> str:
    """The token of a household with so many batches, a tenth of them dishes."""
    token, names = guest(server), itertools.cycle(food.name_es for food in load_catalogue().foods.values())
    for start in range(0, batches, 100):
        items = [
            {"name": next(names), "quantity": 2, "type_unit": "porciones" if number % 10 == 0 else "unidades"}
            for number in range(start, min(start + 100, batches))
        ]
        ask(server, "POST", "/api/inventory/bulk-add", token, {"items": items})
    return token


def _pages(token: str, path: str) -> Iterator[bytes]:
    """Pages of 31 to 70 batches, each asked for once."""
    for limit in range(31, 71):
        query = f"?limit={limit}" + ("&days=3650" if path.endswith("expiring") else "")
        yield request_bytes("GET", path + query, {"Authorization": f"Bearer {token}"})


def _p95(server: Server, token: str, path: str) -> float:
    """A write goes before, so that no answer is kept."""
    ask(server, "POST", "/api/inventory/bulk-add", token, {"items": [{"name": "sal", "quantity": 1, "unit": "kg"}]})
    run = load(server, _pages(token, path), 1, 200)
    return statistics.quantiles(run.latencies_ms, n=20)[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=9_900, help="of the large household (default: 9900)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each household and list (default: 5)")
    options = parser.parse_args()
    lines = []
    with service(limit_bulk=HIGH, limit_read=HIGH, pool_processes=1) as server:
        small, large = _stocked(server, 80), _stocked(server, options.batches)
        for path in LISTS:
            taken: dict[str, list[float]] = {small: [], large: []}
            for _ in range(options.rounds):
                for token, found in taken.items():
                    found.append(_p95(server, token, path))
            few, many = statistics.median(taken[small]), statistics.median(taken[large])
            found, times = f"{few:.1f} -> {many:.1f} ms, {many / few:.1f}x", many / few
            lines.append(Line(path, found, f"<= {MOST_TIMES:g}x", times <= MOST_TIMES))
    return print_table(f"p95 of a page: 80 batches -> {options.batches:,} batches", lines)


if __name__ == "__main__":
    raise SystemExit(main())
