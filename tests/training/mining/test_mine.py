from __future__ import annotations

import json
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers
from typer.testing import CliRunner

import training.mining.mine
import training.mining.search
from index.demo import demo_passages, demo_questions
from index.encoder import Encoder
from index.errors import Conflict, InvalidInput, NotFound
from training.groups import Group, read_groups, write_groups
from training.mining.cli import register
from training.mining.mine import mine
from training.mining.pool import PassagePool
from training.mining.search import MiningOptions, Question, nearest_negatives
from training.model_kinds import StaticModel
from training.normalise import text_key
from training.recipe import Bucket, Recipe, Stage
from training.text_encoder import load_text_encoder


class ToyEncoder:
    """Random vectors, the same for the same text."""

    def __init__(self, seed: int = 0, calls: int | None = None) -> None:
        self.seed, self.calls = seed, calls

    def encode(self, texts: list[str], kind: str) -> np.ndarray:
        if self.calls is not None:
            self.calls -= 1
            if self.calls < 0:
                raise KeyboardInterrupt
        seeds = [zlib.crc32(f"{self.seed}{text_key(text)}{kind}".encode()) for text in texts]
        vectors = np.array([np.random.default_rng(seed).standard_normal(8) for seed in seeds], dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


TEXTS = st.sampled_from(["moon", "Moon!", "tide", "bread", "yeast", "heart", "blood", "Ebbe", "Brot", *"klmnopq"])
SIDES = st.dictionaries(st.sampled_from(["de", "en", "th"]), TEXTS, min_size=1)
GROUPS = st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=14).map(
    lambda sides: [Group(str(n), questions, passages) for n, (questions, passages) in enumerate(sides)]
)
OPTIONS = st.builds(
    MiningOptions,
    negatives=st.integers(1, 4),
    language=st.sampled_from(["same", "other", "any"]),
    skip=st.integers(0, 2),
    margin=st.sampled_from([0.0, 0.05, 0.5]),
)


def texts_of(group: Group) -> set[int]:
    return {text_key(text) for text in (*group.questions.values(), *group.passages.values())}


def barred_for(group: Group, groups: list[Group]) -> set[int]:
    """Every passage of every group that shares a text with this one."""
    related = [other for other in groups if texts_of(other) & texts_of(group)]
    return {text_key(text) for other in related for text in other.passages.values()}


def allowed_languages(question: str, language: str, languages: set[str]) -> set[str]:
    return {"same": {question}, "other": languages - {question}, "any": languages}[language]


@given(GROUPS, OPTIONS)
@settings(max_examples=40, deadline=None)
def test_no_negative_is_an_answer(
    tmp_path_factory: pytest.TempPathFactory, groups: list[Group], options: MiningOptions
) -> None:
    folder = tmp_path_factory.mktemp("mine")
    write_groups(groups, folder / "groups.jsonl")
    summary = mine(folder / "groups.jsonl", ToyEncoder(), folder / "mined.jsonl", options)
    mined = list(read_groups(folder / "mined.jsonl"))
    assert [replace(group, negatives={}) for group in mined] == groups
    languages = {code for group in groups for code in group.passages}
    for group in mined:
        barred = barred_for(group, groups)
        wanted = set().union(*(allowed_languages(code, options.language, languages) for code in group.questions))
        assert set(group.negatives) <= wanted
        for texts in group.negatives.values():
            keys = [text_key(text) for text in texts]
            assert len(set(keys)) == len(keys) <= options.negatives and not barred & set(keys)
    assert summary.groups == len(groups) and summary.without == sum(not group.negatives for group in mined)
    assert summary.negatives == sum(len(texts) for group in mined for texts in group.negatives.values())


@given(GROUPS, OPTIONS)
@settings(max_examples=80, deadline=None)
def test_the_nearest_usable_passages_are_found(groups: list[Group], options: MiningOptions) -> None:
    pool, encoder = PassagePool(groups), ToyEncoder()
    vectors = encoder.encode(pool.texts, "passage")
    questions, expected = [], []
    for group in groups:
        for language, text in group.questions.items():
            vector = encoder.encode([text], "query")[0]
            scores = vectors @ vector
            positives = {code: float(scores[row]) for code, row in pool.rows_of(group).items()}
            questions.append(Question(language, vector, pool.keys_of(group), positives))
            barred, usable = barred_for(group, groups), []
            for row, passage in enumerate(pool.texts):
                code = pool.language_of(row)
                positive = positives.get(code, min(positives.values()))
                is_wanted = code in allowed_languages(language, options.language, set(pool.spans))
                is_far = scores[row] <= positive - abs(positive) * options.margin
                if is_wanted and is_far and text_key(passage) not in barred:
                    usable.append(float(scores[row]))
            expected.append(sorted(usable, reverse=True)[options.skip : options.skip + options.negatives])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.mining.search, "_SPARE", 0)  # so that looking again is tried too
        found = nearest_negatives(questions, pool, vectors, options)
    assert [[hit.score for hit in hits] for hits in found] == [pytest.approx(scores, abs=1e-5) for scores in expected]


def pairs(count: int) -> list[Group]:
    return [Group(f"g{n}", {"de": f"Frage {n}", "en": f"question {n}"}, {"de": f"Antwort {n}"}) for n in range(count)]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training.mining.mine, "_QUESTIONS_AT_ONCE", 8)
    monkeypatch.setattr(training.mining.mine, "_PASSAGES_AT_ONCE", 10)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("calls", [2, 4, 6, 9])
def test_a_stopped_run_goes_on(tmp_path: Path, calls: int) -> None:
    path, options = tmp_path / "groups.jsonl", MiningOptions(negatives=2, margin=0.0)
    write_groups(pairs(30), path)
    whole = mine(path, ToyEncoder(), tmp_path / "whole.jsonl", options)
    out = tmp_path / "mined.jsonl"
    with pytest.raises(KeyboardInterrupt):
        mine(path, ToyEncoder(calls=calls), out, options)
    assert not out.exists()
    with (tmp_path / "mined.jsonl.work" / "groups.jsonl").open("ab") as lines:
        lines.write(b'{"id": "cut sho' + b"o" * 100_000)
    assert mine(path, ToyEncoder(), out, options) == whole
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert not (tmp_path / "mined.jsonl.work").exists()


@pytest.mark.usefixtures("small_blocks")
def test_nothing_is_mixed_or_overwritten(tmp_path: Path) -> None:
    path, out = tmp_path / "groups.jsonl", tmp_path / "mined.jsonl"
    write_groups(pairs(30), path)
    with pytest.raises(KeyboardInterrupt):
        mine(path, ToyEncoder(calls=5), out, MiningOptions())
    with pytest.raises(Conflict, match="other settings"):
        mine(path, ToyEncoder(), out, MiningOptions(negatives=2))
    with pytest.raises(Conflict, match="another encoder"):
        mine(path, ToyEncoder(seed=1), out, MiningOptions())
    out.write_text("mine\n", encoding="utf-8")
    with pytest.raises(Conflict, match="exists"):
        mine(path, ToyEncoder(), out, MiningOptions())
    assert out.read_text(encoding="utf-8") == "mine\n"


def test_negatives_at_hand_are_kept_and_count(tmp_path: Path) -> None:
    groups = pairs(20)
    groups[0] = replace(groups[0], negatives={"de": ["eigene", "zweite"], "th": ["อื่น"]})
    write_groups(groups, tmp_path / "groups.jsonl")
    mine(tmp_path / "groups.jsonl", ToyEncoder(), tmp_path / "mined.jsonl", MiningOptions(negatives=3, margin=0.0))
    first = next(read_groups(tmp_path / "mined.jsonl")).negatives
    assert first["de"][:2] == ["eigene", "zweite"] and len(first["de"]) <= 3 and first["th"] == ["อื่น"]


def test_bad_input_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no group file"):
        mine(tmp_path / "none.jsonl", ToyEncoder(), tmp_path / "out.jsonl", MiningOptions())
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(InvalidInput, match="no groups"):
        mine(tmp_path / "empty.jsonl", ToyEncoder(), tmp_path / "out.jsonl", MiningOptions())
    write_groups([Group("odd", {"de": "a\x00b"}, {"de": "c"})], tmp_path / "odd.jsonl")
    with pytest.raises(InvalidInput, match="de question of group 'odd'.*NUL"):
        mine(tmp_path / "odd.jsonl", ToyEncoder(), tmp_path / "out.jsonl", MiningOptions())
    with pytest.raises(InvalidInput, match="bounds"):
        MiningOptions(negatives=0)
    with pytest.raises(NotFound, match="no encoder"):
        load_text_encoder(str(tmp_path / "none"))
    with pytest.raises(NotFound, match="bundled"):
        load_text_encoder("isoglot-statik")


def test_a_sentence_transformers_folder_is_an_encoder(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "moon": 1, "ask:": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    static = StaticEmbedding(tokenizer, embedding_weights=np.eye(3, dtype=np.float32))
    model = SentenceTransformer(modules=[static], device="cpu", prompts={"query": "ask: ", "document": ""})
    model.save_pretrained(str(tmp_path / "model"), create_model_card=False)
    encoder = load_text_encoder(str(tmp_path / "model"))
    assert encoder.encode(["moon"], "passage").tolist() == [[0.0, 1.0, 0.0]]
    assert encoder.encode(["moon"], "query") == pytest.approx(np.array([[0.0, 0.5**0.5, 0.5**0.5]]))


def test_a_run_folder_is_an_encoder_with_the_recipe_s_prompts(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize

    from training.static import WeightedStaticEmbedding

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "moon": 1, "ask:": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    static = WeightedStaticEmbedding(tokenizer, 4, np.ones(3), False, 8)
    table = static.embedding.weight.detach().numpy()
    SentenceTransformer(modules=[static, Normalize()], device="cpu").save_pretrained(
        str(tmp_path / "model"), create_model_card=False
    )
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    model = StaticModel(query_prompt="ask: ")
    recipe = Recipe(name="tiny", model=model, buckets=[Bucket(name="a", sources=["qa"])], stages=[Stage()])
    (tmp_path / "recipe.json").write_text(recipe.model_dump_json(), encoding="utf-8")
    encoder = load_text_encoder(str(tmp_path))
    for kind, rows in (("passage", [1]), ("query", [1, 2])):
        expected = table[rows].sum(axis=0)
        assert encoder.encode(["moon"], kind)[0] == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)


def test_the_verb_mines_the_demo_set(tmp_path: Path) -> None:
    passages: dict[str, dict[str, str]] = {}
    for row in demo_passages():
        passages.setdefault(row["metadata"]["topic"], {})[row["language"]] = row["text"]
    groups = [Group(row["id"], row["questions"], passages[row["topic"]]) for row in demo_questions()]
    write_groups(groups, tmp_path / "demo.jsonl")
    app = typer.Typer()
    register(app)
    out = tmp_path / "mined.jsonl"
    arguments = [str(tmp_path / "demo.jsonl"), "--encoder", "isoglot-static", "--out", str(out), "--language", "same"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "96 groups, 96 with negatives" in done.output and "Mean score" in done.output
    topic_of = {row["id"]: row["topic"] for row in demo_questions()}
    for group in read_groups(out):
        for code, texts in group.negatives.items():
            assert 0 < len(texts) <= 5
            assert not set(texts) & set(passages[topic_of[group.id]].values()), code
    assert isinstance(load_text_encoder("isoglot-static"), Encoder)
    assert json.loads(out.read_text(encoding="utf-8").splitlines()[0])["negatives"]
