"""Where piece vectors start, for data of any size."""

from __future__ import annotations

from typing import cast

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sparse

from training import aligned_start
from training.pairs import PairTable


@pytest.mark.parametrize("groups", [4, 16, 60])
def test_every_piece_gets_a_direction_however_few_groups_there_are(
    groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = sparse.csr_matrix(np.random.default_rng(groups).random((groups, 30), np.float32))
    monkeypatch.setattr(aligned_start, "group_matrix", lambda *_: matrix)
    nothing = cast(PairTable, None), cast(pa.ChunkedArray, None)
    directions = aligned_start.aligned_directions(*nothing, np.ones(30, np.float32), 16, seed=1)
    assert directions.shape == (30, 16) and directions.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, rtol=1e-5)
    assert not directions[:, groups:].any()
