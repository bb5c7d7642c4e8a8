"""Mr. TyDi: questions in eleven languages with Wikipedia passages in the same language.

Files (`castorini/mr-tydi`): `mrtydi-v1.1-LANGUAGE/train.jsonl.gz`, also dev and test, with query text,
positive_passages and negative_passages, lists of objects with docid, title and text. The languages
are not translations of each other. In dev and test passages have ids but no text, so that only
`--split train` gives groups. Not fetched by the authors.
"""

from __future__ import annotations

from collections.abc import Iterator

from training.adapters.adapter import Adapter, group_of
from training.adapters.language_choice import files_by_language, only_language
from training.adapters.origin import Origin
from training.adapters.tally import Tally
from training.adapters.titled import titled_text
from training.groups import Group

__all__ = ["MR_TYDI"]

_NAMES = {
    "ar": "arabic", "bn": "bengali", "en": "english", "fi": "finnish", "id": "indonesian", "ja": "japanese",
    "ko": "korean", "ru": "russian", "sw": "swahili", "te": "telugu", "th": "thai",
}  # fmt: skip


def _read(origin: Origin, tally: Tally) -> Iterator[Group]:
    split = "dev" if origin.split == "validation" else origin.split
    files = files_by_language(origin, {c: f"mrtydi-v1.1-{name}/{split}.jsonl.gz" for c, name in _NAMES.items()})
    if files is None:
        yield from _groups(origin, tally, None, only_language(origin))
    else:
        for language, file in files.items():
            yield from _groups(origin, tally, file, language)


def _groups(origin: Origin, tally: Tally, file: str | None, language: str) -> Iterator[Group]:
    for row in origin.rows(tally, file):
        negatives = [titled_text(passage) for passage in row.rows("negative_passages")]
        right = row.rows("positive_passages")
        if not right:
            tally.left_out["question without a right passage"] += 1
        for passage in right:
            identity = f"{language}/{row.number}/{passage.number}"
            yield group_of(identity, language, row.text("query"), titled_text(passage), negatives)


MR_TYDI = Adapter(
    name="mr-tydi",
    hub_id="castorini/mr-tydi",
    config=None,
    licence="Apache-2.0; passages: Wikipedia, CC BY-SA",
    languages=tuple(_NAMES),
    fields="query, positive_passages, negative_passages (title, text)",
    becomes="a right passage: one group with the question's negatives",
    read=_read,
)
