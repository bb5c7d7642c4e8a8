from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.bias.means import Means
from index.merging import Statistics
from index.merging.fitted import DIRECTIONS, Fitted
from index.merging.fitting import fit
from tests.index.merging.made import planted, query


def sample(seed: int, n: int, dim: int = 24) -> np.ndarray:
    """(n, dim) float32 that spread unevenly around a mean of their own."""
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((n, dim)) * np.arange(1, dim + 1) ** -0.5 + rng.standard_normal(dim)).astype(np.float32)


@pytest.mark.parametrize("n", [9, 24, 500])
def test_directions_are_the_first_singular_vectors(n: int) -> None:
    vectors = sample(0, n)
    found = fit({"de": vectors}, {"de": n}, "f").directions[0]
    expected = np.linalg.svd(vectors.astype(float), full_matrices=False)[2][:DIRECTIONS]
    assert np.allclose(np.abs(np.einsum("rd,rd->r", found, expected)), 1, atol=1e-4)
    assert np.allclose(found @ found.T, np.eye(DIRECTIONS), atol=1e-4)


@pytest.mark.parametrize("n", [9, 24, 500])
def test_spreads_are_standard_deviations_of_scores(n: int) -> None:
    vectors = sample(1, n)
    fitted = fit({"de": vectors}, {"de": n}, "f")
    for seed in range(5):
        q = np.random.default_rng(seed).standard_normal(24).astype(np.float32)
        assert fitted.spreads(q)[0] == pytest.approx((vectors @ q).std(), rel=1e-3)


def test_with_fewer_axes_than_dimensions_spreads_are_close() -> None:
    rng = np.random.default_rng(2)
    vectors = (rng.standard_normal((2000, 256)) * np.arange(1, 257) ** -0.5).astype(np.float32)
    fitted = fit({"de": vectors}, {"de": 2000}, "f")
    queries = rng.standard_normal((50, 256)).astype(np.float32)
    told = np.array([fitted.spreads(q)[0] for q in queries])
    exact = (vectors @ queries.T).std(axis=0)
    assert np.abs(told / exact - 1).mean() < 0.1


def test_languages_of_few_passages_have_the_others_spread_and_no_directions() -> None:
    fitted = fit({"de": sample(0, 50), "th": sample(1, 40), "yo": sample(2, 3)}, {"de": 50, "th": 40, "yo": 3}, "f")
    assert fitted.languages == ("de", "th")
    means = Means(("de", "th", "yo"), np.array([50, 40, 3]), np.zeros((3, 24)))
    known = Statistics(means, fitted)
    q = np.ones(24, dtype=np.float32)
    assert known.spreads(q)[2] == pytest.approx(known.spreads(q)[:2].mean())
    assert not known.directions(2)[2].any() and known.directions(2)[0].any()
    assert Statistics(means).spreads(q).tolist() == [1, 1, 1]


def test_it_is_kept_and_what_cannot_be_read_is_nothing(tmp_path: Path) -> None:
    fitted = fit({"de": sample(0, 50)}, {"de": 50}, "f" * 64)
    path = tmp_path / "corrections.npz"
    fitted.save(path)
    again = Fitted.load(path)
    assert again is not None and again.fingerprint == fitted.fingerprint and again.languages == fitted.languages
    assert np.array_equal(again.axes, fitted.axes) and np.array_equal(again.directions, fitted.directions)
    assert [p.name for p in tmp_path.iterdir()] == ["corrections.npz"]
    for damaged in (path.read_bytes()[:100], b"", b"nonsense"):
        path.write_bytes(damaged)
        assert Fitted.load(path) is None
    assert Fitted.load(tmp_path / "none") is None


def test_it_is_outgrown_by_a_share_of_all_or_half_a_language() -> None:
    fitted = fit({"de": sample(0, 50), "yo": sample(1, 10)}, {"de": 900, "yo": 100}, "f")
    assert not fitted.is_outgrown({"de": 1000, "yo": 120}, "f", 0.2)
    assert fitted.is_outgrown({"de": 1101, "yo": 100}, "f", 0.2)
    assert fitted.is_outgrown({"de": 690, "yo": 100}, "f", 0.2)
    assert fitted.is_outgrown({"de": 900, "yo": 151}, "f", 0.2)
    assert fitted.is_outgrown({"de": 900, "yo": 100, "th": 1}, "f", 0.2)
    assert fitted.is_outgrown({"de": 900, "yo": 100}, "g", 0.2)


def test_a_steered_query_meets_languages_as_the_shifts_say() -> None:
    made = planted(3, strength=1.0)
    means = made.statistics.means
    for seed in range(20):
        q = query(seed)
        walk = made.statistics.steered(q, -(means.ahead @ q))
        assert np.std((means.ahead @ walk)[:4]) < 0.2 * np.std((means.ahead @ q)[:4])
