"""What a GPU holds and how little it is trusted; on a stand-in that ignores filters, and on a real one where there is one."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import faiss
import numpy as np
import pytest

from index.local.build import Shape
from index.local.gpu import Budget, Gpu, find_gpu, placement, sizes_of
from index.local.index import LocalIndex
from index.local.part import Part
from index.question import Scope
from tests.index.local.made import FACTS, Model, passages, require_equal, vectors

QUERIES = vectors(5, seed=7)
HAS_GPU = hasattr(faiss, "StandardGpuResources") and faiss.get_num_gpus() > 0


class StandIn:
    """A device whose index knows no selectors; counts its searches."""

    def __init__(self, budget: int) -> None:
        self.budget, self.lock, self.searches = Budget(budget), threading.Lock(), 0

    def index_of(self, part: Part, dimension: int, is_half: bool) -> object:
        flat = faiss.IndexFlatIP(dimension)
        flat.add(part.exact.reconstruct_n(0, len(part.numbers)))
        return self._counting(flat)

    def _counting(self, flat: faiss.Index) -> object:
        device = self

        class Counting:
            def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
                assert device.lock.locked()
                device.searches += 1
                return flat.search(queries, k)  # type: ignore[no-any-return]

        return Counting()


def filled(folder: Path, device: object) -> tuple[LocalIndex, Model]:
    index, model = LocalIndex(folder, FACTS, shape=Shape(exact_below=200), gpu=device), Model()  # type: ignore[arg-type]
    index.upsert(passages(2000), vectors(2000))
    index.compact(is_full=True)
    gone = [f"p{i}" for i in range(0, 2000, 5)]
    index.delete(gone)
    model.upsert(passages(2000), vectors(2000))
    model.delete(gone)
    return index, model


@pytest.mark.parametrize("budget", [0, 2000 * 16 * 4 // 2, 10**9])
def test_answers_are_the_same_whatever_stands_on_the_device(tmp_path: Path, budget: int) -> None:
    device = StandIn(budget)
    index, model = filled(tmp_path / "c", device)
    require_equal(index, model, QUERIES)
    assert bool(device.searches) == (budget > 0)
    assert len(index.search(QUERIES, Scope(1000, ("de",)))[0]) == min(1000, index.counts()["de"])
    index.close()


def test_the_largest_parts_go_first(tmp_path: Path) -> None:
    index, _ = filled(tmp_path / "c", None)
    segments = index.state.view.segments
    sizes = {code: len(part.numbers) * 64 for code, part in segments[0].parts.items()}
    assert {code for _, code in placement(sizes_of(segments), sizes["de"] + sizes["sw"])} == {"de", "sw"}
    assert placement(sizes_of(segments), 0) == set()
    index.close()


def held(index: LocalIndex) -> set[str]:
    return {code for segment in index.state.view.segments for code in segment.devices}


def test_collections_share_one_budget(tmp_path: Path) -> None:
    """What one takes the others lack, until it is closed and they change."""
    alone, _ = filled(tmp_path / "alone", StandIn(10**9))
    sizes = {code: len(part.numbers) * 64 for code, part in alone.state.view.segments[0].parts.items()}
    alone.close()
    device = StandIn(sizes["de"] + sizes["en"])
    first, model = filled(tmp_path / "first", device)
    second, other = filled(tmp_path / "second", device)
    assert held(first) == {"de", "en"} and held(second) == set()
    require_equal(second, other, QUERIES)
    first.close()
    second.compact(is_full=True)
    again = LocalIndex(tmp_path / "first", FACTS, read_only=True, gpu=device)  # type: ignore[arg-type]
    assert held(second) >= {"de"} and "de" not in held(again)
    require_equal(second, other, QUERIES)
    require_equal(again, model, QUERIES)
    again.close()
    second.close()
    assert device.budget.take("all", {("s", "xx"): device.budget.size}), "all of it is given back"


def test_a_part_that_cannot_be_placed_leaves_its_share_to_others(tmp_path: Path) -> None:
    class Broken(StandIn):
        def index_of(self, part: Part, dimension: int, is_half: bool) -> object:
            raise RuntimeError("out of memory")

    index, _ = filled(tmp_path / "c", None)
    index.close()
    device = Broken(10**9)
    with pytest.raises(RuntimeError, match="out of memory"):
        LocalIndex(tmp_path / "c", FACTS, gpu=device)  # type: ignore[arg-type]
    assert device.budget.take("all", {("s", "xx"): device.budget.size})


def test_without_a_gpu_one_line_says_so(caplog: pytest.LogCaptureFixture) -> None:
    find_gpu.cache_clear()
    assert find_gpu(0) is None
    if not HAS_GPU:
        with caplog.at_level(logging.WARNING):
            assert find_gpu(None) is None and not caplog.records
            assert find_gpu(2.0) is None
        assert len(caplog.records) == 1 and "no GPU" in caplog.text


@pytest.mark.skipif(not HAS_GPU, reason="needs a GPU and the extra [gpu]")
def test_a_real_gpu_answers_like_a_plain_list(tmp_path: Path) -> None:
    index, model = filled(tmp_path / "c", Gpu(2**28))
    assert index.state.view.segments[0].devices
    require_equal(index, model, QUERIES, tolerance=1e-3)
    index.close()
