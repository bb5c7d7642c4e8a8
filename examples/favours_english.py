# %% [markdown]
# # Find where my encoder favours English
#
# One pool holds the same answers in six languages. A question should find all six; an encoder that favours English,
# or the asker's own language, ranks those first and the others far behind. We measure it, and look at who is pushed
# back.
#
# What it takes: `make install-all`, no GPU, no network. `ENCODER` may be a bundled name, a folder or
# a hub id: `ENCODER=intfloat/multilingual-e5-small .venv/bin/python examples/favours_english.py`.

# %%
from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from training.benchmarks import Benchmark
from training.judging.judgement import language_means
from training.judging.rankings import rank
from training.judging.run import judge_encoder
from training.judging.scorers import VectorScorer
from training.text_encoder import load_text_encoder

ENCODER = os.environ.get("ENCODER", "isoglot-static")
FAVOURED = "en"  # the language under suspicion
FAQ = Path(__file__).parent / "data"

# %% [markdown]
# ## One pool of all languages
#
# 48 answers (eight in each of six languages), 48 questions that put them in other words. All six answers to a
# question are right. Texts of your own: every answer must be there in every language, or a language that lacks
# answers looks disfavoured.

# %%
faq = [json.loads(line) for line in (FAQ / "faq.jsonl").read_text(encoding="utf-8").splitlines()]
asked = [json.loads(line) for line in (FAQ / "asked.jsonl").read_text(encoding="utf-8").splitlines()]
answers = [(group["id"], code, text) for group in faq for code, text in group["passages"].items()]
questions = [(group["id"], code, text) for group in asked for code, text in group["questions"].items()]
of_topic = {group["id"]: np.array([n for n, answer in enumerate(answers) if answer[0] == group["id"]]) for group in faq}
benchmark = Benchmark(
    name="library",
    query_ids=[f"{topic}.{code}" for topic, code, _ in questions],
    queries=[text for _, _, text in questions],
    query_languages=[code for _, code, _ in questions],
    passages=[text for _, _, text in answers],
    passage_languages=[code for _, code, _ in answers],
    golds=[of_topic[topic] for topic, _, _ in questions],
    query_groups=[topic for topic, _, _ in questions],
)

# %% [markdown]
# ## Which language comes first
#
# Row: the question's language. Column: how often the best ranked right answer is in that language. Even would be a
# sixth (.17) everywhere; a column of large numbers is a favoured language, a diagonal of large numbers an encoder
# that stays in the asker's.

# %%
judged = judge_encoder(ENCODER, benchmark)
languages = benchmark.languages


def table(matrix: np.ndarray) -> None:
    """Print query language × passage language."""
    print("     " + "".join(f"{code:>7}" for code in languages))
    for code, row in zip(languages, matrix, strict=True):
        print(f"{code:>4} " + "".join(f"{value:7.2f}" for value in row))


print(f"{ENCODER}: first right answer, by language of question (rows) and answer (columns)")
table(judged.matrices["language_preference"])

# %% [markdown]
# ## By how much
#
# Language offset: the score by which a random passage of a language starts ahead for a question, whatever it says. It
# is what a correction can take off (`docs/evaluation.md` has the formula). Rank distance: places between the best and
# the worst ranked right answer; with six right ones it cannot be below 5.

# %%
print("\nlanguage offset")
table(judged.matrices["language_offset"])
suspect = languages.index(FAVOURED)
leads = judged.matrices["language_offset"][:, suspect]
print(f"\n{FAVOURED} starts ahead by {np.mean(np.delete(leads, suspect)):+.3f} for questions in other languages.")
distances = language_means(judged.bias["rank_distance"], benchmark.query_codes(), languages)
print("rank distance: " + ", ".join(f"{code} {value:.1f}" for code, value in distances.items()))

# %% [markdown]
# ## Where English pushes the others back
#
# Questions in other languages whose first right answer is the English one, the largest distances first: what to read,
# to translate, or to put into the training data.

# %%
encoder = load_text_encoder(ENCODER)
vectors = VectorScorer(encoder.encode(benchmark.queries, "query"), encoder.encode(list(benchmark.passages), "passage"))
ranks = rank(benchmark, vectors)
found = []
for number, (topic, code, text) in enumerate(questions):
    mine = ranks.queries == number
    order = {
        languages[language]: int(place)
        for language, place in zip(ranks.languages[mine], ranks.rank_in_pool[mine], strict=True)
    }
    if code != FAVOURED and min(order, key=order.__getitem__) == FAVOURED:
        found.append((order[code] - order[FAVOURED], topic, code, text, order))
print(
    f"\n{len(found)} of {sum(code != 'en' for _, code, _ in questions)} questions find the answer in {FAVOURED} first:"
)
for lag, topic, code, text, order in sorted(found, reverse=True, key=lambda row: row[0])[:5]:
    print(f"  {topic} {code}: {FAVOURED} at {order['en']}, its own language at {order[code]} ({lag:+d}): {text}")
