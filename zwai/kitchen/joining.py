"""What the photos and codes of one capture come to: the same thing seen twice is one line, with all its evidence.

`merged` joins in this order (docs/capture.md tells it to people): codes, one line a product; receipts, each purchase
once; receipts with codes; photos with both; and printed dates with what they are of, which is never guessed.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from zwai.kitchen import shop_words
from zwai.kitchen.dating import with_dates
from zwai.kitchen.evidence import kept
from zwai.kitchen.packs import is_unknown, named_by_their_photo, packs_of, times
from zwai.kitchen.recognition import RANK, each_once, food_of, item_of, name_of
from zwai.knowledge.names import label_key
from zwai.records.captures import Shot, Thing
from zwai.records.people import Language
from zwai.records.photos import Decision, LineRule, PhotoId, Sighting, both
from zwai.records.products import Product
from zwai.records.reading import Barcode, Gtin, Receipt
from zwai.records.stock import Quantity, Unit

Meanings = Sequence[shop_words.Meaning]


@dataclass(frozen=True, slots=True)
class Purchase:
    """A receipt, and its photo's place among those of the capture."""

    place: int
    receipt: Receipt


def purchases(shots: Sequence[Shot]) -> tuple[Purchase, ...]:
    """The receipts, each purchase once: the same shop, day and total are the same; without these, the same lines."""
    first: dict[object, Purchase] = {}
    for place, shot in enumerate(shots):
        if receipt := shot.receipt:
            known = receipt.bought_on and receipt.total is not None
            lines = tuple((label_key(line.words), line.price) for line in receipt.lines)
            key = (label_key(receipt.shop), receipt.bought_on, receipt.total) if known else lines
            first.setdefault(key, Purchase(place, receipt))
    return tuple(first.values())


def merged(
    shots: Sequence[Shot],
    scanned: Sequence[Barcode],
    products: Mapping[Gtin, Product],
    bought: Sequence[tuple[Purchase, Meanings]],
    language: Language,
) -> tuple[Thing, ...]:
    """The lines to propose, surest first."""
    packs = packs_of(shots, scanned, products)
    packs, sightings = named_by_their_photo(packs, shots, language)
    things = _joined([thing for one in bought for thing in _receipt_things(*one)], packs)
    things = _with_sightings(things, sightings, language)
    things = with_dates(things, shots, language)
    return tuple(sorted(map(_doubted, things), key=lambda thing: RANK[thing.decision]))


def _receipt_things(purchase: Purchase, meanings: Meanings) -> list[Thing]:
    """What was bought to eat; lines of the same words and unit are added up."""
    things: dict[tuple[str, Unit], Thing] = {}
    for line, meaning in zip(purchase.receipt.lines, meanings, strict=True):
        if not line.food:
            continue
        evidence = shop_words.evidence(purchase.receipt, line) | {"receipt_photo": str(purchase.place)}
        learned = meaning.rule is shop_words.MeaningRule.LEARNED
        thing = Thing(
            label=meaning.label,
            food=meaning.food,
            quantity=line.quantity,
            decision=Decision.ITEM if learned else Decision.CONFIRM,
            rule=LineRule.RECEIPT,
            box=line.box,
            evidence=kept(evidence),
        )
        key = (label_key(line.words), line.quantity.unit)
        things[key] = _added_up(things[key], thing) if key in things else thing
    return list(things.values())


def _added_up(one: Thing, other: Thing) -> Thing:
    prices = [Decimal(thing.evidence["price"]) for thing in (one, other) if "price" in thing.evidence]
    quantity = Quantity(one.quantity.amount + other.quantity.amount, one.quantity.unit)
    price = {"price": str(sum(prices, Decimal(0)))} if len(prices) == 2 else {}
    evidence = {name: value for name, value in one.evidence.items() if name != "price"} | price
    return replace(one, quantity=quantity, evidence=evidence)


def _joined(bought: list[Thing], packs: list[Thing]) -> list[Thing]:
    """Receipts' lines with the packs that they are: of the same food or name, or in words that name brand and product.

    Where several could be meant the likeliest words decide, and a person confirms.
    """
    left, things = list(packs), []
    for line in bought:
        same = [pack for pack in left if _is_same(line, pack)] or [pack for pack in left if _says(line, pack)]
        if not same:
            things.append(line)
            continue
        pack = max(same, key=lambda one: _overlap(line, one))
        left = [one for one in left if one is not pack]
        others = sum(_is_same(one, pack) for one in bought)
        things.append(_bought_pack(line, pack, doubt=len(same) > 1 or others != 1))
    return [*things, *left]


def _is_same(one: Thing, other: Thing) -> bool:
    return (one.food is not None and one.food == other.food) or label_key(one.label) == label_key(other.label)


def _says(line: Thing, pack: Thing) -> bool:
    """Whether each word of a receipt's line, as shortened there, begins one of the pack's; its brand is among them."""
    words, brand = _words(line.evidence.get("words", "")), _words(pack.evidence.get("brand", ""))
    known = [*_words(pack.label), *brand]
    branded = any(name.startswith(word) for word in words for name in brand)
    return branded and len(words) > 1 and all(any(name.startswith(word) for name in known) for word in words)


def _overlap(line: Thing, pack: Thing) -> int:
    known = [*_words(pack.label), *_words(pack.evidence.get("brand", ""))]
    return sum(any(name.startswith(word) for name in known) for word in _words(line.evidence.get("words", "")))


def _words(text: str) -> list[str]:
    return [word for word in label_key(text).replace(".", " ").split() if word.isalpha() and len(word) > 1]


def _bought_pack(line: Thing, pack: Thing, *, doubt: bool) -> Thing:
    """The code's name, unless nobody knows it; the receipt's price, and its quantity, in what one pack holds."""
    name = line if is_unknown(pack) and line.food else pack
    counted = line.quantity.unit is Unit.PIECE
    packs = int(line.quantity.amount) if counted and line.quantity.amount == int(line.quantity.amount) else 1
    each = times(pack.quantity, 1 / Decimal(pack.evidence.get("packs", "1")))
    return replace(
        pack,
        label=name.label,
        food=name.food,
        quantity=times(each, packs) if counted else line.quantity,
        decision=min(line.decision, pack.decision, key=RANK.__getitem__),
        rule=both(pack.rule, LineRule.RECEIPT),
        evidence={**pack.evidence, **line.evidence, **({"packs": str(packs)} if packs > 1 else {})},
        doubt=doubt or not _is_same(line, pack),
    )


def _with_sightings(things: list[Thing], found: list[tuple[PhotoId, Sighting]], language: Language) -> list[Thing]:
    """What was recognised joins the thing of its food; a guess that is backed takes its photo's other guesses along."""
    guesses: list[tuple[PhotoId, Thing]] = []
    backed: set[PhotoId] = set()
    everywhere: defaultdict[str, set[PhotoId]] = defaultdict(set)
    for photo, sighting in found:
        everywhere[name_of(sighting)].add(photo)
    for photo, sighting in each_once(found):  # the surest first
        guessed = sighting.decision is Decision.SUGGESTION
        new = replace(_seen(photo, sighting, language), seen_in=frozenset(everywhere[name_of(sighting)]))
        same = next((place for place, thing in enumerate(things) if _is_same(thing, new)), None)
        if same is not None:
            things[same] = _backed(things[same], new)
            backed |= {photo} if guessed else set()
        elif guessed:
            guesses.append((photo, new))
        else:
            things.append(new)
    return [*things, *(guess for photo, guess in guesses if photo not in backed)]


def _seen(photo: PhotoId, sighting: Sighting, language: Language) -> Thing:
    item = item_of(sighting, language)
    return Thing(
        label=item.label,
        food=food_of(sighting),
        kind=item.kind,
        dish=item.dish,
        quantity=item.quantity,
        decision=sighting.decision,
        confidence=sighting.confidence,
        rule=sighting.rule,
        photo=photo,
        box=sighting.box,
    )


def _backed(thing: Thing, seen: Thing) -> Thing:
    """Two witnesses: the name is sure, the photo of the food itself is shown."""
    return replace(
        thing,
        decision=Decision.ITEM,
        confidence=seen.confidence,
        rule=both(thing.rule, seen.rule),
        photo=seen.photo,
        box=seen.box,
        seen_in=thing.seen_in | seen.seen_in,
    )


def _doubted(thing: Thing) -> Thing:
    return replace(thing, decision=Decision.CONFIRM) if thing.doubt and thing.decision is Decision.ITEM else thing
