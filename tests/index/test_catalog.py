"""Collections of a data folder: made, listed, deleted, and the demo after a change of encoder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from index.catalog import Catalog
from index.encoder import Encoder
from index.errors import EncoderMismatch, NotFound
from index.passages import Passage


def test_catalog_makes_lists_and_deletes(tmp_path: Path, encoder: Encoder) -> None:
    catalog = Catalog(tmp_path, encoder)
    made, is_new = catalog.create("docs")
    assert is_new and not catalog.create("docs")[1] and catalog.get("docs") is made
    assert catalog.names() == ["docs"]
    catalog.delete("docs")
    assert catalog.names() == [] and not (tmp_path / "docs").exists()
    with pytest.raises(NotFound, match="there are: none"):
        catalog.get("docs")
    with pytest.raises(NotFound):
        catalog.delete("docs")
    catalog.ensure_demo()
    assert sum(catalog.get("demo").counts().values()) == 576
    catalog.close()


@contextmanager
def opened(folder: Path, encoder: Encoder) -> Iterator[Catalog]:
    catalog = Catalog(folder, encoder)
    catalog.ensure_demo()
    yield catalog
    catalog.close()


def test_the_demo_of_another_encoder_is_set_aside_and_nothing_of_it_is_lost(
    tmp_path: Path, encoder: Encoder, other_encoder: Encoder
) -> None:
    with opened(tmp_path, encoder) as catalog:
        catalog.get("demo").upsert([Passage("own", "a passage of one's own", "en")])
    aside = f"demo-{encoder.fingerprint[:12]}"
    with opened(tmp_path, other_encoder) as catalog:
        assert sum(catalog.get("demo").counts().values()) == 576
        assert catalog.names() == ["demo", aside]
    with opened(tmp_path, encoder) as catalog:
        assert sum(catalog.get(aside).counts().values()) == 577
    # Now the first encoder's demo is there twice: the newer one has no place to go and stays.
    with opened(tmp_path, other_encoder) as catalog, pytest.raises(EncoderMismatch):
        catalog.get("demo")
