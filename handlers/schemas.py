"""Schemas of requests: unknown members are left out, problems are told in both languages."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, ValidationError, post_load

from zwai.errors import Invalid, Problem

MOST_PROBLEMS = 100  # told in one answer
_ENTRY = re.compile(r"(?<=[^/])/(\d+)(?=/|$)")  # of a list, which is named with its list: "items[0]"


class RequestSchema(Schema):
    """Loads into `record`, a frozen dataclass whose fields have the schema's attribute names."""

    class Meta:
        unknown = EXCLUDE

    record: ClassVar[type]

    @post_load
    def _build(self, values: dict[str, Any], **_: Any) -> Any:
        return self._record(values)

    def _record(self, values: dict[str, Any]) -> Any:
        return self.record(**values)


class _Said(str):
    """A message of ours, which knows its code and both of its sentences."""

    problem: tuple[str, str, str]


def refusal(code: str, es: str, en: str) -> ValidationError:
    """What a validator of ours raises: `raise refusal("unknown_unit", "…", "…")`."""
    said = _Said(en)
    said.problem = (code, es, en)
    return ValidationError(said)


def names_of(schema: Schema) -> frozenset[str]:
    """The names under which a schema's members are sent."""
    return frozenset(field.data_key or name for name, field in schema.load_fields.items())


def load(schema: Schema, document: Mapping[str, Any]) -> Any:
    """The object that `schema` makes of `document`. Raises Invalid, with a pointer to each field at fault."""
    try:
        return schema.load(document)
    except ValidationError as error:
        raise Invalid({}, tuple(islice(_problems(error.messages, ""), MOST_PROBLEMS))) from error


def _problems(messages: Any, pointer: str) -> Iterator[Problem]:
    if isinstance(messages, Mapping):
        for name, below in messages.items():
            here = pointer if name == "_schema" else f"{pointer}/{_escaped(str(name))}"
            yield from _problems(below, here)
        return
    for message in messages if isinstance(messages, list) else [messages]:
        code, es, en = message.problem if isinstance(message, _Said) else _translated(str(message))
        field = _ENTRY.sub(r"[\1]", pointer).rpartition("/")[2] or "JSON"
        yield Problem(pointer, code, f"«{field}» {es}", f'"{field}" {en}')


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _translated(message: str) -> tuple[str, str, str]:
    for pattern, code, es, en in SENTENCES:
        found = pattern.fullmatch(message)
        if found:
            return code, es.format(*found.groups()), en.format(*found.groups())
    return UNKNOWN


UNKNOWN = ("invalid_value", "no tiene un valor válido.", "does not have a valid value.")

# marshmallow's own sentences; a test asks for each of the library's.
SENTENCES = tuple(
    (re.compile(pattern, re.DOTALL), code, es, en)
    for pattern, code, es, en in (
        (r"Missing data for required field\.", "required", "es obligatorio.", "is required."),
        (r"Field may not be null\.", "null", "no puede ser null.", "may not be null."),
        (r"Invalid (?:input )?type\.", "wrong_type", "debe ser un objeto JSON.", "must be a JSON object."),
        (r"Not a valid mapping type\.", "wrong_type", "debe ser un objeto JSON.", "must be a JSON object."),
        (r"Not a valid (?:list|tuple)\.", "wrong_type", "debe ser una lista.", "must be a list."),
        (r"Not a valid (?:utf-8 )?string\.", "wrong_type", "debe ser un texto.", "must be a text."),
        (r"Not a valid integer\.", "wrong_type", "debe ser un número entero.", "must be a whole number."),
        (r"Not a valid number\.", "wrong_type", "debe ser un número.", "must be a number."),
        (r"Special numeric values .*", "wrong_type", "debe ser un número finito.", "must be a finite number."),
        (r"Number too large\.", "too_large", "es un número demasiado grande.", "is too large a number."),
        (r"Not a valid boolean\.", "wrong_type", "debe ser true o false.", "must be true or false."),
        (
            r"Not a valid date\.",
            "bad_date",
            "debe ser una fecha que exista (AAAA-MM-DD).",
            "must be a date that exists (YYYY-MM-DD).",
        ),
        (
            r"Not a valid (?:naive |aware )?(?:datetime|time)\.",
            "bad_date",
            "debe ser un momento en ISO 8601.",
            "must be a moment in ISO 8601.",
        ),
        (r"Not a valid email address\.", "bad_email", "debe ser un correo válido.", "must be a valid e-mail address."),
        (r"Not a valid URL\.", "bad_url", "debe ser una dirección http o https.", "must be an http or https address."),
        (r"Not a valid UUID\.", "bad_id", "no es un identificador válido.", "is not a valid identifier."),
        (r"Must be one of: (.*)\.", "unknown_choice", "debe ser uno de: {0}.", "must be one of: {0}."),
        (
            r"One or more of the choices you made was not in: (.*)\.",
            "unknown_choice",
            "solo admite: {0}.",
            "only takes: {0}.",
        ),
        (r"Must be greater than or equal to (\S+)\.", "too_small", "debe ser {0} o más.", "must be {0} or more."),
        (r"Must be greater than (\S+)\.", "too_small", "debe ser mayor que {0}.", "must be more than {0}."),
        (r"Must be less than or equal to (\S+)\.", "too_large", "debe ser {0} o menos.", "must be {0} or less."),
        (r"Must be less than (\S+)\.", "too_large", "debe ser menor que {0}.", "must be less than {0}."),
        (
            r"Must be greater than or equal to (\S+) and less than or equal to (\S+)\.",
            "out_of_range",
            "debe estar entre {0} y {1}.",
            "must be between {0} and {1}.",
        ),
        (
            r"Must be greater than (\S+) and less than or equal to (\S+)\.",
            "out_of_range",
            "debe ser mayor que {0} y no pasar de {1}.",
            "must be more than {0} and at most {1}.",
        ),
        (
            r"Must be greater than(?: or equal to)? (\S+) and less than (\S+)\.",
            "out_of_range",
            "debe estar entre {0} y {1}, sin llegar a {1}.",
            "must be between {0} and {1}, without reaching {1}.",
        ),
        (r"Must be equal to (.*)\.", "wrong_value", "debe ser {0}.", "must be {0}."),
        (
            r"Length must be between (\d+) and (\d+)\.",
            "wrong_length",
            "debe tener entre {0} y {1} elementos o caracteres.",
            "must have {0} to {1} items or characters.",
        ),
        (
            r"Shorter than minimum length (\d+)\.",
            "too_short",
            "debe tener al menos {0} elementos o caracteres.",
            "must have at least {0} items or characters.",
        ),
        (
            r"Longer than maximum length (\d+)\.",
            "too_long",
            "debe tener como máximo {0} elementos o caracteres.",
            "must have at most {0} items or characters.",
        ),
        (
            r"Length must be (\d+)\.",
            "wrong_length",
            "debe tener {0} elementos o caracteres.",
            "must have {0} items or characters.",
        ),
        (
            r"String does not match expected pattern\.",
            "bad_form",
            "no tiene la forma esperada.",
            "does not have the expected form.",
        ),
    )
)
