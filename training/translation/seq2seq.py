"""Translation by a seq2seq model through `transformers`: NLLB-200, M2M-100, OPUS-MT (Marian)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForSeq2SeqLM, AutoTokenizer

from index.errors import InvalidInput, IsoglotError, NotFound
from training.translation.codes import flores_codes, marian_codes, model_code, require_pair
from training.translation.engine import Finished

__all__ = ["OutOfMemory", "Seq2SeqEngine", "fingerprint"]

_BATCHES_AT_ONCE = 64
"""Batches sorted by length together; sorting a whole job would make the time left a guess until its end."""

_TOKENS_PER_SOURCE_TOKEN, _SPARE_TOKENS = 3, 32
"""A translation longer than this is a loop the model does not leave; cutting it there saves the time."""

_RECOMPOSED = {"\u0e4d\u0e32": "\u0e33", "\u0ecd\u0eb2": "\u0eb3"}
"""Thai and Lao "am". Sentencepiece's NFKC takes it apart, so models learn to write two characters where people write
one; Unicode has no form that puts them together again."""

_MODEL_FILES = ("*.safetensors", "*.bin", "*.json", "*.spm", "*.model")


class OutOfMemory(IsoglotError):
    """The device's memory does not hold the model or a batch."""

    code = "out_of_memory"


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A model ready to translate from one language into another.

    prefix: what goes before a text. first_token: id the translation is made to begin with; None leaves it free.
    """

    tokenizer: Any
    model: Any
    prefix: str
    first_token: int | None


class Seq2SeqEngine:
    """Translates with one model for all targets, or, where its name holds `{to}`, one model per target.

    model: folder, or id on the model hub. device: None takes CUDA where there is any.
    """

    def __init__(
        self, model: str, source: str = "en", batch_size: int = 32, beams: int = 4, device: str | None = None
    ) -> None:
        self.model, self.source, self.batch_size, self.beams = model, source, batch_size, beams
        self.device = _device(device)
        self.texts_at_once = batch_size * _BATCHES_AT_ONCE
        self._loaded: tuple[str, _Loaded] | None = None

    def check(self, targets: Sequence[str]) -> None:
        """Load each target's tokenizer and look the language up; raises NotFound, UnknownLanguage or InvalidInput."""
        for target in targets:
            name = self._name(target)
            _prepare(_tokenizer(name), name, self.source, target)

    def identity(self, target: str) -> str:
        """Say which weights translate, and with how many beams; number format and batch size are left out."""
        return f"{fingerprint(self._name(target))} beams={self.beams}"

    def translate(self, texts: Sequence[str], target: str) -> Generator[Finished, None, None]:
        """Translate in batches of texts of similar length, the longest first; raises OutOfMemory."""
        with self._memory_told():
            loaded = self._load(target)
            limit = _longest(loaded)
            # Padding comes batch by batch; a slow tokenizer warns of lengths that are dealt with here.
            ids = loaded.tokenizer([loaded.prefix + text for text in texts], verbose=False)["input_ids"]
            order = sorted(range(len(texts)), key=lambda position: len(ids[position]), reverse=True)
            if too_long := [position for position in order if len(ids[position]) > limit]:
                yield [(position, None) for position in too_long]
            order = order[len(too_long) :]
            for start in range(0, len(order), self.batch_size):
                batch = order[start : start + self.batch_size]
                yield list(zip(batch, self._generate(loaded, [ids[position] for position in batch]), strict=True))

    def _name(self, target: str) -> str:
        return self.model.replace("{to}", target)

    def _load(self, target: str) -> _Loaded:
        if self._loaded is None or self._loaded[0] != self._name(target):
            self._loaded = None  # frees the last one's memory before the next one is read
            self._loaded = self._name(target), _load(self._name(target), self.device)
        name, loaded = self._loaded
        prefix, first = _prepare(loaded.tokenizer, name, self.source, target)
        return _Loaded(loaded.tokenizer, loaded.model, prefix, first)

    def _generate(self, loaded: _Loaded, ids: list[list[int]]) -> list[str | None]:
        inputs = loaded.tokenizer.pad({"input_ids": ids}, return_tensors="pt").to(self.device)
        longest = min(_longest(loaded), _TOKENS_PER_SOURCE_TOKEN * len(ids[0]) + _SPARE_TOKENS)
        forced = {} if loaded.first_token is None else {"forced_bos_token_id": loaded.first_token}
        with torch.inference_mode():
            made = loaded.model.generate(
                **inputs, num_beams=self.beams, do_sample=False, max_new_tokens=longest, max_length=None, **forced
            )
        # In front stand the token that starts decoding and, where forced, the language's.
        made = made[:, 1 if loaded.first_token is None else 2 :]
        used = (made != loaded.tokenizer.pad_token_id).sum(dim=1).tolist()
        whole = longest - (0 if loaded.first_token is None else 1)
        texts = loaded.tokenizer.batch_decode(made, skip_special_tokens=True)
        return [
            None if tokens >= whole else _recomposed(text.strip()) for text, tokens in zip(texts, used, strict=True)
        ]

    @contextmanager
    def _memory_told(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
                raise
            raise OutOfMemory(
                f"{self.device} ran out of memory with batches of {self.batch_size} texts and {self.beams} beams; "
                "lower --batch-size or --beams."
            ) from error


def _recomposed(text: str) -> str:
    for apart, whole in _RECOMPOSED.items():
        text = text.replace(apart, whole)
    return text


def _device(name: str | None) -> torch.device:
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.zeros(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise InvalidInput(f"Device {name!r} cannot be used here; leave --device out to have one chosen.") from error


def _longest(loaded: _Loaded) -> int:
    return int(min(loaded.tokenizer.model_max_length, loaded.model.config.max_position_embeddings))


def _load(name: str, device: torch.device) -> _Loaded:
    dtype = torch.float32
    if device.type == "cuda":
        dtype = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    model = _fetched(name, lambda: AutoModelForSeq2SeqLM.from_pretrained(name, dtype=dtype))
    return _Loaded(_tokenizer(name), model.to(device).eval(), "", None)


@lru_cache(maxsize=64)
def _tokenizer(name: str) -> Any:
    kind = _config(name).model_type
    if kind not in {"marian", "m2m_100", "nllb-moe"}:
        raise InvalidInput(f"{name} is a {kind!r} model; NLLB-200, M2M-100 and OPUS-MT (Marian) are understood.")
    return _fetched(name, lambda: AutoTokenizer.from_pretrained(name))


def _config(name: str) -> Any:
    return _fetched(name, lambda: AutoConfig.from_pretrained(name))


def _fetched(name: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except (OSError, ValueError) as error:
        raise NotFound(
            f"No translation model can be read from {name!r}, neither as a folder nor from the model hub: "
            f"{str(error).strip().partition(chr(10))[0]}",
            name=name,
        ) from error


def _prepare(tokenizer: Any, name: str, source: str, target: str) -> tuple[str, int | None]:
    """Set the tokenizer's source language; return what goes before each text and the translation's first token."""
    if two_letter := getattr(tokenizer, "lang_code_to_token", None):
        tokenizer.src_lang = model_code(source, two_letter, name)
        return "", int(tokenizer.get_lang_id(model_code(target, two_letter, name)))
    vocabulary = tokenizer.get_vocab()
    if flores := flores_codes(vocabulary):
        tokenizer.src_lang = model_code(source, flores, name)
        return "", int(tokenizer.convert_tokens_to_ids(model_code(target, flores, name)))
    if targets := marian_codes(vocabulary):
        return f">>{model_code(target, targets, name)}<< ", None
    require_pair(tokenizer, source, target, name)
    return "", None


@lru_cache(maxsize=64)
def fingerprint(name: str) -> str:
    """Identify a model by its content: commit of the hub, or hash of a folder's files (about a second per GB).

    Raises NotFound.
    """
    if not Path(name).is_dir():
        # A model of the hub always has one; without, the name must do.
        return f"{name}@{getattr(_config(name), '_commit_hash', None)}"
    digest = hashlib.sha256()
    for path in sorted({path for pattern in _MODEL_FILES for path in Path(name).glob(pattern)}):
        digest.update(path.name.encode())
        with path.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return f"sha256:{digest.hexdigest()}"
