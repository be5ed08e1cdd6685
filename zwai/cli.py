"""The command line: python -m zwai COMMAND. Errors are one line and exit code 1 (2: wrong usage)."""

import argparse
import asyncio
import gc
import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from zwai import __version__
from zwai.errors import ZwaiError
from zwai.settings import BadSetting, Settings, load_settings

if TYPE_CHECKING:  # a command loads what it needs when it runs, so that --help is there at once
    from argparse import _SubParsersAction

Run = Callable[[Settings, argparse.Namespace], int]

MOST_DAYS = 3650
WIDE = 120  # columns of a table when there is no terminal to ask
Formatter = partial(argparse.HelpFormatter, max_help_position=28)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    try:
        sys.exit(_run(arguments))
    finally:
        _flush()


def _run(arguments: list[str] | None) -> int:
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(load_settings(os.environ), options)
        sys.stdout.flush()
    except BrokenPipeError:  # as by `zwai openapi | head`: what was read is all that was wanted
        return 0
    except (ZwaiError, BadSetting) as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename or 'output'}: {error.strerror or error}.")
    except KeyboardInterrupt:
        return 130
    return code


def _flush() -> None:
    """Write what is left; where that cannot be, drop it, or the interpreter would complain at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(sentence: str) -> int:
    print(f"zwai: {sentence}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="zwai",
        description="Photograph food; know what is there, when it expires and what to cook before it does.",
        epilog="Settings are environment variables (ZWAI_PORT, ZWAI_DATA_DIR, …): docs/settings.md lists them. "
        "Errors are one line and exit code 1; wrong usage is exit code 2.",
        formatter_class=Formatter,
    )
    parser.add_argument("--version", action="version", version=f"zwai {__version__}")
    parser.set_defaults(run=_serve, workers=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    serve = _command(commands, "serve", _serve, "start the service (what happens without a command)",
                     "Listens until Ctrl-C or SIGTERM, then answers what is in flight and ends.")  # fmt: skip
    serve.add_argument("--workers", type=int, metavar="N", help="app processes (scaled profile); default: ZWAI_WORKERS")
    _command(commands, "worker", _worker, "do the jobs of the scaled profile",
             "Takes jobs until Ctrl-C or SIGTERM, then ends the ones in hand.")  # fmt: skip
    _jobs_commands(commands)
    migrate = _command(commands, "migrate", _migrate, "bring the database up to this release",
                       "Not needed before `serve`, which does the same at its start.")  # fmt: skip
    migrate.add_argument("--check", action="store_true", help="change nothing; exit code 1 when something is missing")
    _photo_commands(commands)

    food = _command(commands, "food", _food, "print what is known of a food, and according to whom",
                    "Exit code 1 when nothing in the catalogue is near.")  # fmt: skip
    food.add_argument("text", nargs="+", metavar="TEXT", help="a name as you would type it")
    food.add_argument("--language", choices=["es", "en"], default="es", help="of words; default: es")
    food.add_argument("--json", action="store_true", help="for machines: a list of entries, the best first")

    recogniser = commands.add_parser(
        "recogniser", help="judge the recogniser", description="Judge the recogniser.", formatter_class=Formatter
    )
    kinds = recogniser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    report = _command(kinds, "report", _report, "how often it is right on a folder of labelled photos",
                      "labels.csv has the columns file, kind, labels (COARSE;FINE, several joined by |).")  # fmt: skip
    report.add_argument("folder", type=Path, metavar="FOLDER", help="photos with a labels.csv, or one folder a label")
    report.add_argument("--engine", choices=["local", "gemini", "both"], default="local",
                        help="who looks; default: local. Gemini costs a question a photo")  # fmt: skip
    report.add_argument("--picture", type=Path, metavar="FILE", help="draw the calibration curve into this SVG file")
    report.add_argument("--json", action="store_true", help="for machines, with what was said of each photo")

    for add in (_db_commands, _ai_commands, _products_commands):
        add(commands)
    _command(commands, "doctor", _doctor, "check that this machine can run the service",
             "Changes nothing. Exit code 1 when something is bad.")  # fmt: skip
    _command(commands, "openapi", _openapi, "print the OpenAPI description of the API")
    return parser


def _jobs_commands(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    jobs = commands.add_parser(
        "jobs",
        help="look after jobs that failed",
        description="Look after jobs that failed.",
        formatter_class=Formatter,
    )
    kinds = jobs.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _command(kinds, "list", _jobs_list, "the jobs that failed, newest first", "One line a job: id, kind, when, why.")
    again = _command(kinds, "retry", _jobs_retry, "offer a failed job again", "Its attempts begin anew.")
    again.add_argument("job", metavar="ID", help="as `zwai jobs list` prints it")


def _ai_commands(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    ai = commands.add_parser(
        "ai",
        help="what AIs behind a network cost",
        description="What AIs behind a network cost.",
        formatter_class=Formatter,
    )
    kinds = ai.add_subparsers(title="commands", metavar="COMMAND", required=True)
    usage = _command(kinds, "usage", _ai_usage, "what was asked, and what it cost",
                     "Dollars by ZWAI_AI_PRICE_IN, _OUT and _IMAGE; latency is the mean.")  # fmt: skip
    usage.add_argument("--days", type=_days, default=30, metavar="N", help="how far back; default: 30")
    usage.add_argument("--json", action="store_true", help="for machines: a list with one entry a line")


def _products_commands(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    products = _command(commands, "products", _products, "how many products are installed, for their barcodes",
                        "Without a COMMAND it counts them.")  # fmt: skip
    kinds = products.add_subparsers(title="commands", metavar="[COMMAND]")
    install = _command(kinds, "install", _products_install, "replace them by those of a file, whole or not at all",
                       "A table with the columns gtin, name and, where known, brand, quantity and allergens; or an "
                       "Open Food Facts export; .gz too.")  # fmt: skip
    install.add_argument("file", type=Path, metavar="FILE", help="as docs/capture.md tells")


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to {MOST_DAYS}, not {text!r}")
    return int(text)


def _db_commands(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    database = commands.add_parser(
        "db", help="look after the database", description="Look after the database.", formatter_class=Formatter
    )
    kinds = database.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _command(
        kinds,
        "renew",
        _db_renew,
        "let no ETag of before a restored backup match",
        "The embedded profile does it itself.",
    )
    copy = _command(kinds, "copy", _db_copy, "copy all rows into another, empty database",
                    "Whole or not at all. Each is a URL, the path of a SQLite file, or @FILE, a file that holds a URL. "
                    "Photos are files, and stay where they are.")  # fmt: skip
    copy.add_argument("source", metavar="FROM", help="such as data/zwai.db; no service may use it meanwhile")
    copy.add_argument("target", metavar="TO", help="such as @secrets/database_url; its tables are made when missing")


def _command(
    commands: "_SubParsersAction[argparse.ArgumentParser]", name: str, run: Run, summary: str, more: str = ""
) -> argparse.ArgumentParser:
    text = f"{summary[0].upper()}{summary[1:]}. {more}"
    parser = commands.add_parser(name, help=summary, description=text, formatter_class=Formatter)
    parser.set_defaults(run=run)
    return parser


def _photo_commands(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    recognise = _command(commands, "recognise", _recognise, "say what food is in photos, without a server",
                         "Exit code 0 when a photo could be read, also when there is no known food in it; 1 when none "
                         "could.")  # fmt: skip
    recognise.add_argument("--aim", choices=["ingredients", "dishes", "both"], default="both",
                           help="what to look for; default: both")  # fmt: skip
    read = _command(commands, "read", _read, "say what receipts and date labels say, without a server",
                    "Exit code 0 when a photo could be read, also when there is no text in it; 1 when none "
                    "could.")  # fmt: skip
    for parser, members in ((recognise, "items"), (read, "text, receipt, dates")):
        parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="a JPEG, PNG, WebP or HEIC file")
        parser.add_argument("--language", choices=["es", "en"], default="es", help="of words; default: es")
        parser.add_argument("--json", action="store_true",
                            help=f"for machines: a list with {{photo, error, {members}}} for each photo")  # fmt: skip


def _serve(settings: Settings, options: argparse.Namespace) -> int:
    settings = replace(settings, workers=options.workers or settings.workers)
    if settings.workers > 1:
        from zwai.processes import serve_many

        serve_many(settings, partial(_announce, settings))
        return 0
    gc.disable()  # until all is loaded, none of which is garbage: `serve` enables it
    from zwai.serve import serve

    serve(settings, partial(_announce, settings))
    return 0


def _worker(settings: Settings, _options: argparse.Namespace) -> int:
    from zwai.work import work

    work(settings, lambda: print(f"zwai {__version__} takes jobs.", flush=True))
    return 0


def _jobs_list(settings: Settings, _options: argparse.Namespace) -> int:
    from zwai.upkeep import failed

    for line in asyncio.run(failed(settings)):
        print(line)
    return 0


def _jobs_retry(settings: Settings, options: argparse.Namespace) -> int:
    from zwai.upkeep import retry

    asyncio.run(retry(settings, options.job))
    print(f"Job {options.job} is offered again.")
    return 0


def _announce(settings: Settings, url: str) -> None:
    from zwai.doctor import SAMPLE

    sign_in = f"curl -sX POST {url}/api/auth/guest-login"
    header = """sed 's/.*"access_token":"\\([^"]*\\).*/Authorization: Bearer \\1/'"""
    photo = shlex.quote(f"image=@{SAMPLE}")
    print(f"""\
zwai {__version__} listens on {url}  (all routes, to try: {url}/docs)
Data: {settings.data_dir.resolve()}  (stop with Ctrl-C)
Try this in another terminal:
curl -sH "$({sign_in} | {header})" -F {photo} {url}/api/recognition/ingredients | python3 -m json.tool --no-ensure-ascii
""", flush=True)  # fmt: skip


def _migrate(settings: Settings, options: argparse.Namespace) -> int:
    from storage.lock import hold
    from storage.migrate import current, migrate, newest
    from zwai.app import database_file, database_url

    url, embedded = database_url(settings), settings.profile == "embedded"
    before = None if embedded and not database_file(settings).exists() else asyncio.run(current(url))
    if before == newest():
        print(f"The database is at revision {before}, the newest.")
        return 0
    if options.check:
        return _fail(f"the database is at revision {before or 'none'}; this release needs {newest()}: zwai migrate")
    with hold(settings.data_dir) if embedded else nullcontext():
        asyncio.run(migrate(url))
    print(f"Migrated the database from revision {before or 'none'} to {newest()}.")
    return 0


def _db_renew(settings: Settings, _options: argparse.Namespace) -> int:
    from zwai.upkeep import renew

    asyncio.run(renew(settings))
    print("Nothing that was cached before matches any more; restart the apps.")
    return 0


def _db_copy(_settings: Settings, options: argparse.Namespace) -> int:
    from storage.engines import sqlite_url
    from storage.lock import hold
    from storage.transfer import transfer

    def url_of(named: str) -> str:
        url = Path(named[1:]).read_text().strip() if named.startswith("@") else named
        return url if "://" in url else sqlite_url(Path(url).absolute())

    def tell(table: str, done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{table}: {done} of {total}\x1b[K", end="\n" if done == total else "", file=sys.stderr)

    source, target = url_of(options.source), url_of(options.target)
    file = Path(source.partition(":///")[2]) if source.startswith("sqlite") else None
    if file is not None:
        file.stat()  # raises for a file that isn't there, which opening would make
    with hold(file.parent) if file is not None else nullcontext():
        copied = asyncio.run(transfer(source, target, tell))
    print(f"Copied {sum(copied.values())} rows of {len(copied)} tables.")
    return 0


def _ai_usage(settings: Settings, options: argparse.Namespace) -> int:
    from zwai.upkeep import usage, usage_table

    used = asyncio.run(usage(settings, options.days))
    print(json.dumps(used, indent=2) if options.json else usage_table(used))
    return 0


def _products(settings: Settings, _options: argparse.Namespace) -> int:
    from zwai.products import count

    print(f"Products installed: {asyncio.run(count(settings))}.")
    return 0


def _products_install(settings: Settings, options: argparse.Namespace) -> int:
    from zwai.products import install

    done = asyncio.run(install(settings, options.file, partial(_progress, things="MB")))
    left_out = f"without a good number or a name: {done.bad}, with a number that came before: {done.repeated}"
    print(f"Products installed: {done.products}. Rows left out, {left_out}.")
    return 0


def _recognise(settings: Settings, options: argparse.Namespace) -> int:
    from zwai.recognise import recognise, table

    results = []
    for number, photo in enumerate(options.photos, 1):
        results.append(recognise(photo, options.aim, options.language, settings.time_zone))
        _progress(number, len(options.photos))
    unreadable = [result for result in results if result["error"]]
    if options.json:
        print(json.dumps(results, ensure_ascii=False, indent=2))
    else:
        for result in unreadable:
            _fail(f"{result['photo']}: {result['error']}")
        readable = [result for result in results if not result["error"]]
        if readable:
            print(table(readable, options.language, shutil.get_terminal_size((WIDE, 0)).columns))
    return 1 if len(unreadable) == len(results) else 0


def _read(settings: Settings, options: argparse.Namespace) -> int:
    from zwai.read import read, table

    results = [read(photo, options.language, settings.time_zone) for photo in options.photos]
    readable = [result for result in results if not result["error"]]
    if options.json:
        print(json.dumps(results, ensure_ascii=False, indent=2))
        return 0 if readable else 1
    for result in results:
        if result["error"]:
            _fail(f"{result['photo']}: {result['error']}")
        else:
            print(
                f"{result['photo']}:\n{table(result, options.language)}"
                if len(results) > 1
                else table(result, options.language)
            )
    return 0 if readable else 1


def _food(_settings: Settings, options: argparse.Namespace) -> int:
    from zwai.food import find, table

    text = " ".join(options.text)
    found = find(text, options.language)
    if options.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    elif found:
        print(table(found, options.language, shutil.get_terminal_size((WIDE, 0)).columns))
    else:
        return _fail(f"nothing in the catalogue is near {text!r}.")
    return 0 if found else 1


def _report(settings: Settings, options: argparse.Namespace) -> int:
    from ai.labelled import BadLabels
    from zwai.records.photos import Engine
    from zwai.report_card import document, measure, picture, table

    engines = list(Engine) if options.engine == "both" else [Engine(options.engine)]
    if not options.folder.is_dir():
        return _fail(f"{options.folder} is not a folder.")
    if Engine.GEMINI in engines and not settings.asks_gemini:
        return _fail("Gemini is not asked: that needs ZWAI_GEMINI_API_KEY, and ZWAI_RECOGNITION other than local.")
    try:
        measured = measure(options.folder, engines, settings, _progress)
    except BadLabels as error:
        return _fail(str(error))
    print(json.dumps(document(measured), ensure_ascii=False, indent=2) if options.json else table(measured))
    if options.picture:
        options.picture.write_text(picture([card for card, _ in measured]), encoding="utf-8")
    return 0


def _progress(done: int, total: int, things: str = "photos") -> None:
    """A counter for somebody who waits, gone when all is done."""
    if sys.stderr.isatty() and total > 1:
        print(f"\r{done} of {total} {things}" if done < total else "\r\x1b[K", end="", file=sys.stderr)


def _doctor(settings: Settings, _options: argparse.Namespace) -> int:
    from zwai.doctor import examine

    code = 0
    for finding in examine(settings):
        print(f"{'ok ' if finding.good else 'BAD'}  {finding.part:<12} {finding.sentence}", flush=True)
        code = code if finding.good else 1
    return code


def _openapi(_settings: Settings, _options: argparse.Namespace) -> int:
    from handlers.openapi import document
    from handlers.routes import ROUTES

    print(json.dumps(document(ROUTES), ensure_ascii=False, indent=2))
    return 0
