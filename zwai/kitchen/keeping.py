"""What happens to a batch as it is kept: moved, frozen, thawed, opened. Pure: a batch and a day in, a batch out."""

from dataclasses import replace
from datetime import date

from zwai.errors import UseByPassed
from zwai.kitchen.expiry import ExpiryRule, Keeping, best_until, opened_life, warmed
from zwai.knowledge import catalogue
from zwai.records.stock import Batch, BatchState, ExpiryDate, ExpirySource, LabelKind, Milestones, Place

GIVEN = (ExpirySource.LABEL, ExpirySource.TYPED)


def moved(batch: Batch, place: Place, today: date, added_on: date) -> Batch:
    """In another place since today: into the freezer is freezing, out of it is thawing. Revives nothing."""
    if place is batch.place:
        return batch
    marks = _printed(batch)
    if place is Place.FREEZER:
        marks = replace(marks, frozen_on=today, thawed_on=None)
    elif batch.place is Place.FREEZER:
        marks = replace(marks, frozen_on=marks.frozen_on or added_on, thawed_on=today)
    if place is Place.PANTRY:
        marks = replace(marks, warmed_on=marks.warmed_on or today)
    there = replace(batch, place=place, milestones=marks, state=_state_in(place, batch.state))
    return replace(there, expiry=_expiry_there(batch, there, today, added_on))


def check_freezable(batch: Batch, today: date) -> None:
    """Raises UseByPassed: what may no longer be eaten is not kept for later."""
    if batch.label_kind is LabelKind.USE_BY and batch.expiry.day < today:
        raise UseByPassed({"name": batch.label})


def opened(batch: Batch, today: date) -> Batch:
    """Open, or cut, since today. Never keeps longer for it."""
    marks = replace(_printed(batch), opened_on=batch.milestones.opened_on or today)
    after = dated_anew(replace(batch, milestones=marks), today)
    return after if after.expiry.day < batch.expiry.day else replace(after, expiry=batch.expiry)


def dated_anew(batch: Batch, since: date) -> Batch:
    """With the day that the kitchen gives it, as another food, say."""
    expiry, _ = best_until(_keeping(batch, since))
    return replace(batch, expiry=_kept_source(batch, expiry))


def rule_of(batch: Batch) -> ExpiryRule:
    """The rule that gave a batch its day, told from what it remembers."""
    marks = batch.milestones
    if batch.expiry.source in GIVEN:
        late = marks.frozen_on is not None and batch.expiry.day < marks.frozen_on
        return ExpiryRule.TOO_LATE_TO_FREEZE if late else ExpiryRule.PRINTED
    if batch.place is Place.FREEZER:
        return ExpiryRule.FROZEN
    if marks.opened_on is not None and _by_opening(batch):
        return ExpiryRule.OPENED
    if marks.thawed_on is not None:
        return ExpiryRule.THAWED
    return ExpiryRule.WARMED if _by_warming(batch) else ExpiryRule.KEPT


def _by_warming(batch: Batch) -> bool:
    """Whether having left the cold gave the day, and not the place where it is now."""
    if batch.milestones.warmed_on is None:
        return False
    warm = warmed(_keeping(batch, batch.milestones.warmed_on))
    return warm is not None and (warm.day, warm.reference) == (batch.expiry.day, batch.expiry.reference)


def _by_opening(batch: Batch) -> bool:
    """Whether the row of what is open gave the day: of salt, say, no row does."""
    food = catalogue.load().food(batch.food)
    life = opened_life(food, batch.place) if food else None
    return life is not None and batch.expiry.reference == life.reference


def _expiry_there(batch: Batch, there: Batch, today: date, added_on: date) -> ExpiryDate:
    """Its day after a move: counted from today where it keeps shorter, else from the day that it was added.

    So moving to and fro gains nothing, and what keeps longer there has at least the day that it had.
    """
    if _ran_out(batch, today):
        return batch.expiry
    from_adding = dated_anew(there, added_on).expiry
    if batch.place is Place.FREEZER or there.milestones.thawed_on is not None:
        return from_adding
    from_now = dated_anew(there, today).expiry
    if there.place is not Place.FREEZER and from_now.day <= batch.expiry.day:
        return from_now
    return max(batch.expiry, from_adding, key=lambda expiry: expiry.day)


def _ran_out(batch: Batch, today: date) -> bool:
    """Whether its day had passed; of what is frozen, before it was. A given best-before is about quality alone."""
    about_quality = batch.label_kind is LabelKind.BEST_BEFORE and batch.expiry.source in GIVEN
    ran_until = (batch.milestones.frozen_on or today) if batch.place is Place.FREEZER else today
    return batch.expiry.day < ran_until and not about_quality


def _printed(batch: Batch) -> Milestones:
    """Its milestones with the day that was given for it, which later ones are held against."""
    given = batch.expiry.source in GIVEN and batch.milestones.printed_on is None
    return replace(batch.milestones, printed_on=batch.expiry.day) if given else batch.milestones


def _keeping(batch: Batch, since: date) -> Keeping:
    food = catalogue.load().food(batch.food)
    by = ExpirySource.LABEL if batch.expiry.source is ExpirySource.LABEL else ExpirySource.TYPED
    return Keeping(food, batch.kind, batch.place, since, batch.label_kind, batch.milestones, by)


def _kept_source(batch: Batch, expiry: ExpiryDate) -> ExpiryDate:
    """A given day that still binds keeps what was said of it."""
    same = batch.expiry.source in GIVEN and expiry.day == batch.expiry.day
    return batch.expiry if same else expiry


def _state_in(place: Place, state: BatchState) -> BatchState:
    if state in (BatchState.QUARANTINE, BatchState.RESERVED):
        return state
    if place is Place.FREEZER:
        return BatchState.FROZEN
    return BatchState.AVAILABLE if state is BatchState.FROZEN else state
