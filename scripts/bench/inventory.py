"""How fast the inventory is read, warm and cold, against a bare aiohttp app that answers the same bytes.

Both servers take turns, round by round; ratios are the median of the rounds. Rate limits are on, and high.
A 304 is held against the bare app's whole answer too, since that is all that the bare app is there for; its own
304s are shown beside it.
Rates flatter whichever server had the quieter moment, and the bare app may outrun the client; the share by
CPU time does neither, so both must hold.
"""

import argparse
import itertools
import json
import statistics
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bare import ETAG
from measuring import Line, Run, Server, ask, for_seconds, guest, load, print_table, request_bytes, service, started

from zwai.knowledge.catalogue import load as load_catalogue

PATH = "/api/inventory"
HIGH = 100_000_000


@dataclass(frozen=True)
class Pair:
    """The two servers, and what each is asked for a whole answer and for a 304."""

    zwai: Server
    bare: Server
    token: str
    etag: str

    def ask_zwai(self, path: str = PATH, etag: str = "") -> bytes:
        return request_bytes("GET", path, {"Authorization": f"Bearer {self.token}", **_condition(etag)})

    def ask_bare(self, etag: str = "") -> bytes:
        return request_bytes("GET", "/", {"Authorization": f"Bearer {self.token}", **_condition(etag)})


def _condition(etag: str) -> dict[str, str]:
    return {"If-None-Match": etag} if etag else {}


@contextmanager
def _servers(items: int) -> Iterator[Pair]:
    with service(limit_read=HIGH, limit_bulk=HIGH, limit_write=HIGH, pool_processes=1) as zwai:
        token = guest(zwai)
        names = [food.name_es for food in load_catalogue().foods.values()][:items]
        for begin in range(0, items, 100):
            sent = [{"name": name, "quantity": 2, "type_unit": "unidades"} for name in names[begin : begin + 100]]
            ask(zwai, "POST", f"{PATH}/bulk-add", token, {"items": sent})
        body, etag = _answer(zwai, token)
        assert len(json.loads(body)["ingredients"]) == items, "names of the catalogue are not unique"
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            with started("scripts/bench/bare.py", file.name) as bare:
                yield Pair(zwai, bare, token, etag)


def _answer(server: Server, token: str) -> tuple[bytes, str]:
    url = f"http://127.0.0.1:{server.port}{PATH}"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})) as answer:
        assert answer.headers["RateLimit"], "limits are off"
        return answer.read(), answer.headers["ETag"]


@dataclass(frozen=True)
class Round:
    """One turn of each server."""

    zwai: Run
    bare: Run

    @property
    def share(self) -> float:
        return self.zwai.rate / self.bare.rate

    @property
    def cpu_share(self) -> float:
        return self.bare.cpu_ms / self.zwai.cpu_ms


def _rounds(pair: Pair, number: int, seconds: float, connections: int, *, unchanged: bool) -> list[Round]:
    ask_zwai = pair.ask_zwai(etag=pair.etag if unchanged else "")
    status = 304 if unchanged else 200
    return [
        Round(
            load(pair.zwai, for_seconds(seconds, itertools.repeat(ask_zwai)), connections, status),
            load(pair.bare, for_seconds(seconds, itertools.repeat(pair.ask_bare())), connections),
        )
        for _ in range(number)
    ]


def _cold(pair: Pair, items: int, bouts: int, connections: int) -> Run:
    """Every read a cache miss: each asks for a page size that nobody has asked for since the last write."""
    runs = []
    for _ in range(bouts):
        item = {"name": "sal", "quantity": 1, "type_unit": "gramos"}
        added = ask(pair.zwai, "POST", f"{PATH}/ingredients", pair.token, {"ingredients": [item]})
        ask(pair.zwai, "POST", f"/api/journal/{added['entry_id']}/undo", pair.token)
        sizes = range(items + 1, 501)
        runs.append(load(pair.zwai, iter([pair.ask_zwai(f"{PATH}?limit={size}") for size in sizes]), connections))
    latencies_ms = [one for run in runs for one in run.latencies_ms]
    seconds = sum(run.seconds for run in runs)
    return Run(len(latencies_ms), seconds, statistics.fmean(run.cpu_ms for run in runs), latencies_ms)


def _compared(name: str, rounds: list[Round], target: float) -> list[Line]:
    share = statistics.median(one.share for one in rounds)
    cpu_share = statistics.median(one.cpu_share for one in rounds)
    rates = [statistics.median(rate) for rate in zip(*((one.zwai.rate, one.bare.rate) for one in rounds), strict=True)]
    cpus = [statistics.median(cpu) for cpu in zip(*((one.zwai.cpu_ms, one.bare.cpu_ms) for one in rounds), strict=True)]
    spread = f"{min(one.share for one in rounds):.0%}-{max(one.share for one in rounds):.0%}"
    return [
        Line(f"{name}, requests/s: zwai, bare", f"{rates[0]:.0f}, {rates[1]:.0f}"),
        Line(f"{name}, CPU ms a request: zwai, bare", f"{cpus[0]:.3f}, {cpus[1]:.3f}"),
        Line(f"{name}, share of the bare app's rate", f"{share:.0%} ({spread})", f">= {target:.0%}", share >= target),
        Line(f"{name}, the same by CPU time", f"{cpu_share:.0%}", f">= {target:.0%}", cpu_share >= target),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=80, help="how many items the household holds (default: 80)")
    parser.add_argument("--rounds", type=int, default=8, help="turns of each server (default: 8)")
    parser.add_argument("--seconds", type=float, default=0.6, help="length of a turn (default: 0.6)")
    options = parser.parse_args()
    with _servers(options.items) as pair:
        _rounds(pair, 1, 1.0, 50, unchanged=False)  # both warm
        whole = _rounds(pair, options.rounds, options.seconds, 50, unchanged=False)
        unchanged = _rounds(pair, options.rounds, options.seconds, 50, unchanged=True)
        bare_304 = load(pair.bare, for_seconds(2, itertools.repeat(pair.ask_bare(ETAG))), 50, 304)
        busy = Round(
            load(pair.zwai, for_seconds(3, itertools.repeat(pair.ask_zwai())), 100),
            load(pair.bare, for_seconds(3, itertools.repeat(pair.ask_bare())), 100),
        )
        cold = _cold(pair, options.items, bouts=3, connections=8)
    cpu_ms = statistics.median(one.zwai.cpu_ms for one in whole)
    lines = [
        *_compared("200 warm", whole, 0.5),
        *_compared("304", unchanged, 0.6),
        Line("the bare app's own 304, CPU ms a request", f"{bare_304.cpu_ms:.3f}"),
        Line("CPU ms a warm request", f"{cpu_ms:.3f}", "<= 0.16", cpu_ms <= 0.16),
        Line("p99 with 100 connections, ms", f"{busy.zwai.p99_ms:.1f}", "< 50", busy.zwai.p99_ms < 50),
        Line("the same of the bare app", f"{busy.bare.p99_ms:.1f}"),
        Line("cold (each a cache miss), requests/s", f"{cold.rate:.0f}"),
        Line("cold, CPU ms a request", f"{cold.cpu_ms:.2f}"),
    ]
    return print_table(f"GET {PATH}, {options.items} items, 50 connections", lines)


if __name__ == "__main__":
    raise SystemExit(main())
