"""From the backbone's features and ImageNet logits to foods: our linear head, the non-food gate, the chances.

The head knows what it was trained on. The backbone's own ImageNet names speak too: as evidence for foods that the
head also knows (it has seen heaps of bananas, ImageNet a single one), and alone for foods that it does not.
"""

import json
from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ai.names import Names, Role, Source

Floats = NDArray[np.float32]

GATE = -2.0  # log of food-like against other ImageNet mass; below it a photo shows no food
EVIDENCE_POWER = 0.5  # how much an ImageNet name weighs beside the head; with the next two chosen on photos
EVIDENCE_FLOOR = 0.01  # kept out of training, by what they did to the head's own names
ALONE_SHARPNESS = 1.25
ALONE_LEAST = 0.6  # an ImageNet name that the head lacks is heard only when this sure,
HEAD_UNSURE = 0.6  # and the head less than this
FINER_LEAST = 0.6  # a variety is told only when it alone is this likely


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic curve from the model's chance to the share of such answers that were right, on photos kept out.

    `item`: the calibrated chance from which an answer is sure; None where no chance is high enough.
    """

    slope: float
    offset: float
    item: float | None

    def __call__(self, chance: float) -> float:
        clipped = min(max(chance, 1e-6), 1 - 1e-6)
        return float(1 / (1 + np.exp(-self.slope * np.log(clipped / (1 - clipped)) - self.offset)))


@dataclass(frozen=True, slots=True)
class Guess:
    """One possible food of a photo. `confidence` is calibrated; `sure`: it may be taken as a fact."""

    food: str
    confidence: float
    sure: bool


@dataclass(frozen=True, slots=True)
class Chances:
    """Per picture: the chance of each food, of each class of the head, and the gate's margin."""

    foods: Floats
    classes: Floats
    margin: Floats


class Head:
    """Linear head, names and calibration; pure arithmetic on the backbone's outputs."""

    def __init__(self, weights: Floats, bias: Floats, classes: list[str], names: Names,
                 calibrations: Mapping[Source, Calibration]) -> None:  # fmt: skip
        self.weights, self.bias, self.classes, self.names = weights, bias, classes, names
        self.calibrations = calibrations
        known = [names.head[label].food or "" for label in classes]
        self.foods = sorted({*known, *(name.food for name in names.imagenet.values() if name.food)})
        index = {food: number for number, food in enumerate(self.foods)}
        self._group = np.zeros((len(classes), len(self.foods)), np.float32)
        self._group[np.arange(len(classes)), [index[food] for food in known]] = 1
        named = {number: index[name.food] for number, name in names.imagenet.items() if name.food}
        self._numbers = np.array(list(named))
        self._imagenet = np.zeros((len(named), len(self.foods)), np.float32)
        self._imagenet[np.arange(len(named)), list(named.values())] = 1
        self._foodlike = np.isin(np.arange(1000), list(names.imagenet))
        self._alone = self._group.sum(0) == 0
        dishes = {names.head[label].food or "" for label in classes if names.head[label].source is Source.DISH}
        self._general = {name.finer: name.food for name in names.head.values() if name.finer and name.food}
        self._sources = [
            Source.IMAGENET if alone else Source.DISH if food in dishes else Source.SHOP
            for food, alone in zip(self.foods, self._alone, strict=True)
        ]

    def chances(self, features: Floats, logits: Floats) -> Chances:
        """Both arguments have one row a picture."""
        classes = _softmax(features @ self.weights.T + self.bias)
        evidence = 1 + _softmax(logits)[:, self._numbers] @ self._imagenet / EVIDENCE_FLOOR
        own = classes @ self._group
        foods = own * evidence**EVIDENCE_POWER
        foods /= foods.sum(1, keepdims=True)
        alone = _softmax(ALONE_SHARPNESS * logits)[:, self._numbers] @ self._imagenet * self._alone
        alone *= (alone >= ALONE_LEAST) & (own.max(1, keepdims=True) < HEAD_UNSURE)
        foods = foods * (1 - alone.sum(1, keepdims=True)) + alone
        margin = _logsumexp(logits[:, self._foodlike]) - _logsumexp(logits[:, ~self._foodlike])
        return Chances(foods, classes, margin)

    def names_alone(self, features: Floats) -> Floats:
        """The head's own chances of each food: for pictures without logits."""
        grouped: Floats = _softmax(features @ self.weights.T + self.bias) @ self._group
        return grouped

    def best(self, chances: Chances, row: int, count: int, allowed: Container[Role]) -> list[Guess]:
        """The likeliest `allowed` foods of one picture, best first; none when it shows no food that has a name.

        Only the first is calibrated; the others share what it leaves, in the model's proportions.
        """
        foods = chances.foods[row]
        if chances.margin[row] <= GATE or not self.foods[int(foods.argmax())]:
            return []
        order = [i for i in np.argsort(-foods) if self.foods[i] and self.names.roles[self.foods[i]] in allowed]
        first, others = order[0], order[1:count]
        top, curve = float(foods[first]), self.calibrations[self._sources[first]]
        confidence = curve(top)
        left = (1 - confidence) / max(1 - top, 1e-6)
        guesses = [Guess(self.foods[i], min(confidence, float(foods[i]) * left), sure=False) for i in others]
        sure = curve.item is not None and confidence >= curve.item
        return [self._finest(chances, row, Guess(self.foods[first], confidence, sure)), *guesses]

    def general(self, food: str) -> str:
        """The food that the head sums a variety up to; itself when it is none."""
        return self._general.get(food, food)

    def _finest(self, chances: Chances, row: int, guess: Guess) -> Guess:
        """A variety that the catalogue knows, when the variety itself is sure."""
        label = self.classes[int(chances.classes[row].argmax())]
        name, chance = self.names.head[label], float(chances.classes[row].max())
        if name.food == guess.food and name.finer and chance > FINER_LEAST:
            return Guess(name.finer, min(guess.confidence, self.calibrations[name.source](chance)), guess.sure)
        return guess

    def save(self, folder: Path) -> None:
        np.savez(folder / "head.npz", weights=self.weights.astype(np.float32), bias=self.bias.astype(np.float32))
        text = {
            "classes": self.classes,
            "calibrations": {source: asdict(curve) for source, curve in self.calibrations.items()},
        }
        (folder / "head.json").write_text(json.dumps(text, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_head(folder: Path, names: Names) -> Head:
    """The head that `save` wrote."""
    text = json.loads((folder / "head.json").read_text(encoding="utf-8"))
    calibrations = {Source(source): Calibration(**curve) for source, curve in text["calibrations"].items()}
    with np.load(folder / "head.npz") as arrays:
        return Head(arrays["weights"], arrays["bias"], text["classes"], names, calibrations)


def _logsumexp(values: Floats) -> Floats:
    highest = values.max(1, keepdims=True)
    total: Floats = highest[:, 0] + np.log(np.exp(values - highest).sum(1))
    return total


def _softmax(values: Floats) -> Floats:
    powers = np.exp(values - values.max(1, keepdims=True))
    shares: Floats = powers / powers.sum(1, keepdims=True)
    return shares
