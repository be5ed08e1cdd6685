"""Receipts: from pieces of text to what was bought, at which shop, on which day and for how much."""

from collections.abc import Sequence
from datetime import date

from zwai.records.reading import Receipt, TextLine


def parsed(lines: Sequence[TextLine], today: date) -> Receipt | None:
    """The receipt that the lines are; None when they are none."""
    return None


def told(receipt: Receipt) -> dict[str, str]:
    """A receipt as a proposal tells it: where its lines do not come to its total, by how much."""
    amounts = {"sum": receipt.sum, "tax": receipt.tax, "total": receipt.total, "difference": receipt.difference}
    return {
        "shop": receipt.shop,
        "bought_on": receipt.bought_on.isoformat() if receipt.bought_on else "",
        "currency": receipt.currency,
        "lines": str(len(receipt.lines)),
        "not_food": str(sum(not line.food for line in receipt.lines)),
        **{name: "" if amount is None else f"{amount:.2f}" for name, amount in amounts.items()},
    }
