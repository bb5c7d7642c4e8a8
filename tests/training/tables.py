"""Group tables for the sampler's tests."""

from __future__ import annotations

from hypothesis import strategies as st

from training.groups import Group
from training.pairs import PairTable

LANGUAGES = ["ar", "de", "en", "th", "zh"]


@st.composite
def tables(draw: st.DrawFn) -> PairTable:
    """Groups with any mix of languages; some translations, some names equal in all languages, some with negatives."""
    languages = st.sets(st.sampled_from(LANGUAGES), min_size=1)
    buckets = {}
    for bucket in ("one", "two"):
        groups = []
        for number in range(draw(st.integers(2, 30))):
            kind = draw(st.sampled_from(["qa", "translation", "name"]))
            asked, told = sorted(draw(languages)), sorted(draw(languages))
            if kind == "qa":
                questions = {code: f"{bucket} question {number} {code}" for code in asked}
                passages = {code: f"{bucket} passage {number} {code}" for code in told}
            elif kind == "translation":
                questions = passages = {code: f"{bucket} sentence {number} {code}" for code in asked}
            else:
                questions = passages = dict.fromkeys(asked, f"name {number}")
            # Often the passage of another group: what mining finds.
            other = draw(st.integers(0, 30))
            negatives = {code: [f"{bucket} passage {other} {code}", f"lost {number} {code}"] for code in told}
            negatives = negatives if draw(st.booleans()) and other != number else {}
            groups.append(Group(f"{bucket}-{number}", questions, passages, bucket, negatives))
        buckets[bucket] = groups
    return PairTable.pack(buckets)


def parallel_table(n: int = 60, languages: list[str] = LANGUAGES) -> PairTable:
    """n groups in one bucket, each with a question and a passage in every language."""
    groups = [Group(str(i), {c: f"q{i} {c}" for c in languages}, {c: f"p{i} {c}" for c in languages}) for i in range(n)]
    return PairTable.pack({"one": groups})
