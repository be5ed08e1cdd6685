"""Allergy alerts in answers about what was recognised, in the shape that the mobile client reads."""

from collections.abc import Sequence
from typing import Any

from handlers import wire
from handlers.call import Call
from zwai.kitchen.allergens import Against, Allergy, against
from zwai.records.allergens import Allergen
from zwai.records.photos import recognised
from zwai.records.proposals import Line


def mark(call: Call[Any, Any], line: Line, allergies: Sequence[Allergy]) -> dict[str, Any]:
    """What an item says of its allergens; without declared allergies there is nothing to be against."""
    found = _against(call, line, allergies)
    return {
        "allergy_alert": bool(found.names),
        "allergens": found.names,
        "allergen_verdict": found.verdict if allergies else None,
    }


def of_lines(call: Call[Any, Any], lines: Sequence[Line], allergies: Sequence[Allergy]) -> dict[str, Any]:
    """The alerts of a whole answer. Every member of an alert is there, or the client loses the answer."""
    found = [(line, _against(call, line, allergies)) for line in lines]
    alerts = [_alert(call, line, hit) for line, hit in found if hit.names]
    return {"allergy_alerts": alerts, "has_allergens": bool(alerts)}


def _against(call: Call[Any, Any], line: Line, allergies: Sequence[Allergy]) -> Against:
    on_pack = [Allergen(code) for code in line.evidence.get("allergens", "").split(",") if code in set(Allergen)]
    return against(line.batch, allergies, call.language, on_pack)


def _alert(call: Call[Any, Any], line: Line, hit: Against) -> dict[str, Any]:
    return {
        "item": line.batch.label,
        "allergens": hit.names,
        "message": _message(call, line.batch.label, hit),
        # An alert is not to be hidden for want of a measure.
        "confidence": round(line.confidence, 3) if recognised(line.rule) else 1.0,
        "verdict": hit.verdict,
        "codes": hit.codes,
    }


def _message(call: Call[Any, Any], label: str, hit: Against) -> str:
    contains, may_contain = ", ".join(hit.contains), ", ".join(hit.may_contain)
    if not may_contain:
        return wire.sentence(call, f"«{label}» contiene {contains}.", f'"{label}" contains {contains}.')
    if not contains:
        es, en = f"«{label}» podría contener {may_contain}.", f'"{label}" may contain {may_contain}.'
    else:
        es = f"«{label}» contiene {contains} y podría contener {may_contain}."
        en = f'"{label}" contains {contains} and may contain {may_contain}.'
    return wire.sentence(call, es, en)
