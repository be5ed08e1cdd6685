"""What was measured of the shipped models, on photos that they were not trained on: `models/report.json`."""

import json
from functools import cache

from ai.names import MODELS
from zwai.records.report import Card, card_from


@cache
def measured() -> tuple[Card, ...]:
    """A card for each set of photos, the one that decides first."""
    told = json.loads((MODELS / "report.json").read_text(encoding="utf-8"))
    return tuple(card_from(one) for one in told)
