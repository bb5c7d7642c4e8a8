from hypothesis import given
from hypothesis import strategies as st

from index.local.effort import EVERYTHING, effort_at, efforts_by_share

LANGUAGES = {"en": 700, "de": 200, "fr": 90, "th": 10}


def test_points_ascend_by_share_and_efforts_never_rise():
    points = efforts_by_share({EVERYTHING: 64, "en": 48, "de": 256, "fr": 128}, LANGUAGES)
    assert points == [(0.09, 256), (0.2, 256), (0.7, 64), (1.0, 64)]


@given(st.floats(0.001, 1), st.floats(0.001, 1))
def test_a_smaller_share_never_gets_less_effort(one, other):
    points = efforts_by_share({EVERYTHING: 64, "en": 96, "de": 256}, LANGUAGES)
    small, large = sorted((one, other))
    assert effort_at(small, points) >= effort_at(large, points)


@given(st.sampled_from([0.2, 0.7, 1.0]))
def test_no_less_than_what_was_measured(share):
    measured = {1.0: 64, 0.7: 96, 0.2: 256}
    assert effort_at(share, efforts_by_share({EVERYTHING: 64, "en": 96, "de": 256}, LANGUAGES)) >= measured[share]
