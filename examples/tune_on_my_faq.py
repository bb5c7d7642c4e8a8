# %% [markdown]
# # Tune LaBSE on my FAQ
#
# A library has eight questions and answers in six languages, and wants visitors' questions, put in other words and
# any language, to find them. We tune an encoder on the FAQ with hybrid batches (half in one language, half across
# two), export it to ONNX, and judge it on questions it has not seen, before and after.
#
# What it takes: `make install-all`; for LaBSE itself the hub and a GPU, or patience. `BASE` may be
# any checkpoint that sentence-transformers loads, a hub id or a folder: `BASE=FOLDER STEPS=20
# .venv/bin/python examples/tune_on_my_faq.py`.

# %%
from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from training.benchmarks import load_benchmark
from training.export import export
from training.judging.comparison import compare
from training.judging.run import judge_encoder
from training.recipe import Recipe
from training.reports import show
from training.train import train

BASE = os.environ.get("BASE", "sentence-transformers/LaBSE")
STEPS = int(os.environ.get("STEPS", "200"))
WEIGHTS = os.environ.get("WEIGHTS", "int8")
FAQ = Path(__file__).parent / "data"
WORK = Path(os.environ.get("WORK") or tempfile.mkdtemp(prefix="faq-"))

# %% [markdown]
# ## Groups to learn from
#
# A group is one question with its answer, each in one or more languages: `examples/data/faq.jsonl` has that shape
# already (docs/data.md). An FAQ in one language becomes one in six by `isoglot translate faq.jsonl --to
# ar,de,es,ru,zh …`.

# %%
(WORK / "data" / "groups").mkdir(parents=True, exist_ok=True)
shutil.copy(FAQ / "faq.jsonl", WORK / "data" / "groups" / "faq.jsonl")

# %% [markdown]
# ## A test it does not learn from
#
# `asked.jsonl` puts each question in other words. As a folder in BEIR's layout: every answer in every language is a
# passage, and the answers to a question, in all languages, are relevant to it. `group` says which questions are
# translations of each other.

# %%
test = WORK / "asked"
(test / "qrels").mkdir(parents=True, exist_ok=True)
faq = [json.loads(line) for line in (FAQ / "faq.jsonl").read_text(encoding="utf-8").splitlines()]
asked = [json.loads(line) for line in (FAQ / "asked.jsonl").read_text(encoding="utf-8").splitlines()]
passages = [{"_id": f"{g['id']}.{c}", "language": c, "text": text} for g in faq for c, text in g["passages"].items()]
queries = [
    {"_id": f"{g['id']}.{c}", "language": c, "group": g["id"], "text": text}
    for g in asked
    for c, text in g["questions"].items()
]
for name, rows in (("corpus", passages), ("queries", queries)):
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (test / f"{name}.jsonl").write_text(lines, encoding="utf-8")
right = [
    f"{query['_id']}\t{passage['_id']}\t1\n"
    for query in queries
    for passage in passages
    if passage["_id"].startswith(f"{query['group']}.")
]
(test / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(right), encoding="utf-8")

# %% [markdown]
# ## Tune
#
# Eight groups make a batch of eight: each answer is a wrong answer to the other seven questions. Real FAQs are
# larger; with a hundred groups take a larger batch and hold some out (`validation`). Stopped, the same cell goes on
# from its checkpoint.

# %%
recipe = Recipe.model_validate(
    {
        "name": "faq",
        "license": "CC0-1.0",
        "languages": ["ar", "de", "en", "es", "ru", "zh"],
        "buckets": [{"name": "faq", "sources": ["groups/faq"]}],
        "model": {"kind": "pretrained", "base": BASE, "maximum_tokens": 64},
        "batch_size": 8,
        "validation": {"groups": 0},
        "stages": [{"steps": STEPS, "alpha": 0.5, "learning_rate": 2e-5, "weight_decay": 0.01, "gradient_clip": 1.0}],
    }
)
run = train(recipe, WORK / "data", WORK / "run")

# %% [markdown]
# ## Export and judge
#
# The folder gets its name only if it agrees with the trained model. `ISOGLOT_ENCODER=FOLDER isoglot serve` serves it.

# %%
encoder = WORK / "faq-encoder"
report = export(run, encoder, WEIGHTS)
print(f"Exported {encoder} ({report.weights}), least cosine to the trained model {report.least_cosine:.4f}")

benchmark = load_benchmark("beir", test)
judged = [judge_encoder(name, benchmark) for name in (BASE, str(encoder))]
show(compare(judged), details=False)
