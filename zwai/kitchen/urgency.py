"""How much a batch would be wasted if nobody ate it now: 0 to 1, by its label and the days it has left. Pure."""

from decimal import Decimal

from zwai.records.stock import Batch, BatchState, LabelKind

_STEPS = {
    LabelKind.USE_BY: ((1, Decimal("0.95")), (2, Decimal("0.85")), (3, Decimal("0.70"))),
    LabelKind.BEST_BEFORE: ((1, Decimal("0.80")), (3, Decimal("0.60")), (7, Decimal("0.40"))),
}
_FADES_AFTER_DAYS = {LabelKind.USE_BY: 7, LabelKind.BEST_BEFORE: 14}
_LOST = (BatchState.EXPIRED, BatchState.QUARANTINE)


def urgency(batch: Batch, days_left: int) -> Decimal:
    """Two places. What is past its day, or set aside, is at 1."""
    if days_left < 0 or batch.state in _LOST:
        return Decimal(1)
    for days, score in _STEPS[batch.label_kind]:
        if days_left <= days:
            return score
    return round(max(Decimal(0), 1 - Decimal(days_left) / _FADES_AFTER_DAYS[batch.label_kind]), 2)
