"""The demo set as a benchmark: from the project alone, in seconds.

Each question has one relevant passage in each of the 12 languages: its topic's. With one
passage per topic and language it is far easier than XQuAD-R; use it to see that an encoder
works, not to compare good ones.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from index.demo import demo_passages, demo_questions
from training.benchmarks.base import Benchmark

__all__ = ["load_demo"]


def load_demo() -> Benchmark:
    """Read the demo passages and questions shipped with the project."""
    passages = demo_passages()
    of_topic: dict[str, list[int]] = defaultdict(list)
    for number, passage in enumerate(passages):
        of_topic[passage["metadata"]["topic"]].append(number)
    asked = [(row, code, text) for row in demo_questions() for code, text in row["questions"].items()]
    return Benchmark(
        name="demo",
        query_ids=[f"{row['id']}.{code}" for row, code, _ in asked],
        queries=[text for _, _, text in asked],
        query_languages=[code for _, code, _ in asked],
        passages=[passage["text"] for passage in passages],
        passage_languages=[passage["language"] for passage in passages],
        golds=[np.array(of_topic[row["topic"]]) for row, _, _ in asked],
    )
