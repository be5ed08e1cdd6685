"""Fields of request bodies: the wire's words, numbers and days, each made into one of our records or refused."""

import base64
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from marshmallow import ValidationError, fields, validate

from handlers.schemas import refusal
from zwai.kitchen.expiry import from_span
from zwai.kitchen.photo_urls import photo_id_of
from zwai.knowledge.dates import possible
from zwai.knowledge.names import is_readable, label_key
from zwai.knowledge.quantities import number
from zwai.knowledge.words import place_of, time_unit_of, unit_of
from zwai.records.stock import LONGEST_LABEL

LONGEST_KEY = 200  # some characters unfold: U+FDFA alone becomes eighteen
LARGEST_AMOUNT = Decimal(1_000_000)
SMALLEST_STEP = Decimal("0.001")
DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].+)?")


class BoundFirst(fields.Field[Any]):
    """Told to be too long before it is looked at: a list of a million entries would keep everybody waiting."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        for validator in self.validators:
            if isinstance(validator, validate.Length) and isinstance(value, str | list):
                validator(value)
        return super()._deserialize(value, attr, data, **more)


class ListOf(BoundFirst, fields.List[Any]):
    """A list whose Length counts before its entries are read."""


class Email(BoundFirst, fields.Email):
    """An e-mail address whose Length counts before its form."""


class Address(BoundFirst, fields.URL):
    """A URL whose Length counts before its form."""


class Label(fields.Field[str]):
    """A name as a person writes it: 1 to 100 characters, at least one of them visible, no control characters."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        if not isinstance(value, str):
            raise refusal("wrong_type", "debe ser un texto.", "must be a text.")
        label = " ".join(value.split())
        if len(label) > LONGEST_LABEL or len(label_key(label)) > LONGEST_KEY:
            es = f"debe tener como máximo {LONGEST_LABEL} caracteres."
            raise refusal("too_long", es, f"must have at most {LONGEST_LABEL} characters.")
        if not any(unicodedata.category(character)[0] in "LNPS" for character in label):
            raise refusal("empty", "no puede estar vacío.", "may not be empty.")
        readable(label)
        return label


def readable(text: str) -> None:
    """Validates that a text shows what it holds."""
    if not is_readable(text):
        raise refusal("bad_form", "tiene caracteres no permitidos.", "has characters that are not allowed.")


class Amount(fields.Field[Decimal]):
    """A decimal from a JSON number or a text of one ("1/2" and "1,5" too), in thousandths; never negative or NaN."""

    def __init__(self, *, zero: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._zero = zero

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise refusal("wrong_type", "debe ser un número.", "must be a number.")
        if (amount := _decimal(str(value).strip())) is None:
            raise refusal("wrong_type", "debe ser un número.", "must be a number.")
        if not amount.is_finite():
            raise refusal("wrong_type", "debe ser un número finito.", "must be a finite number.")
        if amount > LARGEST_AMOUNT:
            raise refusal("too_large", f"debe ser {LARGEST_AMOUNT} o menos.", f"must be {LARGEST_AMOUNT} or less.")
        if amount < 0 or (amount < SMALLEST_STEP and not (self._zero and amount == 0)):
            least = "0" if self._zero else str(SMALLEST_STEP)
            raise refusal("too_small", f"debe ser {least} o más.", f"must be {least} or more.")
        return amount.quantize(SMALLEST_STEP).normalize() + Decimal(0)


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace("_", "?"))  # Decimal would read 1_000
    except InvalidOperation:
        return number(text)


class Word(fields.Field[Any]):
    """One of the wire's Spanish or English words, as the record that it names."""

    def __init__(self, meaning: Callable[[str], Any], examples: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._meaning = meaning
        self._examples = examples

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        found = self._meaning(value) if isinstance(value, str) and len(value) <= LONGEST_LABEL else None
        if found is None:
            es = f"no es una palabra conocida; por ejemplo: {self._examples}."
            raise refusal("unknown_word", es, f"is not a known word; for example: {self._examples}.")
        return found


def unit_field(**kwargs: Any) -> Word:
    return Word(unit_of, "unidades, gramos, kilogramos, mililitros, litros, porciones", **kwargs)


def place_field(**kwargs: Any) -> Word:
    return Word(place_of, "refrigerador, congelador, despensa", **kwargs)


def time_unit_field(**kwargs: Any) -> Word:
    return Word(time_unit_of, "Días, Semanas, Meses, Años", **kwargs)


class Day(fields.Field[date | None]):
    """A calendar day as written, from a date or an ISO moment: an expiry date has no zone to convert it to."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> date | None:
        if value in ("", None):
            return None
        found = DAY.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            es = "debe ser una fecha ISO 8601 (AAAA-MM-DD)."
            raise refusal("bad_date", es, "must be an ISO 8601 date (YYYY-MM-DD).")
        try:
            datetime.fromisoformat(value)
            return date.fromisoformat(found[1])
        except ValueError:
            raise refusal("bad_date", "no es una fecha que exista.", "is not a date that exists.") from None


class ExpiryDay(Day):
    """A day until which something may be kept."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> date | None:
        day = super()._deserialize(value, attr, data, **more)
        if day is not None:
            check_expiry(day, _today())
        return day


def check_expiry(day: date, today: date) -> None:
    """Validates that a day may be an expiry."""
    if not possible(day, today):
        raise refusal("too_far", "no puede estar a más de 20 años.", "may not be more than 20 years ahead.")


def check_span(values: Mapping[str, Any]) -> None:
    """The same of a span, whose fields load as `span` and `span_unit`."""
    amount, unit = values.get("span"), values.get("span_unit")
    if amount is not None and unit is not None:
        today = _today()
        try:
            check_expiry(from_span(today, amount, unit), today)
        except ValidationError as error:
            raise ValidationError({"expiration_time": error.messages}) from error


def _today() -> date:
    """Near enough for twenty years, in any time zone."""
    return datetime.now(UTC).date()


class Moment(fields.Field[datetime]):
    """An ISO 8601 moment; without a zone it is UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> datetime:
        moment = parse_moment(value) if isinstance(value, str) else None
        if moment is None:
            raise refusal("bad_date", "debe ser un momento en ISO 8601.", "must be a moment in ISO 8601.")
        return moment


def parse_moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+") if text.count(":") > 2 else text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


class Cursor(fields.Field[tuple[Any, ...]]):
    """Where a page ended: the key of its last row, opaque to clients. `parts` read the key's members."""

    def __init__(self, *parts: Callable[[str], Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._parts = parts

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> tuple[Any, ...]:
        try:
            texts = orjson.loads(base64.urlsafe_b64decode(value))
            return tuple(part(text) for part, text in zip(self._parts, texts, strict=True))
        except (ValueError, TypeError):
            raise refusal("bad_cursor", "no es un cursor de esta API.", "is not a cursor of this API.") from None


def cursor_of(*key: str | date) -> str:
    """The cursor after the row with this key."""
    texts = [part.isoformat() if isinstance(part, date) else part for part in key]
    return base64.urlsafe_b64encode(orjson.dumps(texts)).decode()


def as_text(text: Any) -> str:
    """A text part of a cursor. Raises TypeError."""
    if not isinstance(text, str):
        raise TypeError
    return text


def as_moment(text: Any) -> datetime:
    """A moment in a cursor. Raises ValueError."""
    moment = parse_moment(as_text(text))
    if moment is None:
        raise ValueError
    return moment


class PhotoPath(fields.Field[Any]):
    """The id in one of our photo addresses; None for any other text, since old clients send placeholders."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, str):
            raise refusal("wrong_type", "debe ser un texto.", "must be a text.")
        return photo_id_of(value)
