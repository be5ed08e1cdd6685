"""Kinds of columns that SQLite and MySQL keep alike: instants, decimals, documents, ids and words."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import DateTime, Dialect, LargeBinary, Numeric, String, Text, types
from sqlalchemy.dialects import mysql

MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


class Moment(types.TypeDecorator[datetime]):
    """An instant in UTC with microseconds; naive in the database, aware outside it."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        return dialect.type_descriptor(mysql.DATETIME(fsp=6) if dialect.name == "mysql" else DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return _naive(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Straight to what the driver takes: rows are added by the hundred."""
        return super().bind_processor(dialect) if dialect.name == "sqlite" else _naive

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Straight from what the driver gives, on SQLite text: a list reads instants by the thousand."""
        return _from_text if dialect.name == "sqlite" else _in_utc


def _naive(value: datetime | None) -> datetime | None:
    return value and value.astimezone(UTC).replace(tzinfo=None)


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


_EPOCH_IN_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH = _EPOCH_IN_UTC.replace(tzinfo=None)


def _in_utc(value: datetime | None) -> datetime | None:
    return value and value - _EPOCH + _EPOCH_IN_UTC  # `replace` takes seven times as long


class Amount(types.TypeDecorator[Decimal]):
    """A decimal with up to three places, exact and without zeros at its end: text on SQLite, which has none."""

    impl = Numeric(14, 3)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        return dialect.type_descriptor(String(20) if dialect.name == "sqlite" else Numeric(14, 3))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        return str(_plain(value)) if value is not None and dialect.name == "sqlite" else value

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Decimal | None]:
        """Straight from what the driver gives, as above."""
        return _from_digits if dialect.name == "sqlite" else _plain_or_none


def _from_digits(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _plain_or_none(value: Decimal | None) -> Decimal | None:
    return None if value is None else _plain(value)


def _plain(value: Decimal) -> Decimal:
    return value.normalize() + 0  # adding makes 1E+2 a 100 again


class Document(types.TypeDecorator[Any]):
    """JSON whose keys keep their order, as text that both engines store unchanged."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        return dialect.type_descriptor(mysql.LONGTEXT() if dialect.name == "mysql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return _to_json(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        """As above."""
        return _to_json

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], Any]:
        return _from_json


def _to_json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _from_json(value: str | None) -> Any:
    return None if value is None else orjson.loads(value)


ID = String(32)
WORD = String(20)
HASH = String(64)
Body = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql")
