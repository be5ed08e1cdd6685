"""The command line: python -m zwai COMMAND. Errors are one line and exit code 1 (2: wrong usage)."""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from zwai import __version__
from zwai.errors import ZwaiError
from zwai.settings import BadSetting, Settings, load_settings


def main(arguments: list[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code = options.run(load_settings(os.environ), options)
    except (ZwaiError, BadSetting) as error:
        code = _fail(str(error))
    except OSError as error:
        code = _fail(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = 0
    sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="zwai",
        description="Photograph food; know what is there, when it expires and what to cook before it does.",
        epilog="Settings are environment variables (ZWAI_PORT, ZWAI_DATA_DIR, …): docs/settings.md lists them.",
    )
    parser.add_argument("--version", action="version", version=f"zwai {__version__}")
    parser.set_defaults(run=_serve)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    serve = commands.add_parser("serve", help="start the service (what happens without a command)")
    serve.set_defaults(run=_serve)

    migrate = commands.add_parser("migrate", help="bring the database up to this release")
    migrate.add_argument("--check", action="store_true", help="change nothing; exit 1 when something is missing")
    migrate.set_defaults(run=_migrate)

    recognise = commands.add_parser("recognise", help="say what food is in photos, without a server")
    recognise.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="JPEG, PNG, WebP or HEIC")
    recognise.add_argument("--aim", choices=["ingredients", "dishes", "both"], default="both", help="default: both")
    recognise.add_argument("--language", choices=["es", "en"], default="es", help="of names and tips; default: es")
    recognise.add_argument("--json", action="store_true", help="one object a photo, for machines")
    recognise.set_defaults(run=_recognise)

    recogniser = commands.add_parser("recogniser", help="judge the recogniser")
    kinds = recogniser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    report = kinds.add_parser("report", help="how often the recogniser is right on a folder of labelled photos")
    report.add_argument("folder", type=Path, metavar="FOLDER", help="photos with a labels.csv, or one folder a label")
    report.add_argument("--json", action="store_true", help="for machines")
    report.set_defaults(run=_report)

    doctor = commands.add_parser("doctor", help="check that this machine can run the service")
    doctor.set_defaults(run=_doctor)

    openapi = commands.add_parser("openapi", help="print the OpenAPI description of the API")
    openapi.set_defaults(run=_openapi)
    return parser


def _fail(sentence: str) -> int:
    print(f"zwai: {sentence}", file=sys.stderr)
    return 1


def _serve(settings: Settings, _options: argparse.Namespace) -> int:
    from zwai.serve import serve

    def announce(url: str) -> None:
        print(f"zwai {__version__} listens on {url}  (API explorer: {url}/docs)")
        print(f"Data: {settings.data_dir.resolve()}")
        print("Try:  curl -s -X POST " + url + "/api/auth/guest-login", flush=True)

    serve(settings, announce)
    return 0


def _migrate(settings: Settings, options: argparse.Namespace) -> int:
    from storage.migrate import current, migrate, newest
    from zwai.app import database_url

    url = database_url(settings)
    before = asyncio.run(current(url))
    if before == newest():
        print(f"The database is at revision {before}, the newest.")
        return 0
    if options.check:
        return _fail(f"the database is at revision {before or 'none'}; this release needs {newest()}: zwai migrate")
    asyncio.run(migrate(url))
    print(f"Migrated the database from revision {before or 'none'} to {newest()}.")
    return 0


def _recognise(settings: Settings, options: argparse.Namespace) -> int:
    from zwai.recognise import recognise, table

    results = []
    for number, photo in enumerate(options.photos, 1):
        if sys.stderr.isatty() and len(options.photos) > 1:
            print(f"\r{number} of {len(options.photos)}", end="", file=sys.stderr)
        results.append(recognise(photo, options.aim, options.language, settings.time_zone))
    if sys.stderr.isatty() and len(options.photos) > 1:
        print(file=sys.stderr)
    print(json.dumps(results, ensure_ascii=False, indent=2) if options.json else table(results))
    return 1 if all(result["error"] for result in results) else 0


def _report(_settings: Settings, options: argparse.Namespace) -> int:
    from ai.local import look
    from ai.report import report

    def progress(done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done} of {total} photos", end="\n" if done == total else "", file=sys.stderr)

    card = report(options.folder, look, progress)
    print(json.dumps(card.as_dict(), ensure_ascii=False, indent=2) if options.json else card.table())
    return 0


def _doctor(settings: Settings, _options: argparse.Namespace) -> int:
    from zwai.doctor import examine

    findings = examine(settings)
    for finding in findings:
        print(f"{'ok ' if finding.good else 'BAD'}  {finding.part:<12} {finding.sentence}")
    return 0 if all(finding.good for finding in findings) else 1


def _openapi(_settings: Settings, _options: argparse.Namespace) -> int:
    from handlers.openapi import document
    from handlers.routes import ROUTES

    print(json.dumps(document(ROUTES), ensure_ascii=False, indent=2))
    return 0
