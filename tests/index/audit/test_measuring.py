import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from index.audit.asking import Asked, Row
from index.audit.measuring import hit_shares, measured, overlap, rank_correlation
from index.audit.questions import ParallelQuestion

QUESTIONS = [
    ParallelQuestion(id="a", questions={"en": "why", "de": "warum"}, relevant=["1.en", "1.de"]),
    ParallelQuestion(id="b", questions={"en": "how"}),
]
ROWS = [Row(0, "de", "warum"), Row(0, "en", "why"), Row(1, "en", "how")]
ASKED = Asked(
    [["1.de", "1.en", "2.de"], ["1.en", "2.en", "1.de"], ["2.en"]],
    [["de", "en", "de"], ["en", "en", "de"], ["en"]],
)


def values():
    return measured(QUESTIONS, ROWS, ASKED, {"de": 0.5, "en": 0.5}, depth=10)


def test_relevance_is_the_mean_over_the_languages_asked():
    found = values()
    ideal = 1 + 1 / np.log2(3)
    assert found["nDCG@10"][0] == pytest.approx((1 + (1 + 0.5) / ideal) / 2)
    assert found["R@10"][0] == 1 and found["Comp@10"][0] == 1
    assert found["rank_distance"][0] == pytest.approx((1 + 2) / 2)


def test_a_question_without_known_answers_says_nothing_of_relevance():
    found = values()
    assert all(np.isnan(found[name][1]) for name in ("nDCG@10", "R@10", "Comp@10", "rank_distance"))
    assert np.isfinite(found["NDKL@10"][1])


def test_a_question_in_one_language_says_nothing_of_agreement():
    found = values()
    assert np.isnan(found["overlap@10"][1]) and np.isnan(found["MRC@10"][1])
    assert found["overlap@10"][0] == pytest.approx(2 / 4)


def test_a_relevant_passage_beyond_the_depth_ranks_behind_it():
    missed = Asked([["1.de"], ["2.en"], []], [["de"], ["en"], []])
    found = measured(QUESTIONS, ROWS, missed, {"de": 0.5, "en": 0.5}, depth=10)
    assert found["rank_distance"][0] == pytest.approx((10 + 0) / 2)


def test_one_language_has_no_ndkl():
    found = measured(QUESTIONS, ROWS, ASKED, {"en": 1.0}, depth=10)
    assert np.isnan(found["NDKL@10"]).all()


ids = st.lists(st.sampled_from("abcdefghijklmnop"), min_size=1, max_size=10, unique=True)


@given(ids, ids)
def test_rank_correlation_is_spearmans(a, b):
    union = sorted({*a, *b})
    found = rank_correlation(a, b)
    if len(union) < 2 or found is None:
        return
    places = [[ids.index(one) if one in ids else len(ids) for one in union] for ids in (a, b)]
    assert found == pytest.approx(spearmanr(*places).statistic)


@given(ids)
def test_equal_lists_agree_wholly(a):
    assert overlap(a, a) == 1
    assert rank_correlation(a, a) in (None, pytest.approx(1))


def test_shares_of_hits_by_query_language():
    shares = hit_shares(ROWS, ASKED, ["de", "en"], ["de", "en"])
    assert shares[0].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert shares[1].tolist() == pytest.approx([1 / 4, 3 / 4])
