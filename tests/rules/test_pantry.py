"""What a recipe takes of what there is: amounts in any unit, the most urgent first, and what must be bought."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from zwai.kitchen.pantry import Pantry, match, rest, share, soon, to_cook_with, used, utilization
from zwai.records.meals import Held, Needed
from zwai.records.people import HouseholdId
from zwai.records.stock import (
    Batch,
    BatchId,
    BatchState,
    ExpiryDate,
    ExpirySource,
    FoodId,
    Kind,
    LabelKind,
    Place,
    Quantity,
    Unit,
)

TODAY = date(2031, 5, 6)


def quantity(amount: str, unit: Unit) -> Quantity:
    return Quantity(Decimal(amount), unit)


def held(name: str, amount: str | None, unit: Unit = Unit.G, urgency: str = "0", food: str | None = "rice") -> Held:
    there = None if amount is None else quantity(amount, unit)
    return Held(name, there, FoodId(food) if food else None, Decimal(urgency))


def needed(amount: str | None, unit: Unit = Unit.G, food: str | None = "rice", *, optional: bool = False) -> Needed:
    wanted = None if amount is None else quantity(amount, unit)
    return Needed("arroz", wanted, FoodId(food) if food else None, optional)


@pytest.mark.parametrize(
    ("wanted", "there", "lacking", "why"),
    [
        (needed("200"), [held("arroz", "1", Unit.KG)], None, "enough, in another unit"),
        (needed("200"), [held("arroz", "180")], None, "nine tenths are enough"),
        (needed("200"), [held("arroz", "150")], "50", "the rest must be bought"),
        (needed("200"), [held("arroz", "100"), held("Arroz extra", "120")], None, "of two batches together"),
        (needed("200"), [], "200", "nothing"),
        (needed("200"), [held("fideos", "500", food="pasta")], "200", "another food"),
        (needed("200"), [held("arroz", None)], None, "as much as one likes"),
        (needed(None), [held("arroz", "1")], None, "to taste"),
        (needed("2", Unit.PIECE, "egg"), [held("huevo", "1", Unit.DOZEN, food="egg")], None, "pieces by the dozen"),
        (needed("200"), [held("arroz", "1", Unit.JAR)], None, "a jar that nobody weighed is taken for enough"),
        (needed("200", food=None), [held("ARROZ", "500", food=None)], None, "by its label where no food is known"),
        (needed("200", food=None), [held("zarandongo", "500", food=None)], "200", "another label"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_ingredient_beside_what_there_is(wanted: Needed, there: list[Held], lacking: str | None, why: str) -> None:
    found = share(wanted, Pantry(there)).lacking
    assert (found and found.quantity and found.quantity.amount) == (lacking and Decimal(lacking)), why


def test_the_first_of_what_there_is_goes_first_and_only_as_much_as_is_needed() -> None:
    old, new = held("arroz viejo", "150", urgency="0.9"), held("arroz", "1", Unit.KG)
    pantry = Pantry((old, new))
    found = share(needed("200"), pantry)
    assert [(draw.held.name, draw.amount) for draw in found.draws] == [
        ("arroz viejo", quantity("150", Unit.G)), ("arroz", quantity("0.05", Unit.KG)),
    ]  # fmt: skip
    assert rest(pantry, [found]).held == (held("arroz", "0.95", Unit.KG),)
    assert soon([found]) == ("arroz viejo",)
    assert used([found]) == {"arroz viejo", "arroz"}


def test_what_nobody_measured_stays_and_what_cannot_be_converted_goes_whole() -> None:
    unmeasured, jar = Pantry([held("arroz", None)]), Pantry([held("arroz", "1", Unit.JAR)])
    assert rest(unmeasured, [share(needed("200"), unmeasured)]).held == unmeasured.held
    assert rest(jar, [share(needed("200"), jar)]).held == ()


def test_two_that_take_of_the_same_leave_no_less_than_nothing() -> None:
    there = Pantry([held("arroz", "300")])
    assert rest(there, [share(needed("200"), there), share(needed("200"), there)]).held == ()


def test_basics_and_options_are_never_missing() -> None:
    shares = [
        share(one, Pantry(()))
        for one in (needed("5", food="salt"), needed("20", food="olives", optional=True), needed("200"))
    ]
    found = match(shares)
    assert [one.food for one in found.missing] == ["rice"]
    assert (found.needed, found.there) == (1, 0)


def test_the_part_that_is_used_counts_names_not_batches() -> None:
    there = [held("Arroz", "1"), held("arroz", "2"), held("leche", "1", Unit.L, food="milk")]
    assert utilization({"arroz"}, there) == (1, 2)
    assert utilization({"arroz", "agua"}, there) == (1, 2)
    assert utilization((), ()) == (0, 0)


def batch(
    label: str,
    days: int,
    *,
    state: BatchState = BatchState.AVAILABLE,
    label_kind: LabelKind = LabelKind.BEST_BEFORE,
    kind: Kind = Kind.INGREDIENT,
) -> Batch:
    return Batch(
        id=BatchId(label), household=HouseholdId("h"), kind=kind, label=label, label_key=label, food=FoodId("rice"),
        quantity=quantity("1", Unit.KG), place=Place.PANTRY, state=state, label_kind=label_kind,
        expiry=ExpiryDate(date.fromordinal(TODAY.toordinal() + days), ExpirySource.TYPED, ""),
        added_at=datetime(2031, 5, 1, tzinfo=UTC), tips="", photo=None, dish=None,
    )  # fmt: skip


def test_only_what_may_be_eaten_is_cooked_the_most_urgent_first() -> None:
    there = [
        batch("later", 30),
        batch("soon", 2),
        batch("past its best", -3),
        batch("past its use-by", -1, label_kind=LabelKind.USE_BY),
        batch("set aside", 5, state=BatchState.QUARANTINE),
        batch("kept for a meal", 5, state=BatchState.RESERVED),
        batch("a dish", 1, kind=Kind.DISH),
        batch("frozen", 60, state=BatchState.FROZEN),
    ]
    found = to_cook_with(there, TODAY)
    assert [(one.name, one.urgency) for one in found] == [
        ("past its best", Decimal(1)), ("soon", Decimal("0.60")), ("later", Decimal(0)), ("frozen", Decimal(0)),
    ]  # fmt: skip
