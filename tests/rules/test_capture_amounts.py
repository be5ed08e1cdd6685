"""How much a capture proposes: packs of a receipt multiplied by what each holds, where that can be."""

from decimal import Decimal

import pytest

from zwai.kitchen.captures import believable
from zwai.records.captures import Thing
from zwai.records.photos import Decision
from zwai.records.stock import Quantity, Unit


def thing(amount: str, decision: Decision) -> Thing:
    quantity = Quantity(Decimal(amount), Unit.G)
    return Thing(label="Leche", food=None, quantity=quantity, decision=decision, rule="barcode+receipt")


@pytest.mark.parametrize(
    ("amount", "decision", "told"),
    [
        ("4800", Decision.ITEM, (Decimal(4800), Unit.G, Decision.ITEM)),
        ("1000000", Decision.ITEM, (Decimal(1_000_000), Unit.G, Decision.ITEM)),
        ("199998000000", Decision.ITEM, (Decimal(1), Unit.PIECE, Decision.CONFIRM)),
        ("1000000.001", Decision.SUGGESTION, (Decimal(1), Unit.PIECE, Decision.SUGGESTION)),
    ],
)
def test_what_is_more_than_one_may_type_is_one_piece_to_confirm(
    amount: str, decision: Decision, told: tuple[Decimal, Unit, Decision]
) -> None:
    kept = believable(thing(amount, decision))
    assert (kept.quantity.amount, kept.quantity.unit, kept.decision) == told
