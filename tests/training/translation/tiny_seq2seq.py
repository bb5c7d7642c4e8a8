"""Tiny translation models in the layouts of real ones, taught a handful of sentences by heart.

Weights that know something let a test tell a right translation from a wrong one: the right text, in the right
language, at the right position.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import sentencepiece
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    M2M100Tokenizer,
    MarianConfig,
    MarianMTModel,
    MarianTokenizer,
    NllbTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.models.m2m_100.modeling_m2m_100 import shift_tokens_right

SENTENCES = {
    "the moon": {"de": "der Mond", "th": "พระจันทร์"},
    "the tide rises twice a day": {"de": "die Flut steigt zweimal am Tag", "th": "น้ำขึ้นวันละสองครั้ง"},
    "why is the sea salty": {"de": "warum ist das Meer salzig", "th": "ทำไมทะเลจึงเค็ม"},
    "bees find the way": {"de": "Bienen finden den Weg", "th": "ผึ้งหาทางเจอ"},
    "snow": {"de": "Schnee", "th": "หิมะ"},
}

MAXIMUM_TOKENS = 64
_SHAPE = {
    "d_model": 48, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "dropout": 0.0,
    "encoder_layerdrop": 0.0, "decoder_layerdrop": 0.0, "attention_dropout": 0.0, "activation_dropout": 0.0,
    "max_position_embeddings": MAXIMUM_TOKENS,
}  # fmt: skip


def tiny_marian(folder: Path, target: str = "de") -> Path:
    """OPUS-MT-shaped, one pair: the tokenizer says which, no token does."""
    return _marian(folder, [target], [(source, texts[target]) for source, texts in SENTENCES.items()], target)


def tiny_marian_of_many(folder: Path) -> Path:
    """OPUS-MT-shaped, several targets: `>>deu<<` or `>>tha<<` before the text says which."""
    codes = {"de": ">>deu<< ", "th": ">>tha<< "}
    pairs = [(codes[code] + source, text) for source, texts in SENTENCES.items() for code, text in texts.items()]
    return _marian(folder, ["deu", "tha"], pairs, "mul")


def tiny_m2m(folder: Path) -> Path:
    """M2M-100-shaped: two-letter codes."""
    folder.mkdir(parents=True)
    pieces = _write_sentencepiece(folder / "made.spm")
    _write_vocabulary(folder / "made.json", ["<s>", "<pad>", "</s>", "<unk>", *pieces])
    tokenizer = M2M100Tokenizer(str(folder / "made.json"), str(folder / "made.spm"), model_max_length=MAXIMUM_TOKENS)
    config = M2M100Config(vocab_size=tokenizer.encoder_size + 100 + tokenizer.num_madeup_words, **_SHAPE)
    return _taught_to_begin(M2M100ForConditionalGeneration(config), tokenizer, {"de": "de", "th": "th"}, folder)


def tiny_nllb(folder: Path) -> Path:
    """NLLB-200-shaped: FLORES-200 codes."""
    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    made.train_from_iterator(_texts(), trainers.BpeTrainer(vocab_size=250, special_tokens=special, show_progress=False))
    state = json.loads(made.to_str())["model"]
    merges = [tuple(pair) for pair in state["merges"]]
    tokenizer = NllbTokenizer(vocab=state["vocab"], merges=merges, src_lang="eng_Latn", model_max_length=MAXIMUM_TOKENS)
    model = M2M100ForConditionalGeneration(M2M100Config(vocab_size=len(tokenizer), **_SHAPE))
    return _taught_to_begin(model, tokenizer, {"de": "deu_Latn", "th": "tha_Thai"}, folder)


def _texts() -> Iterator[str]:
    for source, texts in SENTENCES.items():
        yield from (source, *texts.values())


def _write_sentencepiece(path: Path) -> list[str]:
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=_texts(), model_writer=made, vocab_size=150, hard_vocab_limit=False,
        character_coverage=1.0, minloglevel=2,
    )  # fmt: skip
    path.write_bytes(made.getvalue())
    processor = sentencepiece.SentencePieceProcessor(model_proto=made.getvalue())
    return [processor.IdToPiece(number) for number in range(processor.GetPieceSize())]


def _write_vocabulary(path: Path, pieces: list[str]) -> dict[str, int]:
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    path.write_text(json.dumps(vocabulary), encoding="utf-8")
    return vocabulary


def _marian(folder: Path, codes: list[str], pairs: list[tuple[str, str]], target: str) -> Path:
    folder.mkdir(parents=True)
    spm = str(folder / "made.spm")
    tokens = [f">>{code}<<" for code in codes] if len(codes) > 1 else []
    pieces = [piece for piece in _write_sentencepiece(Path(spm)) if piece not in {"<s>", "</s>", "<unk>"}]
    vocabulary = _write_vocabulary(folder / "made.json", ["</s>", "<unk>", *pieces, *tokens, "<pad>"])
    tokenizer = MarianTokenizer(
        spm, spm, str(folder / "made.json"), source_lang="en", target_lang=target, model_max_length=MAXIMUM_TOKENS
    )
    pad = vocabulary["<pad>"]
    config = MarianConfig(
        vocab_size=len(vocabulary), pad_token_id=pad, eos_token_id=0, bos_token_id=0, forced_eos_token_id=0,
        decoder_start_token_id=pad, decoder_vocab_size=len(vocabulary), **_SHAPE,
    )  # fmt: skip
    inputs = tokenizer([source for source, _ in pairs], padding=True, return_tensors="pt")
    labels = tokenizer(text_target=[text for _, text in pairs], padding=True, return_tensors="pt")["input_ids"]
    return _taught(MarianMTModel(config), tokenizer, dict(inputs), labels.masked_fill(labels == pad, -100), folder)


def _taught_to_begin(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, codes: dict[str, str], folder: Path
) -> Path:
    """Teach a model whose translations begin with their language."""
    sources, made = [], []
    for code, own in codes.items():
        tokenizer.tgt_lang = own
        sources += list(SENTENCES)
        made += tokenizer(text_target=[texts[code] for texts in SENTENCES.values()])["input_ids"]
    rows = [torch.tensor(row) for row in made]
    labels = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-100)
    inputs = dict(tokenizer(sources, padding=True, return_tensors="pt"))
    inputs["decoder_input_ids"] = shift_tokens_right(labels, tokenizer.pad_token_id, tokenizer.eos_token_id)
    labels[:, 0] = -100  # the language is given, not learned
    return _taught(model, tokenizer, inputs, labels, folder)


def _taught(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, inputs: dict[str, torch.Tensor], labels: torch.Tensor,
    folder: Path,
) -> Path:  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    model.train()
    for _ in range(300):
        loss = model(**inputs, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss.item() < 0.02:
            break
    assert loss.item() < 0.1, f"the sentences were not learned: {loss.item():.2f}"
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
