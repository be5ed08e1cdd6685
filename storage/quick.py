"""Frozen records by the thousand: a frozen dataclass pays five times as much for each as one that is not."""

from collections.abc import Callable
from dataclasses import fields, make_dataclass
from typing import Any, TypeVar, cast

T = TypeVar("T")


def maker(record: type[T]) -> Callable[..., T]:
    """Makes records from all of their values in order. They are made open, and closed when they are whole."""
    names = [(field.name, Any) for field in fields(cast(Any, record))]
    opened: Any = make_dataclass(record.__name__, names, slots=True)

    def make(*values: Any) -> T:
        made = opened(*values)
        made.__class__ = record  # the same slots, and nothing may be set any more
        return cast(T, made)

    return make
