"""Records that are made quickly are the same records."""

import pickle
from dataclasses import FrozenInstanceError, fields, replace
from datetime import date
from typing import Any

import pytest

from storage.quick import maker
from zwai.records.stock import ExpiryDate, ExpirySource

VALUES = (date(2026, 7, 1), ExpirySource.TABLE, "a row", None, date(2026, 7, 3))


def test_a_record_made_quickly_is_like_any_other() -> None:
    quick, usual = maker(ExpiryDate)(*VALUES), ExpiryDate(*VALUES)
    assert type(quick) is ExpiryDate
    assert quick == usual
    assert hash(quick) == hash(usual)
    assert repr(quick) == repr(usual)
    assert pickle.loads(pickle.dumps(quick)) == usual
    assert replace(quick, reference="another") == replace(usual, reference="another")


def test_it_is_frozen_too() -> None:
    quick: Any = maker(ExpiryDate)(*VALUES)
    for field in fields(ExpiryDate):
        with pytest.raises(FrozenInstanceError):
            setattr(quick, field.name, None)


def test_it_needs_every_value() -> None:
    with pytest.raises(TypeError):
        maker(ExpiryDate)(*VALUES[:-1])
