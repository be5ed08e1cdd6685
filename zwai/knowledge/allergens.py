"""From any text to the allergens of the EU list: what it contains, may contain, and why we say so.

Words decide, the longest known phrase first ("leche de coco" is no milk); a text that holds words that
we do not know is never called free.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from itertools import accumulate

from zwai.knowledge.allergen_words import (
    COMMA,
    GLUE,
    STOP,
    Known,
    Node,
    Phrase,
    Sort,
    Token,
    add_phrase,
    begins,
    is_noise,
    match,
    names,
    own_phrases,
    speller,
    token_of,
    tokens_of,
)
from zwai.knowledge.names import label_key
from zwai.records.allergens import Allergen, Judged, Verdict
from zwai.records.people import Language

NAMES = {
    Allergen.GLUTEN: ("gluten", "gluten"),
    Allergen.CRUSTACEANS: ("crustáceos", "crustaceans"),
    Allergen.EGGS: ("huevo", "eggs"),
    Allergen.FISH: ("pescado", "fish"),
    Allergen.PEANUTS: ("maní", "peanuts"),
    Allergen.SOY: ("soya", "soy"),
    Allergen.MILK: ("leche", "milk"),
    Allergen.NUTS: ("frutos secos", "tree nuts"),
    Allergen.CELERY: ("apio", "celery"),
    Allergen.MUSTARD: ("mostaza", "mustard"),
    Allergen.SESAME: ("ajonjolí", "sesame"),
    Allergen.SULPHITES: ("sulfitos", "sulphites"),
    Allergen.LUPIN: ("altramuz (tarwi)", "lupin"),
    Allergen.MOLLUSCS: ("moluscos", "molluscs"),
}

LONGEST = 2000
_MOST_REPAIRED = 6  # more unknown words than these are no typing errors
_SHORTEST_REPAIRED = 4
_MOST_REASONS = 8

_WRITTEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?\d{0,4}")

_DENYING = frozenset({"sin", "without", "no", "not", "non", "exento", "exenta"})
_DENYING_BEFORE = {"libre": {"de", "del"}, "free": {"of", "from"}}
_DENIED_THROUGH = frozenset({
    "contiene", "contienen", "contener", "contenido", "contain", "contains", "adicion", "added", "any", "from",
    "ingredientes", "proteina", "derivados",
})  # fmt: skip
_OR = frozenset({"ni", "o", "u", "or", "nor"})
_AND = frozenset({"y", "e", "and", "plus", "mas"})
_WITH = frozenset({"con", "with"})
_TYING = frozenset({"de", "del", "of", "con", "with", "y", "and", "e"})
_JOINING = _OR | _AND | _WITH | _DENYING | {"para", "for", "por", "to", "sabor", "tipo", "x", "from"}


@dataclass(frozen=True, slots=True)
class Finding:
    """A known phrase in a text: where, and how it stands there."""

    start: int
    end: int
    phrase: Phrase
    denied: bool
    traces: bool
    said: str


@dataclass(slots=True)
class _Reading:
    """What one pass over a text found."""

    tokens: Sequence[Token]
    findings: list[Finding] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def name_of(allergen: Allergen, language: Language) -> str:
    """An allergen's name, in lower case."""
    spanish, english = NAMES[allergen]
    return english if language is Language.EN else spanish


@lru_cache(maxsize=4096)
def judge(text: str, language: Language = Language.ES) -> Judged:
    """The allergens of a food, a dish or a label's list of ingredients, as a text names it.

    What lies beyond the first LONGEST characters is not read, and so unknown. The reason is in `language`.
    """
    tokens = tokens_of(text[:LONGEST])
    mended = _mended(tokens)
    reading = _read(_all_phrases(language), mended)
    if mended != tokens:  # a guess may add an allergen, but it proves nothing absent
        plain = _read(_all_phrases(language), tokens)
        reading.findings += [one for one in plain.findings if _adds(one, reading.findings)]
        reading.unknown = reading.unknown or [was.word for was, now in zip(tokens, mended, strict=True) if was != now]
    if len(text) > LONGEST:
        reading.unknown.append("…")
    return _judged(reading, language, _as_written(text[:LONGEST]))


def named_in(text: str, language: Language = Language.ES) -> frozenset[Allergen]:
    """The allergens that a declared allergy means ("mariscos", "lactosa", "sin gluten"), if any of the list.

    A food that only holds some of them by its recipe names none: who cannot eat chocolate may drink milk.
    """
    meant = {Sort.ALLERGEN, Sort.SOURCE, Sort.PART, Sort.NOUN, Sort.CLAIM}
    findings = _read(_phrases(language), _mended(tokens_of(text[:LONGEST]))).findings
    found = (one.phrase for one in findings if one.phrase.sort in meant)
    return frozenset(code for phrase in found if phrase.sort is Sort.ALLERGEN or len(phrase.contains) == 1
                     for code in phrase.contains)  # fmt: skip


def warm() -> None:
    """Read the tables, so that no request pays for it; what lies below a word waits until a text holds it."""
    begins("")
    speller()


def _all_phrases(language: Language) -> Known:
    return partial(_known, language)


def _known(language: Language, stem: str) -> Node | None:
    return _below(language, stem) if begins(stem) else None


@cache
def _below(language: Language, stem: str) -> Node:
    """Our own phrases, then the catalogue's names; a name holds what its words say too."""
    both = own_phrases(language, stem)
    for tokens, food in names(language, stem):
        reading = _read(_phrases(language), tokens)
        if any(map(_taken_away, reading.findings)):
            continue  # "pan sin gluten": its words say it, and say what is denied
        said, perhaps = _codes(reading)
        contains = frozenset(said.union(map(Allergen, food.allergens)))
        may_contain = frozenset(perhaps.union(map(Allergen, food.may_contain))) - contains
        add_phrase(both, tokens, Phrase(contains, may_contain, Sort.FOOD, ("", ""), food))
    return both


def _phrases(language: Language) -> Known:
    return partial(_own, language)


def _own(language: Language, stem: str) -> Node | None:
    return _own_below(language, stem) if begins(stem) else None


@cache
def _own_below(language: Language, stem: str) -> Node:
    return own_phrases(language, stem)


def _mended(tokens: list[Token]) -> list[Token]:
    """The tokens with unknown words replaced by those that they seem to be."""
    known = speller()
    left = _MOST_REPAIRED
    mended = []
    for token in tokens:
        if left and len(token.word) >= _SHORTEST_REPAIRED and not known.knows(token.word):
            left -= 1
            if fixed := known.correct(token.word):
                token = token_of(fixed)
        mended.append(token)
    return mended


def _read(known: Known, tokens: Sequence[Token]) -> _Reading:
    """Walk over a text once: longest phrases, denials before and after them, warnings of traces."""
    reading = _Reading(tokens)
    at, denying, traces = 0, False, False
    while at < len(tokens):
        token = tokens[at]
        found = match(known, tokens, at)
        if found:
            end, phrase = found
            if not _is_meant(phrase, tokens, at):
                at, denying = end, False
                continue
            said = " ".join(one.word for one in tokens[at:end])
            reading.findings.append(Finding(at, end, phrase, denying, traces, said))
            traces = traces or (phrase.sort is Sort.TRACES and not denying)
            denying = denying and phrase.sort is Sort.TRACES
            at = end
            continue
        if _says_free(reading, tokens, at):
            reading.findings[-1] = replace(reading.findings[-1], denied=True)
        elif _denies(tokens, at) or (token.word in _OR and _just_denied(reading, at)):
            denying = True
        elif token.stem in (COMMA, STOP):
            denying, traces = False, traces and token.stem == COMMA
        elif token.word not in GLUE and token.word not in _DENIED_THROUGH:
            denying = False
            if not (is_noise(token) or token.word in _JOINING or len(token.word) == 1):
                reading.unknown.append(token.word)
        at += 1
    return reading


def _is_meant(phrase: Phrase, tokens: Sequence[Token], at: int) -> bool:
    """Whether a phrase that may be an adjective too stands where a noun does."""
    if phrase.sort is not Sort.NOUN or at == 0:
        return True
    before = tokens[at - 1]
    heads = all(token.word in GLUE or is_noise(token) for token in tokens[:at])
    return heads or before.stem in (COMMA, STOP) or before.word in _TYING


def _denies(tokens: Sequence[Token], at: int) -> bool:
    word = tokens[at].word
    after = tokens[at + 1].word if at + 1 < len(tokens) else ""
    return word in _DENYING or after in _DENYING_BEFORE.get(word, ())


def _says_free(reading: _Reading, tokens: Sequence[Token], at: int) -> bool:
    """ "gluten free": the word before is denied."""
    return tokens[at].word == "free" and bool(reading.findings) and reading.findings[-1].end == at


def _just_denied(reading: _Reading, at: int) -> bool:
    return bool(reading.findings) and reading.findings[-1].denied and reading.findings[-1].end == at


def _adds(one: Finding, findings: Iterable[Finding]) -> bool:
    """Whether a finding of the text as typed says more than those of the mended one."""
    there = [other.phrase.contains | other.phrase.may_contain for other in findings if not other.denied]
    return not one.denied and not one.phrase.contains <= frozenset().union(*there)


def _codes(reading: _Reading) -> tuple[set[Allergen], set[Allergen]]:
    """What a reading contains and may contain, after what it says to be without."""
    contains: set[Allergen] = set()
    may_contain: set[Allergen] = set()
    claims = [one for one in reading.findings if _taken_away(one)]
    clauses = _Clauses(reading)
    vegan = set().union(*(one.phrase.contains for one in reading.findings if _is_vegan(one)))
    for one in reading.findings:
        if one.denied or one.phrase.sort in (Sort.CLAIM, Sort.VEGAN):
            continue
        gone = set().union(*(_taken_away(claim) for claim in claims if clauses.covered(one, claim)))
        (may_contain if one.traces else contains).update(one.phrase.contains - gone - vegan)
        may_contain |= (one.phrase.may_contain | (one.phrase.contains & vegan)) - gone
    return contains, may_contain - contains


def _taken_away(one: Finding) -> frozenset[Allergen]:
    """What a finding says that the food is without: a carrier that is left out ("sin queso") takes nothing away."""
    claims = (one.denied and one.phrase.sort is Sort.ALLERGEN) or (not one.denied and one.phrase.sort is Sort.CLAIM)
    return one.phrase.contains if claims else frozenset()


def _is_vegan(one: Finding) -> bool:
    return one.phrase.sort is Sort.VEGAN and not one.denied


class _Clauses:
    """How far a claim reaches: numbers of the clauses in which tokens stand."""

    def __init__(self, reading: _Reading) -> None:
        tokens = reading.tokens
        self._before = list(accumulate(_parts(token, _AND) for token in tokens))
        self._after = list(accumulate(_parts(token, _AND | _WITH) for token in tokens))
        self._first: dict[int, int] = {}  # where the first food of a clause is
        for one in reading.findings:
            if not one.denied:
                self._first.setdefault(self._before[one.start], one.start)

    def covered(self, one: Finding, claim: Finding) -> bool:
        """Whether "sin gluten" is said of a finding: one before it up to "y" or a comma, one after it up to "con".

        A claim with nothing beside it ("galletas, sin gluten") is said of all before.
        """
        if one.start > claim.start:
            return self._after[one.start] == self._after[claim.start]
        clause = self._before[claim.start]
        alone = self._first.get(clause, claim.start) >= claim.start
        return alone or self._before[one.start] == clause


def _parts(token: Token, words: frozenset[str]) -> bool:
    return token.stem in (COMMA, STOP) or token.word in words


def _as_written(text: str) -> Mapping[str, str]:
    """How a text writes each of its words."""
    words = _WRITTEN.findall(unicodedata.normalize("NFC", text))
    return {label_key(word.replace("’", "'")): word for word in reversed(words)}


def _judged(reading: _Reading, language: Language, written: Mapping[str, str]) -> Judged:
    contains, may_contain = _codes(reading)
    free_of = set().union(*map(_taken_away, reading.findings)) - contains - may_contain
    verdict = _verdict(reading, contains, may_contain)
    return Judged(
        contains=_in_order(contains),
        may_contain=_in_order(may_contain),
        free_of=_in_order(free_of),
        verdict=verdict,
        why=" ".join(_reasons(reading, verdict, may_contain, language, written)),
    )


def _verdict(reading: _Reading, contains: set[Allergen], may_contain: set[Allergen]) -> Verdict:
    if contains:
        return Verdict.CONTAINS
    if may_contain:
        return Verdict.MAY_CONTAIN
    return Verdict.FREE if not reading.unknown and _one_food(reading) else Verdict.UNKNOWN


def _one_food(reading: _Reading) -> bool:
    """Whether the text is a single food that we know, and none whose recipe may vary."""
    foods = [one.phrase for one in reading.findings if not one.denied and one.phrase.sort not in _NOT_FOOD]
    return (
        len(foods) == 1
        and foods[0].sort is not Sort.DISH
        and (foods[0].food is None or foods[0].food.category != "dish")
    )


_NOT_FOOD = (Sort.CLAIM, Sort.VEGAN, Sort.TRACES, Sort.FILLER)


def _in_order(codes: Iterable[Allergen]) -> tuple[Allergen, ...]:
    return tuple(sorted(codes, key=list(Allergen).index))


def _reasons(
    reading: _Reading, verdict: Verdict, may: Collection[Allergen], language: Language, written: Mapping[str, str]
) -> Iterator[str]:
    """Why, a sentence for each word that decides; at last what we do not know."""
    english = language is Language.EN
    told = [one for one in reading.findings if one.phrase.sort is not Sort.FILLER]
    for one in told[:_MOST_REASONS]:
        said = " ".join(written.get(word, word) for word in one.said.split())
        yield _reason(one, f'"{said}"' if english else f"«{said}»", may, language)
    if reading.unknown:
        words = ", ".join(dict.fromkeys(written.get(word, word) for word in reading.unknown[:5]))
        yield f'We do not know "{words}".' if english else f"No conocemos «{words}»."
    elif not told:
        yield "There is no word here that we know." if english else "Aquí no hay palabra que conozcamos."
    elif verdict is Verdict.UNKNOWN:
        yield "What else is in it depends on the recipe." if english else "Lo demás depende de la receta."


def _reason(one: Finding, said: str, may: Collection[Allergen], language: Language) -> str:
    english = language is Language.EN
    if one.denied:
        return f"It says without {said}." if english else f"Dice sin {said}."
    if (food := one.phrase.food) is not None:
        there = f"in our catalogue as {food.name_en}" if english else f"en nuestro catálogo como {food.name(language)}"
        return f"{said}: {there}, {_told(one.phrase, language)}."
    why = one.phrase.why[1] if english else one.phrase.why[0]
    if left := _names(one.phrase.may_contain & set(may), language):
        why += f"; may contain {left}" if english else f"; puede contener {left}"
    return f"{said}: {why}."


def _told(phrase: Phrase, language: Language) -> str:
    english = language is Language.EN
    has, may = _names(phrase.contains, language), _names(phrase.may_contain, language)
    parts = [f"{'with' if english else 'con'} {has}"] if has else []
    parts += [f"{'may contain' if english else 'puede contener'} {may}"] if may else []
    return "; ".join(parts) or ("without any of the fourteen" if english else "sin ninguno de los catorce")


def _names(codes: Iterable[Allergen], language: Language) -> str:
    return ", ".join(name_of(code, language) for code in _in_order(codes))
