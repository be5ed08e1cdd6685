"""Fits the head, and measures it on photos kept out of its training."""

import random
from dataclasses import dataclass, replace

import numpy as np
from features import Seen
from photos import Labelled
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ai.head import GATE, Calibration, Head
from ai.names import Names, Source

REGULARISATION = 0.03
ITERATIONS = 300
HELD_OUT = 0.25  # the share of dishes kept for measuring
WANTED_PRECISION = 0.97  # asked of shop photos, since photos taken at home are harder
MOST = 0.95  # beyond this too few photos are left to measure a precision on
# Foods that only ImageNet names have no photos to measure on: as good as a toss, and never sure.
UNMEASURED = Calibration(slope=0.0, offset=0.0, item=None)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Labelled photos and what the backbone says of them, plain and augmented."""

    photos: list[Labelled]
    plain: Seen
    augmented: Seen

    def kept(self, groups: set[str] | None = None, without: set[str] | None = None) -> "Pictures":
        """Only photos of these `groups`, or none of those."""

        def chosen(seen: Seen) -> Seen:
            keep = [(groups is None or self.photos[i].group in groups)
                    and (without is None or self.photos[i].group not in without) for i in seen.photo]  # fmt: skip
            return Seen(*(column[np.array(keep)] for column in seen))

        return Pictures(self.photos, chosen(self.plain), chosen(self.augmented))

    @property
    def features(self) -> np.ndarray:
        return np.concatenate([self.plain.features, self.augmented.features])

    @property
    def logits(self) -> np.ndarray:
        return np.concatenate([self.plain.logits, self.augmented.logits])

    @property
    def labels(self) -> list[str]:
        return [self.photos[i].fine for seen in (self.plain, self.augmented) for i in seen.photo]


def held_out(photos: list[Labelled]) -> set[str]:
    """Groups that are kept for measuring: the same ones every time."""
    groups = sorted({photo.group for photo in photos})
    return set(random.Random(0).sample(groups, round(len(groups) * HELD_OUT)))


def fit(training: list[Pictures], names: Names, calibrations: dict[Source, Calibration]) -> Head:
    """Multinomial logistic regression, the scaling of its inputs folded into its weights."""
    rows = np.concatenate([pictures.features for pictures in training])
    labels = np.array([label for pictures in training for label in pictures.labels])
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=REGULARISATION, max_iter=ITERATIONS).fit(scaler.transform(rows), labels)
    weights = model.coef_ / scaler.scale_
    bias = model.intercept_ - weights @ scaler.mean_
    classes = [str(label) for label in model.classes_]
    return Head(weights.astype(np.float32), bias.astype(np.float32), classes, names, calibrations)


@dataclass(frozen=True, slots=True)
class Answers:
    """For each picture: the chance of the best food, and whether it is the right one (and past the gate)."""

    chance: np.ndarray
    right: np.ndarray
    past_gate: np.ndarray

    def over(self, least: float) -> tuple[float, float]:
        """The share answered at a chance of `least` or more, and the share of those that are right."""
        answered = self.past_gate & (self.chance >= least)
        return float(answered.mean()), float(self.right[answered].mean()) if answered.any() else 1.0


def answers(head: Head, seen: Seen, photos: list[Labelled]) -> Answers:
    chances = head.chances(seen.features, seen.logits)
    truth = [head.names.head[photos[i].fine].food or "" for i in seen.photo]
    right = np.array(head.foods)[chances.foods.argmax(1)] == np.array(truth)
    return Answers(chances.foods.max(1), right, chances.margin > GATE)


def calibrate(plain: Answers, augmented: Answers) -> Calibration:
    """A logistic regression of being right on the log-odds that the model gives.

    The curve is fitted on plain and augmented pictures together, since people don't photograph as shops are
    photographed. What counts as sure is measured on the plain ones alone.
    """
    both = (plain, augmented)
    chance = np.concatenate([each.chance[each.past_gate] for each in both]).clip(1e-6, 1 - 1e-6)
    right = np.concatenate([each.right[each.past_gate] for each in both])
    fitted = LogisticRegression(C=1e6).fit(np.log(chance / (1 - chance))[:, None], right)
    curve = Calibration(float(fitted.coef_[0, 0]), float(fitted.intercept_[0]), item=None)
    least = least_for(plain)
    return curve if least is None else replace(curve, item=round(curve(least), 3))


def least_for(measured: Answers) -> float | None:
    """The lowest chance from which on enough answers are right, if any."""
    for least in np.arange(0.3, MOST, 0.01):
        if measured.over(float(least))[1] >= WANTED_PRECISION:
            return float(least)
    return None
