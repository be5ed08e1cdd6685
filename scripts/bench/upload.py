"""How fast photos are taken in, against a plain Pillow loop that makes the same copies in as many processes.

Both take turns, round by round, on the same 12-megapixel JPEGs. Then: what uploads in flight cost the web
process in memory, also when fifty slow clients each stand still half-way through 20 MB, and how late its
loop is meanwhile; what an idle process is late at the same time is the machine's doing.
"""

import argparse
import asyncio
import itertools
import multiprocessing
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.pool import Pool
from pathlib import Path

import psutil
import uvloop
from measuring import IdleLoop, Line, Peak, Server, ask, for_seconds, guest, load, print_table, request_bytes, service
from PIL import Image, ImageChops

from ai.images import AI_PX, DISPLAY_PX, FILTER, QUALITY, THUMBNAIL_PX

PATH = "/api/image_management/upload_image"
HIGH = 100_000_000
CONNECTIONS = 16
SLOW_CLIENTS = 50
SLOW_BYTES = 20_000_000
SLOW_S = 5.0
STEP_BYTES = 2**16
SIZE = (4000, 3000)
BOUNDARY = "bench"


def _write_photos(folder: Path, number: int) -> list[Path]:
    """JPEGs of 12 megapixels and about 2.5 MB: soft shapes with grain, which is what photos are to a decoder."""
    paths = [folder / f"photo-{n}.jpg" for n in range(number)]
    for n, path in enumerate(paths):
        shapes = [Image.effect_noise((40 + n, 30 + n), 90).resize(SIZE, Image.Resampling.BICUBIC) for _ in range(3)]
        grain = Image.effect_noise(SIZE, 10)
        image = Image.merge("RGB", [ImageChops.overlay(shape, grain) for shape in shapes])
        image.save(path, quality=85)
    return paths


def _raw_for(seconds: float, sources: list[Path]) -> int:
    """The same copies in plain Pillow, what the machine can do; answers how many photos it came to."""
    end, number = time.perf_counter() + seconds, 0
    for source in itertools.cycle(sources):
        if time.perf_counter() > end:
            break
        with tempfile.TemporaryDirectory() as folder, Image.open(source) as photo:
            photo.draft("RGB", _fitted(DISPLAY_PX))
            copy: Image.Image = photo
            for longest in (DISPLAY_PX, AI_PX, THUMBNAIL_PX):
                copy = copy.resize(_fitted(longest), FILTER, reducing_gap=2.0)
                copy.save(Path(folder) / f"{longest}.jpg", quality=QUALITY)
        number += 1
    return number


def _fitted(longest: int) -> tuple[int, int]:
    return longest, longest * SIZE[1] // SIZE[0]


@dataclass(frozen=True)
class Turn:
    """One bout of work: photos a second, and the CPU of all processes that had a part in it, for each photo."""

    rate: float
    cpu_ms: float


def _turn_raw(pool: Pool, processes: int, seconds: float, sources: list[Path]) -> Turn:
    workers = psutil.Process().children()  # and the service, which rests meanwhile
    began, cpu_s = time.perf_counter(), _cpu_s(workers)
    number = sum(pool.starmap(_raw_for, [(seconds, sources)] * processes, chunksize=1))
    return Turn(number / (time.perf_counter() - began), (_cpu_s(workers) - cpu_s) * 1000 / number)


def _cpu_s(processes: list[psutil.Process]) -> float:
    return float(sum(used.user + used.system for used in (process.cpu_times() for process in processes)))


def _upload_request(token: str, content: bytes, whole: int | None = None) -> bytes:
    """An upload as a browser sends it; with `whole`, its length says more than what follows."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="photo.jpg"\r\n\r\n'
    headers = {"Authorization": f"Bearer {token}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    if whole is not None:
        headers["Content-Length"] = str(whole)
        return request_bytes("POST", PATH, headers) + head.encode() + content
    return request_bytes("POST", PATH, headers, head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode())


def _turn_zwai(server: Server, seconds: float, requests: list[bytes]) -> Turn:
    processes = [server.process, *server.process.children()]
    cpu_s = _cpu_s(processes)
    run = load(server, for_seconds(seconds, itertools.cycle(requests)), CONNECTIONS, 201)
    return Turn(run.rate, (_cpu_s(processes) - cpu_s) * 1000 / run.requests)


def _lag_p99_ms(server: Server) -> float:
    lag_ms: list[float] = ask(server, "GET", "/bench")["lag_ms"]
    return statistics.quantiles(lag_ms, n=100)[-1]


async def _stand_still(server: Server, token: str) -> None:
    """Fifty clients send one half of a photo within some seconds, and then nothing; at the end they are gone."""
    half = _upload_request(token, os.urandom(SLOW_BYTES // 2), SLOW_BYTES)
    opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(SLOW_CLIENTS)]

    async def send(writer: asyncio.StreamWriter) -> None:
        for begin in range(0, len(half), STEP_BYTES):
            writer.write(half[begin : begin + STEP_BYTES])
            await writer.drain()
            await asyncio.sleep(SLOW_S * STEP_BYTES / len(half))

    async with asyncio.timeout(20):
        await asyncio.gather(*(send(writer) for _, writer in opened))
    await asyncio.sleep(1)
    for _, writer in opened:
        writer.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="12-megapixel JPEGs in landscape (default: makes its own)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="worker processes (default: cores)")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of a turn (default: 4)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side (default: 3)")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as made,
        multiprocessing.get_context("spawn").Pool(options.processes) as pool,
        service(observed=True, limit_upload=HIGH, pool_processes=options.processes) as server,
    ):
        sources = sorted(options.folder.glob("*.jpg")) if options.folder else _write_photos(Path(made), 4)
        token = guest(server)
        requests = [_upload_request(token, source.read_bytes()) for source in sources]
        _turn_raw(pool, options.processes, 1.0, sources)  # both warm
        _turn_zwai(server, 2.0, requests)
        ask(server, "GET", "/bench")
        turns: list[tuple[Turn, Turn]] = []
        with Peak(server) as fast, IdleLoop() as fast_idle:
            for _ in range(options.rounds):
                raw = _turn_raw(pool, options.processes, options.seconds, sources)
                turns.append((raw, _turn_zwai(server, options.seconds, requests)))
        fast_lag_ms = _lag_p99_ms(server)
        with Peak(server) as slow, IdleLoop() as slow_idle:
            uvloop.run(_stand_still(server, token))
        slow_lag_ms = _lag_p99_ms(server)
    return print_table(
        f"POST {PATH}, 12-megapixel JPEGs of {sum(map(len, requests)) / len(requests) / 1e6:.1f} MB, "
        f"{CONNECTIONS} at once, {options.processes} worker processes",
        [
            *_speed(turns),
            _memory(f"{CONNECTIONS} uploads at once", fast, CONNECTIONS),
            Line("loop lag p99 meanwhile, ms", f"{fast_lag_ms:.1f}", "< 20", fast_lag_ms < 20),
            Line("the same of an idle process", f"{fast_idle.p99_ms:.1f}"),
            _memory(f"{SLOW_CLIENTS} slow clients", slow, SLOW_CLIENTS),
            Line("loop lag p99 meanwhile: zwai, an idle process, ms", f"{slow_lag_ms:.1f}, {slow_idle.p99_ms:.1f}"),
        ],
    )


def _speed(turns: list[tuple[Turn, Turn]]) -> list[Line]:
    shares = [zwai.rate / raw.rate for raw, zwai in turns]
    share, cpu_share = statistics.median(shares), statistics.median(raw.cpu_ms / zwai.cpu_ms for raw, zwai in turns)
    raw, zwai = (
        Turn(statistics.median(turn.rate for turn in side), statistics.median(turn.cpu_ms for turn in side))
        for side in zip(*turns, strict=True)
    )
    measured = f"{share:.0%} ({min(shares):.0%}-{max(shares):.0%})"
    return [
        Line("photos/s: zwai, raw Pillow", f"{zwai.rate:.1f}, {raw.rate:.1f}"),
        Line("share of the raw loop's rate", measured, ">= 80%", share >= 0.8),
        Line("CPU ms a photo: zwai with its workers, raw Pillow", f"{zwai.cpu_ms:.0f}, {raw.cpu_ms:.0f}"),
        Line("the share by CPU time", f"{cpu_share:.0%}", ">= 80%", cpu_share >= 0.8),
    ]


def _memory(name: str, peak: Peak, uploads: int) -> Line:
    each_mb = peak.growth_mb / uploads
    return Line(f"{name}: RSS growth, MB an upload", f"{each_mb:.2f}", "<= 1", each_mb <= 1)


if __name__ == "__main__":
    raise SystemExit(main())
