"""How what is eaten is split over batches: first expired, first out."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from tests.storage.households import NOON, batch
from zwai.errors import CannotConvert, NotEnough
from zwai.kitchen.consumption import Draw, drawn
from zwai.kitchen.first_out import in_order, split
from zwai.knowledge.units import Converted, by_definition, sizes
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
    draws = draws_of(batches, None if wanted is None else Decimal(wanted))
    assert {draw.batch.label: draw.amount for draw in draws} == {k: Decimal(v) for k, v in taken.items() if v != "0"}
    assert [draw.batch.label for draw in draws] == [label for label, amount in taken.items() if amount != "0"]


def draws_of(batches: list[Batch], wanted: Decimal | None) -> list[Draw]:
    there = [(one, Converted(one.quantity, assumed=False, source="")) for one in in_order(batches, date(2026, 7, 1))]
    total = sum((one.quantity.amount for one in batches), Decimal(0))
    return split(there, total if wanted is None else wanted, Unit.L)


@pytest.mark.parametrize("wanted", ["1.001", "2", "1000000"])
def test_more_than_there_is_is_refused_and_told(wanted: str) -> None:
    with pytest.raises(NotEnough) as refusal:
        drawn(held("Leche", "1", 1), Quantity(Decimal(wanted), Unit.L))
    assert refusal.value.sentence("en") == f'You asked for {wanted} liters, but there is 1 liter of "Leche" left.'
    assert wanted in refusal.value.sentence("es")


def test_what_is_drawn_and_left_is_what_there_was() -> None:
    batches = [held(f"{n}", f"0.{n}", n) for n in range(1, 9)]
    draws = draws_of(batches, Decimal("2.345"))
    assert sum(draw.amount for draw in draws) == Decimal("2.345")
    assert all(draw.amount + draw.left == draw.batch.quantity.amount for draw in draws)
    assert all(draw.left >= 0 for draw in draws)


MEASURING = some.sampled_from(sorted(sizes()))
AMOUNTS = some.integers(1, 10**7).map(lambda steps: Decimal(steps) / 1000)


@given(AMOUNTS, MEASURING, AMOUNTS, MEASURING)
def test_nothing_is_gained_or_lost_in_any_unit(there: Decimal, unit: Unit, wanted: Decimal, other: Unit) -> None:
    assume((factor := by_definition(unit, other)) is not None)
    kept = replace(held("Cosa", "1", 1), quantity=Quantity(there, unit), food=None)
    try:
        draw = drawn(kept, Quantity(wanted, other))
    except NotEnough:
        assert factor is not None
        assert wanted > there * factor - factor / 1000
        return
    except CannotConvert:  # less than a thousandth of the batch's unit
        assume(False)
    size = sizes()
    assert (draw.amount + draw.left) * size[draw.unit].of_one == there * size[unit].of_one
    # What was taken is what was asked for, to half a thousandth of the unit it was taken in.
    off = abs(draw.amount * size[draw.unit].of_one - wanted * size[other].of_one)
    assert off <= Decimal("0.0005") * size[draw.unit].of_one


def test_a_dozen_less_one_is_eleven() -> None:
    kept = replace(held("Huevo", "1", 1), quantity=Quantity(Decimal(1), Unit.DOZEN))
    draw = drawn(kept, Quantity(Decimal(1), Unit.PIECE))
    assert (draw.amount, draw.left, draw.unit) == (1, 11, Unit.PIECE)
    assert drawn(kept, Quantity(Decimal(6), Unit.PIECE)).unit is Unit.DOZEN  # half of it can be said
