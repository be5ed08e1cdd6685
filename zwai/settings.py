"""Every setting once: its name, its default, its meaning. Each is an environment variable, ZWAI_ + the name."""

import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values

PREFIX = "ZWAI_"
SECRET_LENGTH = 32
NEEDED_WHEN_SCALED = ("database_url", "redis_url", "queue_url")
SCALED_PARTS = (*NEEDED_WHEN_SCALED, "database_replica_urls", "files_url")
HIGHEST_PORT = 65_535
GOOGLES_KEYS = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"
MAY_BE_ZERO = ("port", "pool_processes", "drain_s")


class BadSetting(Exception):
    """A setting that the service cannot start with; its text is one sentence for the operator."""


def _setting(default: Any, meaning: str, *, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"meaning": meaning, "secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator may decide. Sizes, counts and seconds as the names say."""

    profile: str = _setting("embedded", "embedded: SQLite and a folder, nothing else; scaled: MySQL and Redis.")
    host: str = _setting("127.0.0.1", "The address to listen on; 0.0.0.0 lets phones on your network in.")
    port: int = _setting(3000, "The port to listen on; 0 takes a free one.")
    data_dir: Path = _setting(Path("data"), "Where the database, the photos and the secret key live.")
    public_url: str = _setting("", "The address that clients reach photos under; empty: http://127.0.0.1:PORT.")
    database_url: str = _setting("", "scaled: mysql+asyncmy://USER:PASSWORD@HOST/NAME, the primary.", secret=True)
    database_replica_urls: str = _setting("", "scaled: replicas to read from, separated by commas.", secret=True)
    database_pool: int = _setting(10, "scaled: connections to each database server, for each process.")
    replica_lag_s: int = _setting(5, "scaled: how long a household that wrote reads from the primary.")
    redis_url: str = _setting("", "scaled: redis://HOST/0, the cache; it may forget anything.", secret=True)
    queue_url: str = _setting("", "scaled: redis://HOST/0 that evicts nothing; delivers jobs.", secret=True)
    files_url: str = _setting("", "scaled: s3://BUCKET/PREFIX or gs://… for photos; empty: the data folder.")
    workers: int = _setting(1, "scaled: app processes; more than one needs the scaled profile.")
    trusted_proxies: str = _setting("", "Addresses whose X-Forwarded-For is believed, separated by commas.")
    time_zone: str = _setting("America/Lima", "The time zone of new households.")
    secret_key: str = _setting("", "Signs tokens and photo addresses; empty: made on the first start.", secret=True)
    previous_secret_key: str = _setting("", "The key before this one, still accepted.", secret=True)
    firebase_project_id: str = _setting("", "The Firebase project whose ID tokens sign in; empty: nobody's do.")
    firebase_keys_url: str = _setting(GOOGLES_KEYS, "Where the certificates of these tokens are published.")
    internal_secret: str = _setting("", "What the operator's routes ask for; empty: they are closed.", secret=True)
    gemini_api_key: str = _setting("", "A key for Google's Gemini; empty: nobody is asked.", secret=True)
    gemini_model: str = _setting("gemini-2.5-flash-lite", "The model that is asked about photos and foods.")
    gemini_image_model: str = _setting("", "The model that makes pictures of foods; empty: none are made.")
    gemini_url: str = _setting("", "Where Gemini is reached; empty: Google's own address.")
    recognition: str = _setting("local-first", "Who looks at a photo: local-first, gemini-first or local.")
    recipes: str = _setting("gemini-first", "Who writes recipes and plans, where a key is set: gemini-first or local.")
    ai_a_minute: int = _setting(60, "Questions to Gemini a minute, of all processes together.")
    ai_household_a_day: int = _setting(200, "Questions to Gemini a day for each household.")
    ai_a_day: int = _setting(5000, "Questions to Gemini a day, of everybody together.")
    ai_images_a_day: int = _setting(100, "Pictures of foods that may be asked for a day, of everybody together.")
    ai_price_in: str = _setting("0.10", "US dollars for a million tokens that go in, for the ledger.")
    ai_price_out: str = _setting("0.40", "US dollars for a million tokens that come out, for the ledger.")
    ai_price_image: str = _setting("0.039", "US dollars for a picture, for the ledger.")
    rate_limits: str = _setting("on", "on or off; off is for benchmarks.")
    limit_read: int = _setting(600, "Reads a minute for each account.")
    limit_write: int = _setting(240, "Writes a minute for each account.")
    limit_bulk: int = _setting(60, "Bulk writes a minute for each account.")
    limit_upload: int = _setting(120, "Photo uploads a minute for each account.")
    limit_recognition: int = _setting(60, "Recognitions a minute for each account.")
    limit_generation: int = _setting(20, "Recipes and plans written a minute for each account.")
    limit_sign_in: int = _setting(30, "Sign-ins, guests and registrations a minute for each address.")
    limit_refresh: int = _setting(60, "Token refreshes a minute for each address.")
    max_photo_mb: int = _setting(25, "The largest photo, in megabytes.")
    max_photo_megapixels: int = _setting(64, "The largest photo, in megapixels.")
    max_photos: int = _setting(10, "The most photos in one request.")
    max_requests: int = _setting(1000, "Requests in flight in this process; more get 503 at once.")
    max_uploads: int = _setting(64, "Uploads in flight in this process; more get 503.")
    pool_processes: int = _setting(0, "Worker processes for photos and passwords; 0: one for each core.")
    pool_queue: int = _setting(64, "Jobs waiting for a worker process; more get 503.")
    drain_s: int = _setting(20, "How long a stop waits for requests and jobs in flight.")
    log_level: str = _setting("INFO", "DEBUG, INFO, WARNING or ERROR.")

    def __post_init__(self) -> None:
        _choice("PROFILE", self.profile, ("embedded", "scaled"))
        self._check_profile()
        _choice("RATE_LIMITS", self.rate_limits, ("on", "off"))
        _choice("RECOGNITION", self.recognition, ("local-first", "gemini-first", "local"))
        _choice("RECIPES", self.recipes, ("gemini-first", "local"))
        _choice("LOG_LEVEL", self.log_level, ("DEBUG", "INFO", "WARNING", "ERROR"))
        if self.port > HIGHEST_PORT:
            raise BadSetting(f"ZWAI_PORT must be at most {HIGHEST_PORT}, not {self.port}.")
        for setting in fields(self):
            least = 0 if setting.name in MAY_BE_ZERO else 1
            if isinstance(setting.default, int) and getattr(self, setting.name) < least:
                raise BadSetting(f"{PREFIX}{setting.name.upper()} must be at least {least}.")
        if self.public_url and not self.public_url.startswith(("http://", "https://")):
            raise BadSetting(f"ZWAI_PUBLIC_URL must begin with http:// or https://, not be {self.public_url!r}.")
        if not self.firebase_keys_url.startswith(("http://", "https://")):
            raise BadSetting("ZWAI_FIREBASE_KEYS_URL must begin with http:// or https://.")
        if self.gemini_url and not self.gemini_url.startswith(("http://", "https://")):
            raise BadSetting(f"ZWAI_GEMINI_URL must begin with http:// or https://, not be {self.gemini_url!r}.")
        _price("AI_PRICE_IN", self.ai_price_in)
        _price("AI_PRICE_OUT", self.ai_price_out)
        _price("AI_PRICE_IMAGE", self.ai_price_image)
        for name in ("secret_key", "previous_secret_key", "internal_secret"):
            if 0 < len(getattr(self, name)) < SECRET_LENGTH:
                raise BadSetting(f"{PREFIX}{name.upper()} must have at least {SECRET_LENGTH} characters.")
        try:
            ZoneInfo(self.time_zone)
        except (OSError, ValueError, KeyError):
            raise BadSetting(f"ZWAI_TIME_ZONE: there is no time zone {self.time_zone!r}.") from None

    def _check_profile(self) -> None:
        """No other mix than the two profiles."""
        parts = {name: getattr(self, name) for name in SCALED_PARTS}
        if self.profile == "scaled":
            missing = [name for name in (*NEEDED_WHEN_SCALED, "secret_key") if not getattr(self, name)]
            if missing:
                raise BadSetting(f"The scaled profile needs {_variables(missing)}.")
            for name in ("database_url", "database_replica_urls"):
                _databases(name.upper(), listed(getattr(self, name)))
            for name in ("redis_url", "queue_url"):
                _redis(name.upper(), getattr(self, name))
        elif given := [name for name, value in parts.items() if value]:
            raise BadSetting(f"The embedded profile does not take {_variables(given)}; set ZWAI_PROFILE=scaled.")
        elif self.workers != 1:
            raise BadSetting("The embedded profile runs one process; more need ZWAI_PROFILE=scaled.")

    @property
    def asks_gemini(self) -> bool:
        return bool(self.gemini_api_key) and self.recognition != "local"

    @property
    def makes_pictures(self) -> bool:
        return bool(self.gemini_api_key and self.gemini_image_model)

    @property
    def base_url(self) -> str:
        return self.public_url.rstrip("/") or f"http://127.0.0.1:{self.port}"


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read settings from `.env` in the working folder and, above it, the environment. Raises BadSetting.

    An empty value is no value, as compose files pass on what nobody set.
    """
    given = {**{name: value or "" for name, value in dotenv_values(".env").items()}, **environ}
    known = {setting.name: setting for setting in fields(Settings)}
    values: dict[str, Any] = {}
    for variable in sorted(given):
        if not variable.startswith(PREFIX) or not given[variable]:
            continue
        name = variable.removeprefix(PREFIX).lower()
        secret = known.get(name.removesuffix("_file"))
        if name in known:
            values[name] = _parse(variable, given[variable], known[name].default)
        elif secret is not None and secret.metadata["secret"]:
            values[secret.name] = _read_secret(variable, Path(given[variable]))
        else:
            raise BadSetting(f"{variable} is not a setting of zwai; see docs/settings.md.")
    return Settings(**values)


def listed(text: str) -> list[str]:
    """The parts of a setting that is separated by commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _variables(names: Iterable[str]) -> str:
    return ", ".join(PREFIX + name.upper() for name in names)


def _choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise BadSetting(f"{PREFIX}{name} must be {' or '.join(allowed)}, not {value!r}.")


def _databases(name: str, urls: Iterable[str]) -> None:
    if not all(_is_address(url, ("mysql+asyncmy", "mysql+aiomysql")) for url in urls):
        raise BadSetting(f"{PREFIX}{name} must be an address such as mysql+asyncmy://zwai:password@host:3306/zwai.")


def _is_address(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and parts.port != 0
    except ValueError:  # the port is no number, as where a password with a # or / is not encoded
        return False


def _redis(name: str, url: str) -> None:
    if not _is_address(url, ("redis", "rediss", "unix")):
        raise BadSetting(f"{PREFIX}{name} must be an address such as redis://:password@host:6379/0.")


def _price(name: str, text: str) -> None:
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text, re.ASCII):
        raise BadSetting(f"{PREFIX}{name} must be a number such as 0.10, not {text!r}.")


def _parse(variable: str, text: str, default: Any) -> Any:
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            raise BadSetting(f"{variable} must be a whole number, not {text!r}.") from None
    return Path(text) if isinstance(default, Path) else text


def _read_secret(variable: str, file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError as error:
        raise BadSetting(f"{variable}: cannot read {file}: {error.strerror}.") from None


def secret_key(settings: Settings) -> str:
    """The key given, or the one kept under the data folder, made with mode 0600 the first time. Raises BadSetting."""
    if settings.secret_key:
        return settings.secret_key
    file = settings.data_dir / "secret_key"
    if not file.exists():
        made = file.with_suffix(".new")  # renamed when whole: a crash leaves no key of half its length
        made.touch(mode=0o600)
        with made.open("w") as whole:
            whole.write(secrets.token_urlsafe(SECRET_LENGTH))
            whole.flush()
            os.fsync(whole.fileno())
        made.rename(file)
    key = file.read_text().strip()
    if len(key) < SECRET_LENGTH:
        raise BadSetting(f"{file} is not a key of {SECRET_LENGTH} characters; delete it, and everybody signs in again.")
    return key
