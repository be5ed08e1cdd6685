"""Fits the head, and measures it on photos kept out of its training."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ai.head import GATE, Calibration, Head
from ai.names import Names, Source
from scripts.training.features import Seen
from scripts.training.photos import Labelled, Role

REGULARISATION = 0.03
ITERATIONS = 300
WANTED_PRECISION = 0.97  # asked of shop photos, since photos taken at home are harder
TOLD = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9)
MOST = 0.95  # beyond this too few photos are left to measure a precision on
# Foods that only ImageNet names have no photos to measure on: as good as a toss, and never sure.
UNMEASURED = Calibration(slope=0.0, offset=0.0, item=None)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Labelled photos and what the backbone says of them, plain and augmented."""

    photos: list[Labelled]
    plain: Seen
    augmented: Seen

    def of(self, *roles: Role, source: Source | None = None) -> "Pictures":
        """Only photos for this, of this source."""

        def chosen(seen: Seen) -> Seen:
            kept = [self.photos[i].role in roles and source in (None, self.photos[i].source) for i in seen.photo]
            return Seen(*(column[np.array(kept, bool)] for column in seen))

        return Pictures(self.photos, chosen(self.plain), chosen(self.augmented))

    @property
    def features(self) -> np.ndarray:
        return np.concatenate([self.plain.features, self.augmented.features])

    @property
    def labels(self) -> list[str]:
        return [self.photos[i].fine for seen in (self.plain, self.augmented) for i in seen.photo]


def fit(training: Pictures, names: Names) -> Head:
    """Multinomial logistic regression, the scaling of its inputs folded into its weights; not calibrated yet."""
    rows, labels = training.features, np.array(training.labels)
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=REGULARISATION, max_iter=ITERATIONS).fit(scaler.transform(rows), labels)
    weights = model.coef_ / scaler.scale_
    bias = model.intercept_ - weights @ scaler.mean_
    classes = [str(label) for label in model.classes_]
    return Head(weights.astype(np.float32), bias.astype(np.float32), classes, names, {})


def calibrated(head: Head, pictures: Pictures, say: Callable[[str], None]) -> Head:
    """The head with a curve for each source, from photos that it was not trained on."""
    curves = dict.fromkeys((Source.SHOP, Source.DISH, Source.IMAGENET), UNMEASURED)
    for source in (Source.SHOP, Source.DISH):
        shown = pictures.of(Role.CALIBRATE, source=source)
        if not len(shown.plain.photo):
            continue
        plain, augmented = (answers(head, seen, shown.photos) for seen in (shown.plain, shown.augmented))
        curves[source] = calibrate(plain, augmented)
        for name, each in (("plain", plain), ("augmented", augmented)):
            say(f"{source}, {name}: {len(each.right)} pictures to calibrate, first name right {each.right.mean():.3f}")
            for least in TOLD:
                answered, right = each.over(least)
                confidence = curves[source](least)
                say(f"  p >= {least} (calibrated {confidence:.2f}): {answered:.3f} answered, {right:.3f} of them right")
        say(f"{source}: sure from a calibrated {curves[source].item}")
    return Head(head.weights, head.bias, head.classes, head.names, curves)


def quality(head: Head, pictures: Pictures) -> float:
    """The share of pictures whose first name is right, of photos never trained on.

    The mean of that of shop photos and dishes, plain and augmented, so that none counts for more because it has more.
    """
    shares = []
    for source in (Source.SHOP, Source.DISH):
        shown = pictures.of(Role.CALIBRATE, Role.MEASURE, source=source)
        for seen in (shown.plain, shown.augmented):
            if len(seen.photo):
                said = answers(head, seen, shown.photos)
                shares.append(float((said.right & said.past_gate).mean()))
    return sum(shares) / len(shares)


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
    if right.all() or not right.any():
        return Calibration(slope=1.0, offset=0.0, item=None)  # too few to fit a curve: as the model says
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
