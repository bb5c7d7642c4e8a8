# %% [markdown]
# # Search my Markdown in six languages
#
# A garden club keeps its notes in a folder: six Markdown files, each in the language of whoever wrote it. We index
# the folder and ask in languages that the answer is not written in.
#
# What it takes: `make install-all` (of it the extra `[jobs]`), no GPU, no network, a few seconds. Run it whole
# (`.venv/bin/python examples/search_my_markdown.py`) or cell by cell in an editor that knows `# %%`.

# %%
from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

from index import Catalog
from index.jobs import JobSpec, build
from index.settings import IndexSettings

NOTES = Path(__file__).parent / "data" / "garden"  # put your own folder here
DATA = Path(tempfile.mkdtemp(prefix="garden-"))  # where the collection is kept; name a folder to keep it

# %% [markdown]
# ## Index the folder
#
# The job is the one behind `isoglot index build NOTES --collection garden --sync`: it renders the Markdown, splits it
# where sections and sentences end, detects each passage's language, and encodes it. Run again, it encodes only what
# changed, and `sync` takes out what is gone.

# %%
settings = IndexSettings(data=DATA)
job = JobSpec(sources=[str(NOTES)], collection="garden", length=200, overlap=0, sync=True)
state = build(job, settings)
for language, counts in sorted(state.tally.by_language().items()):
    print(f"{language}: {counts['written']} passages")

# %% [markdown]
# ## Ask
#
# Any language, the same pool; what answers a question is known here, so we can count.

# %%
QUESTIONS = {
    "How much honey does each member get?": "nahl.md#2",  # in Arabic
    "Was hilft gegen Blattläuse an Tomaten?": "tomates.md#2",  # in Spanish
    "¿Dónde está la llave de la caseta de herramientas?": "gongjufang.md#1",  # in Chinese
    "Как долго созревает компост?": "compost.md#2",  # in English
    "什么时候浇水？": "regentonnen.md#1",  # in German
    "كيف نحمي الأشجار من الثلج؟": "zima.md#1",  # in Russian
}

catalog = Catalog(settings.place(), settings.load_encoder(), read_only=True)
with closing(catalog):
    garden = catalog.get("garden")
    answers = {question: garden.search(question, 3) for question in QUESTIONS}

for question, answer in answers.items():
    print(f"\n{question}  ({answer.query_language.code}, {answer.query_language.how})")
    for hit in answer.hits:
        mark = "✓" if hit.passage.id == QUESTIONS[question] else " "
        text = " ".join(hit.passage.text.split())
        print(f"  {mark} {hit.score:.2f} {hit.passage.language} {hit.passage.id:17} {text[:60]}")

# %% [markdown]
# ## What came of it
#
# With the bundled encoder five of six come first; the Arabic question finds the right file and the wrong section. A
# larger encoder does better: `ISOGLOT_ENCODER=intfloat/multilingual-e5-small`, and a new `DATA`.

# %%
first = sum(answer.hits[0].passage.id == QUESTIONS[question] for question, answer in answers.items())
favoured = sorted(answer.hits[0].passage.language for answer in answers.values())
print(f"\n{first} of {len(QUESTIONS)} come first. First hits by language: {', '.join(favoured)}")
