"""Word forms: the stem that singular and plural share, and the repair of misspelt words."""

import re
from collections.abc import Iterable
from functools import lru_cache


def stem(word: str) -> str:
    """What singular and plural share, in Spanish and English alike: only good for comparing stems.

    tomate(s), limon(es), tomato(es), peach(es), berry/berries, leaf/leaves, nuez/nueces.
    """
    if len(word) < 3:
        return word
    if len(word) > 3 and word.endswith("s"):
        word = word[:-1]
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    return word[:-1] + _ALIKE.get(word[-1], word[-1])


# Last letters that change in the plural: berry/berries, leaf/leaves, nuez/nueces.
_ALIKE = {"y": "i", "f": "v", "c": "z"}

# Letters that sound alike in Spanish, where most misspellings come from.
_SOUNDS = (
    (re.compile(r"^[hg]?u(?=[aei])|^w"), "gu"),  # huevo, guevo; huacatay, wacatay
    (re.compile(r"ll"), "y"),
    (re.compile(r"qu(?=[ei])|q(?!u)"), "k"),
    (re.compile(r"c(?=[ei])|z"), "s"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"c(?!h)"), "k"),
    (re.compile(r"(?<!c)(?<!s)h"), ""),
    (re.compile(r"v"), "b"),
    (re.compile(r"(.)\1+"), r"\1"),
)

_SOUNDS_LIKE = 4
_HARD_G = re.compile(r"gu$")
_DIMINUTIVE = re.compile(r"(?:(?<=.)c|z)?it([oa])$")

# Lengths of stems. Shorter ones have too many neighbours: mano and mango, polvo and pollo, pilas and piñas.
_ONE_SLIP = 5
_ONE_CHANGED_LETTER = 6
_TWO_SLIPS = 9
_SLIP_IN_COMPANY = 3
# Of words: the shortest in which two letters may be swapped (gota is no goat), and in which the first two may.
_SWAPPED = 5
_FIRST_SWAPPED = 6


class Speller:
    """Corrects a word to the one of a vocabulary that sounds the same or is a slip or two away."""

    def __init__(self, words: Iterable[str]) -> None:
        self._stems: set[str] = set()
        self._sounds: dict[str, str] = {}
        self._near: dict[str, tuple[str, ...]] = {}  # not sets: there are 20,000
        for word in words:
            if (stemmed := stem(word)) in self._stems:
                continue
            self._stems.add(stemmed)
            sound = _sound(stemmed)
            if sound in self._sounds:
                continue
            self._sounds[sound] = word
            for shorter in _shortened(sound):
                self._near[shorter] = (*self._near.get(shorter, ()), sound)

    def knows(self, word: str) -> bool:
        return stem(word) in self._stems

    def correct(self, word: str) -> str | None:
        """The word meant by an unknown one; None when nothing is near, or two are equally near."""
        sound = _sound(stem(word))
        if len(word) < _SOUNDS_LIKE:
            return None
        swapped = {stem(other): other for other in _swapped(word) if self.knows(other)}
        if len(swapped) == 1:
            return next(iter(swapped.values()))
        if same := self._sounds.get(sound) or self._sounds.get(_sound(word)) or self._undiminished(word):
            return same
        ranked = self._ranked(sound)
        if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
            return None
        return self._sounds[ranked[0][1]]

    def near(self, word: str) -> list[str]:
        """All words that an unknown one may mean, the nearest first."""
        if len(word) < _SOUNDS_LIKE:
            return []
        sound = _sound(stem(word))
        same = self._sounds.get(sound) or self._sounds.get(_sound(word)) or self._undiminished(word)
        ranked = self._ranked(sound, at_least=int(len(sound) >= _SLIP_IN_COMPANY))
        return [*([same] if same else []), *(self._sounds[other] for _, other in ranked)]

    def _ranked(self, sound: str, at_least: int = 0) -> list[tuple[int, str]]:
        """What is as few slips away as we believe in; `at_least` so many where nothing hangs on it."""
        near = {other for shorter in _shortened(sound) for other in self._near.get(shorter, ())}
        slipped = ((_slips(sound, other), other) for other in near)
        return sorted((slips, other) for slips, other in slipped if slips <= max(at_least, _allowed(sound, other)))

    def _undiminished(self, word: str) -> str | None:
        """ajito: ajo; manguito: mango."""
        found = _DIMINUTIVE.search(word.removesuffix("s"))
        if not found:
            return None
        root = _HARD_G.sub("g", word[: found.start()])
        return self._sounds.get(_sound(stem(root + found[1]))) or self._sounds.get(_sound(stem(root)))


@lru_cache(maxsize=8192)
def _sound(word: str) -> str:
    for letters, sound in _SOUNDS:
        word = letters.sub(sound, word)
    return word


def _shortened(word: str) -> set[str]:
    """The word, and the word without any one letter: two words one slip apart share one of these."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(1, len(word)))}


def _swapped(word: str) -> list[str]:
    """The word with two neighbouring letters in their other order; of a short one the first stays where it is."""
    if len(word) < _SWAPPED:
        return []
    first = 0 if len(word) >= _FIRST_SWAPPED else 1
    return [word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(first, len(word) - 1)]


def is_one_slip(word: str, other: str) -> bool:
    """Whether one slip makes a word into another, by their sounds. Only safe where little else can be meant."""
    if min(len(word), len(other)) < _SLIP_IN_COMPANY:
        return False
    word, other = _sound(word), _sound(other)
    return abs(len(word) - len(other)) <= 1 and len(set(word) ^ set(other)) <= 2 and _slips(word, other) == 1


def _allowed(word: str, other: str) -> int:
    """How many slips we believe in. First letters are seldom wrong, and a wrong one misleads."""
    shorter = min(len(word), len(other))
    if word[0] != other[0] or shorter < _ONE_SLIP:
        return 0
    if len(word) == len(other) and shorter < _ONE_CHANGED_LETTER and sorted(word) != sorted(other):
        return 0
    return 2 if shorter >= _TWO_SLIPS else 1


def _slips(word: str, other: str) -> int:
    """Edit distance where two swapped neighbours count once (optimal string alignment)."""
    older: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            slips = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == wanted:
                slips = min(slips, older[j - 2] + 1)
            row.append(slips)
        older, last = last, row
    return last[-1]
