"""What holds of every expiry date, whatever happened to a batch: laws, tried on thousands of made-up histories."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.storage.households import NOON, batch
from zwai.kitchen import keeping
from zwai.kitchen.expiry import Keeping, best_until, expiry_of, needs_cold
from zwai.knowledge.catalogue import load
from zwai.records.people import HouseholdId
from zwai.records.stock import (
    Batch,
    BatchState,
    ExpiryDate,
    ExpirySource,
    Kind,
    LabelKind,
    Milestones,
    Place,
)

HOME = HouseholdId("h")
SINCE = NOON.date()
WARM = (Place.FRIDGE, Place.PANTRY)
FOODS = st.sampled_from([None, *load().foods.values()])
DAYS = st.integers(0, 400).map(lambda days: SINCE + timedelta(days=days))


@st.composite
def closed_batches(draw: st.DrawFn) -> Batch:
    """A batch just put into the fridge or the pantry, dated by us or by its label."""
    food, kind, place = draw(FOODS), draw(st.sampled_from(Kind)), draw(st.sampled_from(WARM))
    blank = ExpiryDate(SINCE, ExpirySource.ASSUMED, "to be dated")
    label_kind = draw(st.sampled_from(LabelKind))
    one = batch(HOME, food=food and food.id, kind=kind, place=place, label_kind=label_kind, expiry=blank)
    printed = draw(st.none() | st.integers(0, 60))
    if printed is None:
        return keeping.dated_anew(one, SINCE)
    expiry = ExpiryDate(SINCE + timedelta(days=printed), draw(st.sampled_from(keeping.GIVEN)), "given")
    return replace(one, expiry=expiry)


@st.composite
def keepings(draw: st.DrawFn) -> Keeping:
    """Any history that can be: frozen before it is thawed, opened at any time."""
    food, kind = draw(FOODS), draw(st.sampled_from(Kind))
    frozen, thawed = sorted([draw(DAYS), draw(DAYS)])
    place = draw(st.sampled_from(Place))
    was_frozen = place is Place.FREEZER or draw(st.booleans())
    marks = Milestones(
        printed_on=draw(st.none() | DAYS),
        opened_on=draw(st.none() | DAYS),
        frozen_on=frozen if was_frozen else None,
        thawed_on=thawed if was_frozen and place is not Place.FREEZER else None,
        warmed_on=draw(st.none() | DAYS),
    )
    return Keeping(food, kind, place, SINCE, draw(st.sampled_from(LabelKind)), marks)


def day(one: Keeping) -> date:
    return best_until(one)[0].day


@given(keepings())
def test_opening_never_lengthens(one: Keeping) -> None:
    closed = replace(one, milestones=replace(one.milestones, opened_on=None))
    assert day(one) <= day(closed)


@given(keepings(), DAYS)
def test_the_sooner_it_was_opened_the_sooner_it_goes(one: Keeping, earlier: date) -> None:
    opened_on = one.milestones.opened_on
    if opened_on is None or earlier > opened_on:
        return
    assert day(replace(one, milestones=replace(one.milestones, opened_on=earlier))) <= day(one)


@given(keepings())
def test_no_table_extends_a_use_by(one: Keeping) -> None:
    """Only freezing does, which stops its clock, and only before the day has passed."""
    marks = one.milestones
    if one.label_kind is not LabelKind.USE_BY or marks.printed_on is None:
        return
    if marks.frozen_on is None or marks.frozen_on > marks.printed_on:
        assert day(one) <= marks.printed_on
    elif marks.thawed_on is not None:
        assert day(one) - marks.thawed_on <= marks.printed_on - marks.frozen_on


@given(keepings())
def test_the_range_of_a_date_has_it_as_its_low_end(one: Keeping) -> None:
    expiry, _ = best_until(one)
    assert expiry.low is None or expiry.high is None or expiry.low <= expiry.day <= expiry.high
    assert expiry.reference
    assert expiry.source is not ExpirySource.ASSUMED or expiry.reference.startswith("assumed: ")


@given(closed_batches(), st.integers(0, 40), st.integers(0, 400), st.sampled_from(WARM))
def test_thawing_gives_no_more_than_was_left_when_it_was_frozen(
    one: Batch, frozen_after: int, thawed_after: int, place: Place
) -> None:
    frozen_on = SINCE + timedelta(days=frozen_after)
    thawed_on = frozen_on + timedelta(days=thawed_after)
    frozen = keeping.moved(one, Place.FREEZER, frozen_on, SINCE)
    thawed = keeping.moved(frozen, one.place, thawed_on, SINCE)
    assert thawed.expiry.day - thawed_on <= max(one.expiry.day - frozen_on, timedelta(0))
    elsewhere = keeping.moved(frozen, place, thawed_on, SINCE)
    assert elsewhere.state is BatchState.AVAILABLE


@given(closed_batches(), st.integers(0, 40))
def test_freezing_stops_a_clock_that_runs_and_revives_none_that_ran_out(one: Batch, after: int) -> None:
    frozen_on = SINCE + timedelta(days=after)
    frozen = keeping.moved(one, Place.FREEZER, frozen_on, SINCE)
    if one.expiry.day >= frozen_on:
        assert frozen.expiry.day >= one.expiry.day
    elif one.expiry.source not in keeping.GIVEN or one.label_kind is LabelKind.USE_BY:
        assert frozen.expiry.day == one.expiry.day


@given(closed_batches(), st.integers(0, 30), st.integers(0, 300))
def test_what_was_opened_before_it_was_frozen_has_what_was_left_of_that(one: Batch, opened: int, frozen: int) -> None:
    """Its clock stood still in the freezer, so that opening it long ago does not mean that it is long spoilt."""
    opened_on = SINCE + timedelta(days=opened)
    open_one = keeping.opened(one, opened_on)
    ice = keeping.moved(open_one, Place.FREEZER, opened_on, SINCE)
    thawed_on = opened_on + timedelta(days=frozen)
    thawed = keeping.moved(ice, one.place, thawed_on, SINCE)
    assert thawed.expiry.day - thawed_on <= max(open_one.expiry.day - opened_on, timedelta(0))
    if open_one.expiry.day >= opened_on:
        assert thawed.expiry.day >= thawed_on


@given(closed_batches(), st.sampled_from(WARM), st.integers(0, 30))
def test_moving_to_and_fro_gains_no_more_than_the_better_place_gives(one: Batch, place: Place, after: int) -> None:
    today = SINCE + timedelta(days=after)
    there = keeping.moved(one, place, today, SINCE)
    back = keeping.moved(there, one.place, today, SINCE)
    assert back.expiry.day <= max(one.expiry.day, there.expiry.day)
    fresh_there = best_until(Keeping(load().food(one.food), one.kind, place, SINCE))[0].day
    assert there.expiry.day <= max(one.expiry.day, fresh_there)


@given(closed_batches(), st.sampled_from(WARM), st.integers(0, 60))
def test_moving_revives_nothing(one: Batch, place: Place, after: int) -> None:
    today = SINCE + timedelta(days=after)
    if one.expiry.day < today:
        assert keeping.moved(one, place, today, SINCE).expiry.day <= one.expiry.day


@given(closed_batches(), st.integers(0, 60), st.integers(0, 30), st.integers(0, 60))
def test_out_of_the_cold_nothing_promises_more_than_the_pantry_gives(
    one: Batch, after: int, outside: int, frozen: int
) -> None:
    """Neither there, nor opened there, nor back in the cold, nor frozen and thawed: a cold chain mends nothing."""
    food = load().food(one.food)
    if one.place is not Place.FRIDGE or not needs_cold(Keeping(food, one.kind, one.place, SINCE, one.label_kind)):
        return
    warmed_on = SINCE + timedelta(days=after)
    most = expiry_of(food, one.kind, Place.PANTRY, warmed_on).day
    outside_now = keeping.moved(one, Place.PANTRY, warmed_on, SINCE)
    assert outside_now.expiry.day <= most
    back_on = warmed_on + timedelta(days=outside)
    assert keeping.opened(outside_now, back_on).expiry.day <= most
    back = keeping.moved(outside_now, Place.FRIDGE, back_on, SINCE)
    assert back.expiry.day <= outside_now.expiry.day
    assert keeping.opened(back, back_on).expiry.day <= outside_now.expiry.day
    again = keeping.moved(back, Place.PANTRY, back_on, SINCE)
    assert again.expiry.day <= outside_now.expiry.day
    ice = keeping.moved(outside_now, Place.FREEZER, back_on, SINCE)
    thawed_on = back_on + timedelta(days=frozen)
    for place in WARM:
        thawed = keeping.moved(ice, place, thawed_on, SINCE)
        assert thawed.expiry.day - thawed_on <= max(outside_now.expiry.day - back_on, timedelta(0))


@given(closed_batches(), st.integers(0, 40), st.integers(0, 30))
def test_thawed_food_put_into_the_pantry_does_not_gain_by_going_back(one: Batch, frozen: int, after: int) -> None:
    thawed_on = SINCE + timedelta(days=frozen)
    ice = keeping.moved(one, Place.FREEZER, SINCE, SINCE)
    thawed = keeping.moved(ice, Place.FRIDGE, thawed_on, SINCE)
    warm = keeping.moved(thawed, Place.PANTRY, thawed_on + timedelta(days=after), SINCE)
    back = keeping.moved(warm, Place.FRIDGE, thawed_on + timedelta(days=after), SINCE)
    if needs_cold(Keeping(load().food(one.food), one.kind, one.place, SINCE, one.label_kind)):
        assert back.expiry.day <= warm.expiry.day <= thawed.expiry.day


def test_a_use_by_of_chilled_food_does_not_hold_on_a_shelf() -> None:
    chilled = batch(
        HOME,
        food="chicken_breast",
        place=Place.FRIDGE,
        label_kind=LabelKind.USE_BY,
        expiry=ExpiryDate(SINCE + timedelta(days=9), ExpirySource.LABEL, "printed on the label"),
    )
    warm = keeping.moved(chilled, Place.PANTRY, SINCE + timedelta(days=1), SINCE)
    assert warm.expiry.day == SINCE + timedelta(days=1)
    assert warm.expiry.source is not ExpirySource.LABEL
    assert keeping.rule_of(warm) == "warmed"
    back = keeping.moved(warm, Place.FRIDGE, SINCE + timedelta(days=1), SINCE)
    assert (back.expiry.day, keeping.rule_of(back)) == (warm.expiry.day, "warmed")


def test_a_day_printed_on_what_is_kept_dry_holds_in_the_pantry_again() -> None:
    rice = batch(
        HOME,
        food="rice",
        place=Place.FRIDGE,
        expiry=ExpiryDate(SINCE + timedelta(days=2000), ExpirySource.LABEL, "printed on the label"),
    )
    assert keeping.moved(rice, Place.PANTRY, SINCE, SINCE).expiry == rice.expiry
