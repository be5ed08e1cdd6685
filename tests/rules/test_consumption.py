"""How what is eaten is split over batches: first expired, first out."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.storage.households import NOON, batch
from zwai.errors import NotEnough
from zwai.kitchen.consumption import first_expired
from zwai.records.people import HouseholdId
from zwai.records.stock import Batch, ExpiryDate, ExpirySource, Quantity, Unit

HOME = HouseholdId("h")


def held(name: str, amount: str, day: int, added: int = 0) -> Batch:
    return batch(
        HOME,
        name,
        quantity=Quantity(Decimal(amount), Unit.L),
        expiry=ExpiryDate(date(2026, 7, day), ExpirySource.TYPED, "typed"),
        added_at=NOON + timedelta(milliseconds=added),
    )


@pytest.mark.parametrize(
    ("batches", "wanted", "taken"),
    [
        ([held("a", "1", 5)], "0.4", {"a": "0.4"}),  # a part of one
        ([held("a", "1", 5)], "1", {"a": "1"}),  # an exact fit
        ([held("a", "1", 5)], None, {"a": "1"}),  # nothing said: all
        ([held("a", "1", 5), held("b", "1", 3)], "0.5", {"b": "0.5", "a": "0"}),  # the sooner expiry first
        ([held("a", "1", 5), held("b", "1", 3)], "1.5", {"b": "1", "a": "0.5"}),  # then the later one
        ([held("a", "1", 5, 9), held("b", "1", 5, 2)], "1", {"b": "1", "a": "0"}),  # a tie: the older first
        ([held("a", "0.1", 1), held("b", "0.2", 2)], "0.3", {"a": "0.1", "b": "0.2"}),  # tenths add up exactly
        ([held("a", "1", 5), held("b", "2", 3)], None, {"b": "2", "a": "1"}),
    ],
)
def test_the_first_expired_is_eaten_first(batches: list[Batch], wanted: str | None, taken: dict[str, str]) -> None:
    draws = first_expired(batches, None if wanted is None else Decimal(wanted))
    assert [(draw.batch.label, draw.amount) for draw in draws] == [(k, Decimal(v)) for k, v in taken.items()]


@pytest.mark.parametrize("wanted", ["1.001", "2", "1000000"])
def test_more_than_there_is_is_refused_and_told(wanted: str) -> None:
    with pytest.raises(NotEnough) as refusal:
        first_expired([held("Leche", "0.4", 1), held("Leche", "0.6", 2)], Decimal(wanted))
    assert "1.0 l" in refusal.value.sentence("en")
    assert wanted in refusal.value.sentence("es")


def test_what_is_drawn_and_left_is_what_there_was() -> None:
    batches = [held(f"{n}", f"0.{n}", n) for n in range(1, 9)]
    draws = first_expired(batches, Decimal("2.345"))
    assert sum(draw.amount for draw in draws) == Decimal("2.345")
    assert sum(draw.amount + draw.left for draw in draws) == sum(one.quantity.amount for one in batches)
    assert all(draw.left >= 0 for draw in draws)
