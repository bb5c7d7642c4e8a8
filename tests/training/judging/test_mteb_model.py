from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from index.encoder import Encoder

mteb = pytest.importorskip("mteb")

from mteb.models import EncoderProtocol
from mteb.types import PromptType

from training.judging.mteb_model import IsoglotEncoder


@pytest.fixture(scope="module")
def encoder() -> IsoglotEncoder:
    return IsoglotEncoder("isoglot-static")


def test_it_is_an_encoder_for_mteb(encoder: IsoglotEncoder) -> None:
    assert isinstance(encoder, EncoderProtocol)
    meta = encoder.mteb_model_meta
    assert meta.name == "isoglot/isoglot-static" and meta.revision == Encoder("isoglot-static").fingerprint
    assert (meta.embed_dim, meta.max_tokens) == (1024, 2048) and meta.use_instructions is False


class Told:
    """Notes the kind it was asked for."""

    description = None

    def __init__(self) -> None:
        self.kinds: list[str] = []

    def encode(self, texts: list[str], kind: str) -> np.ndarray:
        self.kinds.append(kind)
        return np.ones((len(texts), 2), dtype=np.float32)


def test_queries_and_documents_get_their_prompts_and_texts_without_role_the_query_s() -> None:
    adapter = IsoglotEncoder("isoglot-static")
    told = Told()
    adapter.encoder = told
    for role in (PromptType.query, PromptType.document, None):
        adapter.encode([{"text": ["a", "b"]}, {"text": ["c"]}], prompt_type=role)
    assert told.kinds == ["query", "passage", "query"]
    assert adapter.mteb_model_meta.framework == ["Sentence Transformers"]


def test_vectors_are_the_encoder_s_in_order(encoder: IsoglotEncoder) -> None:
    texts = ["The moon pulls the sea.", "x", "Der Mond zieht am Meer."]
    given = encoder.encode([{"text": texts[:2]}, {"text": texts[2:]}], prompt_type=PromptType.document)
    np.testing.assert_allclose(given, Encoder("isoglot-static").encode(texts, "passage"), atol=1e-6)
    cosines = given @ given.T
    np.testing.assert_allclose(encoder.similarity(given, given), cosines, atol=1e-6)
    np.testing.assert_allclose(encoder.similarity_pairwise(given, given), np.diag(cosines), atol=1e-6)
    assert encoder.similarity(given[0], given).shape == (1, 3)


@pytest.mark.parametrize("texts", [["moon", " ", "tide"], [""]])
def test_a_blank_text_gets_the_zero_vector_and_is_told(
    encoder: IsoglotEncoder, texts: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        given = encoder.encode([{"text": texts}])
    norms = np.linalg.norm(given, axis=1)
    np.testing.assert_allclose(norms, [float(bool(text.strip())) for text in texts], atol=1e-5)
    assert f"1 of {len(texts)} texts" in caplog.text


def test_vectors_are_kept_where_a_cache_is_given(tmp_path: Path) -> None:
    encoder = IsoglotEncoder("isoglot-static", cache=tmp_path)
    encoder.encode([{"text": ["moon"]}], prompt_type=PromptType.query)
    assert list(tmp_path.rglob("query/*.npy"))
