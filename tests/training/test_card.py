"""What a card reads from results; the card of a whole run is in test_line.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from index.encoder_folder import MODEL, TOKENIZER, EncoderDescription, file_hash
from training.card import cross_by_query_language, write_card


def test_cross_means_by_query_language() -> None:
    results = {
        "settings": {"cross-lingual": {"by_pair": {"de→en": {"mAP": 0.2}, "de→th": {"mAP": 0.4}, "en→de": {"mAP": 1}}}}
    }
    assert cross_by_query_language(results) == {"de": pytest.approx(0.3), "en": 1}


def test_a_card_tells_served_languages_from_tried_ones_and_how_to_make_it_again(tmp_path: Path) -> None:
    recipe = {"name": "small", "seed": 3, "buckets": [{"name": "b", "sources": ["qa/drcd"]}], "stages": []}
    run = {"data": {"qa.parquet": "0" * 64}, "seconds": 60}
    for file in (MODEL, TOKENIZER):
        (tmp_path / file).write_bytes(b"x")
    description = EncoderDescription(
        name="mine", dimension=4, maximum_tokens=8, languages=["de", "fr"], weights="int4", license="MIT", pad_id=0,
        files={file: file_hash(tmp_path / file) for file in (MODEL, TOKENIZER)}, source={"recipe": recipe, "run": run},
    )  # fmt: skip
    (tmp_path / "encoder.json").write_text(description.model_dump_json(), encoding="utf-8")
    scores = {"mAP": 0.5, "R@10": 0.25}
    results = {
        "benchmark": "made-up", "encoder": "mine", "context": "sentence", "notes": [],
        "facts": {"queries": 600, "passages": 1400, "texts_per_second": 4321, "cores": 2},
        "settings": {
            "monolingual": {"mAP": 0.5, "by_language": {}},
            "cross-lingual": {},
            "multilingual": {**scores, "by_language": {"de": scores, "sw": scores}},
        },
        "bias": {"TLR@10": 0.1, "rank_distance": 9, "TLR@10_by_language": {},
                 "rank_distance_by_language": {"de": 1, "sw": 2}},
    }  # fmt: skip
    (tmp_path / "results" / "made-up").mkdir(parents=True)
    (tmp_path / "results" / "made-up" / "results.json").write_text(json.dumps(results), encoding="utf-8")
    card = write_card(tmp_path).read_text(encoding="utf-8")
    for told in (
        "Served, because trained on: de, fr.",
        "Of these judged in no table below: fr.",
        "Merely tried, never trained on: sw.",
        "isoglot train small --data DATA --out runs/small --set seed=3",
        "drcd CC BY-SA 3.0",
        "Encoded 2,000 texts at 4,321 a second on 2 cores",
    ):
        assert told in card
