"""Which language an answer is written in."""

from functools import lru_cache

from zwai.records.people import Language


@lru_cache(maxsize=256)
def asked_language(accept_language: str | None) -> Language | None:
    """The language that an Accept-Language header likes best, of those we write; None: it names none of them."""
    best: tuple[float, Language] | None = None
    for item in (accept_language or "").split(",")[:20]:
        name, _, weight = item.partition(";")
        tag = name.strip().lower().partition("-")[0]
        quality = _quality(weight)
        if tag in ("es", "en") and quality > (best[0] if best else 0.0):
            best = (quality, Language(tag))
    return best[1] if best else None


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
