"""What the photos and codes of one capture come to: the same thing seen twice is one line, with all its evidence.

`merged` joins in this order (docs/capture.md tells it to people): codes, one line a product; receipts, each purchase
once; receipts with codes; photos with both; and printed dates with what they are of, which is never guessed.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from zwai.errors import Told
from zwai.kitchen import shop_words
from zwai.kitchen.recognition import RANK, item_of, name_of
from zwai.kitchen.recognition import merged as each_once
from zwai.knowledge.names import label_key
from zwai.knowledge.units import round_off
from zwai.records.captures import Shot, Thing
from zwai.records.people import Language
from zwai.records.photos import Decision, PhotoId, Rule, Sighting, both
from zwai.records.products import Product
from zwai.records.reading import Barcode, Gtin, PrintedDate, Receipt
from zwai.records.stock import LONGEST_LABEL, FoodId, Quantity, Unit

LONGEST = 500  # of a piece of evidence
ONE = Quantity(Decimal(1), Unit.PIECE)
EXPIRES = Told("Vence", "Expires")
Meanings = Sequence[shop_words.Meaning]


@dataclass(frozen=True, slots=True)
class Purchase:
    """A receipt, and its photo's place among those of the capture."""

    place: int
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Code:
    """A code, and its photo's place; None when it was scanned without one."""

    place: int | None
    code: Barcode


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
    packs = _packs(shots, scanned, products)
    packs, sightings = _named_by_their_photo(packs, shots, language)
    things = _joined([thing for one in bought for thing in _receipt_things(*one)], packs)
    things = _with_sightings(things, sightings, language)
    things = _with_dates(things, shots, language)
    return tuple(sorted(map(_doubted, things), key=lambda thing: RANK[thing.decision]))


def _packs(shots: Sequence[Shot], scanned: Sequence[Barcode], products: Mapping[Gtin, Product]) -> list[Thing]:
    """One thing a product; packs of one product with other dates are other things."""
    seen: defaultdict[str, list[Code]] = defaultdict(list)
    for place, shot in enumerate(shots):
        for code in shot.codes:
            seen[code.gtin or code.text].append(Code(place, code))
    for code in scanned:
        seen[code.gtin or code.text].append(Code(None, code))
    packs = []
    for codes in seen.values():
        days: list[date | None] = [*sorted({one.code.day.day for one in codes if one.code.day})]
        for day in days or [None]:
            of_day = [one for one in codes if (one.code.day and one.code.day.day) == day]
            undated = [one for one in codes if one.code.day is None and day is not None and day == days[0]]
            packs.append(_pack([*of_day, *undated], products, shots))
    return packs


def _pack(codes: Sequence[Code], products: Mapping[Gtin, Product], shots: Sequence[Shot]) -> Thing:
    first = next((one for one in codes if one.place is not None), codes[0])
    code, place = first.code, first.place
    product = products.get(code.gtin) if code.gtin else None
    # The same code twice in one photo is two packs; the same one in two photos, or scanned again, may be one.
    count = max(Counter((one.place, one.code.text) for one in codes if one.place is not None).values(), default=1)
    weighed = next((one.code.quantity for one in codes if one.code.quantity), None)
    day = next((one.code.day for one in codes if one.code.day), None)
    lot = next((one.code.lot for one in codes if one.code.lot), "")
    evidence = {
        "code": code.text,
        "gtin": code.gtin or "",
        "product": product.source.value if product else "unknown" if code.gtin else "shop",
        "brand": product.brand if product else "",
        "allergens": ",".join(product.allergens) if product else "",
        "lot": lot,
        "packs": str(count) if count > 1 else "",
        "code_photo": _told(place),
        **_date_evidence(day, place, Rule.BARCODE),
    }
    return Thing(
        label=product.label if product else " ".join(code.text[:LONGEST_LABEL].split()),  # GS1 puts controls between
        food=product.food if product else None,
        quantity=_times(weighed or (product and product.quantity) or ONE, 1 if weighed else count),
        decision=Decision.ITEM if product else Decision.CONFIRM,
        rule=Rule.BARCODE,
        photo=shots[place].photo if place is not None else None,
        box=code.box,
        day=day,
        evidence=_kept(evidence),
        seen_in=frozenset(shots[one.place].photo for one in codes if one.place is not None),
    )


def _times(quantity: Quantity, count: int | Decimal) -> Quantity:
    return Quantity(round_off(quantity.amount * count), quantity.unit)


def _named_by_their_photo(
    packs: list[Thing], shots: Sequence[Shot], language: Language
) -> tuple[list[Thing], list[tuple[PhotoId, Sighting]]]:
    """In a photo with one code, what is seen in the whole of it is that pack: the code's name counts, else its own.

    Answers the packs, and the sightings that are left.
    """
    left: list[tuple[PhotoId, Sighting]] = []
    named = {id(pack): pack for pack in packs}
    for shot in shots:
        here = [pack for pack in packs if shot.photo in pack.seen_in]
        whole = [one for one in shot.sightings if one.box is None and one.decision is not Decision.SUGGESTION]
        rest = [one for one in shot.sightings if one.box is not None]
        if len(here) != 1 or (_is_unknown(here[0]) and not whole):
            left += [(shot.photo, one) for one in shot.sightings]
            continue
        left += [(shot.photo, one) for one in rest]
        if _is_unknown(pack := named[id(here[0])]) and pack.rule == Rule.BARCODE:
            named[id(here[0])] = _called(pack, max(whole, key=lambda one: one.confidence), language)
    return list(named.values()), left


def _is_unknown(pack: Thing) -> bool:
    return pack.evidence["product"] in ("unknown", "shop")


def _called(pack: Thing, sighting: Sighting, language: Language) -> Thing:
    item = item_of(sighting, language)
    return replace(
        pack, label=item.label, food=_food(sighting), kind=item.kind, dish=item.dish, confidence=sighting.confidence,
        rule=both(pack.rule, sighting.rule),
    )  # fmt: skip


def _receipt_things(purchase: Purchase, meanings: Meanings) -> list[Thing]:
    """What was bought to eat; lines of the same words and unit are added up."""
    things: dict[tuple[str, Unit], Thing] = {}
    for line, meaning in zip(purchase.receipt.lines, meanings, strict=True):
        if not line.food:
            continue
        evidence = shop_words.evidence(purchase.receipt, line) | {"receipt_photo": str(purchase.place)}
        learned = meaning.rule is shop_words.Rule.LEARNED
        thing = Thing(
            label=meaning.label,
            food=meaning.food,
            quantity=line.quantity,
            decision=Decision.ITEM if learned else Decision.CONFIRM,
            rule=Rule.RECEIPT,
            box=line.box,
            evidence=_kept(evidence),
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
    name = line if _is_unknown(pack) and line.food else pack
    counted = line.quantity.unit is Unit.PIECE
    packs = int(line.quantity.amount) if counted and line.quantity.amount == int(line.quantity.amount) else 1
    each = _times(pack.quantity, 1 / Decimal(pack.evidence.get("packs", "1")))
    return replace(
        pack,
        label=name.label,
        food=name.food,
        quantity=_times(each, packs) if counted else line.quantity,
        decision=min(line.decision, pack.decision, key=RANK.__getitem__),
        rule=both(pack.rule, Rule.RECEIPT),
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
        food=_food(sighting),
        kind=item.kind,
        dish=item.dish,
        quantity=item.quantity,
        decision=sighting.decision,
        confidence=sighting.confidence,
        rule=sighting.rule,
        photo=photo,
        box=sighting.box,
    )


def _food(sighting: Sighting) -> FoodId | None:
    return FoodId(sighting.food) if sighting.food else None


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


def _with_dates(things: list[Thing], shots: Sequence[Shot], language: Language) -> list[Thing]:
    for place, shot in enumerate(shots):
        if not shot.dates:
            continue
        day = shot.dates[0]
        here = [number for number, thing in enumerate(things) if shot.photo in thing.seen_in and _is_meant(thing)]
        undated = [number for number, thing in enumerate(things) if thing.day is None and _is_meant(thing)]
        if len(target := here or undated) == 1:
            things[target[0]] = _dated(things[target[0]], shot, place)
        else:
            things.append(_only_a_date(day, shot, place, language))
    return things


def _is_meant(thing: Thing) -> bool:
    return thing.decision is not Decision.SUGGESTION


def _dated(thing: Thing, shot: Shot, place: int) -> Thing:
    """What a code says of its date was not misread; of two labels the sooner counts. Any other reading is told."""
    new, old = shot.dates[0], thing.day
    coded = thing.evidence.get("date_by") == Rule.BARCODE
    chosen = new if old is None or (not coded and new.day < old.day) else old
    readings = _readings(shot.dates) | (_readings([old]) if old else set())
    others = _listed(readings - {chosen.day})
    evidence = {
        **thing.evidence,
        **(_date_evidence(new, place, Rule.LABEL) if chosen is new else {}),
        "date_others": others,
    }
    return replace(thing, day=chosen, evidence=_kept(evidence), doubt=thing.doubt or bool(others))


def _readings(dates: Sequence[PrintedDate]) -> set[date]:
    return {day for one in dates for day in (one.day, *one.others)}


def _listed(days: set[date]) -> str:
    return ",".join(day.isoformat() for day in sorted(days))


def _only_a_date(day: PrintedDate, shot: Shot, place: int, language: Language) -> Thing:
    evidence = _date_evidence(day, place, Rule.LABEL) | {"date_others": _listed(_readings(shot.dates) - {day.day})}
    word = EXPIRES.en if language is Language.EN else EXPIRES.es
    return Thing(
        label=f"{word} {day.day.isoformat()}",
        food=None,
        quantity=ONE,
        decision=Decision.SUGGESTION,
        rule=Rule.LABEL,
        box=day.box,
        day=day,
        evidence=_kept(evidence),
    )


def _date_evidence(day: PrintedDate | None, place: int | None, by: str) -> dict[str, str]:
    if day is None:
        return {}
    told = {"date": day.day.isoformat(), "date_kind": day.kind.value, "date_text": day.text, "date_by": by}
    return {**told, "date_photo": _told(place)}


def _doubted(thing: Thing) -> Thing:
    return replace(thing, decision=Decision.CONFIRM) if thing.doubt and thing.decision is Decision.ITEM else thing


def _told(place: int | None) -> str:
    return "" if place is None else str(place)


def _kept(evidence: Mapping[str, str]) -> dict[str, str]:
    """Without what there is none of."""
    return {name: value[:LONGEST] for name, value in evidence.items() if value}
