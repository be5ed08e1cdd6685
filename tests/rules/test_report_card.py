"""When a group's lines may be accepted unasked."""

import pytest

from ai.measured import measured
from zwai.kitchen.report_card import earned
from zwai.records.report import Share

NOTHING = Share()


@pytest.mark.parametrize(
    ("photos", "corrections", "right"),
    [
        (NOTHING, NOTHING, False),
        (Share(72, 72), NOTHING, False),  # all right, but 72 is too few: the low end is 0.9494
        (Share(73, 73), NOTHING, True),  # 0.9500
        (NOTHING, Share(73, 73), True),
        (Share(110, 111), NOTHING, True),  # 0.9507
        (Share(100, 101), NOTHING, False),  # 0.9460
        (Share(40, 40), Share(40, 40), True),  # together they are enough
        (Share(73, 73), Share(3, 4), False),  # 0.9301 together
        (Share(200, 200), Share(3, 4), True),  # one line of four says little: 0.30 to 0.95
        (Share(1000, 1000), Share(20, 30), False),  # photos in plenty do not outvote a kitchen
        (Share(950, 1000), NOTHING, False),  # 0.95 is not enough: its low end is 0.935
    ],
)
def test_the_low_end_must_reach_the_mark_and_reviewers_may_not_speak_against_it(photos, corrections, right):
    assert earned(photos, corrections) is right


def test_the_shipped_card_names_its_day_its_data_and_counts_that_add_up():
    for card in measured():
        assert card.data
        assert card.measured_on
        for tally in (*card.kinds.values(), *card.categories.values()):
            assert tally.unreadable <= tally.photos
            for share in tally.shares.values():
                assert 0 <= share.part <= share.whole
        assert [one.confidence for one in card.bins] == sorted(one.confidence for one in card.bins)
