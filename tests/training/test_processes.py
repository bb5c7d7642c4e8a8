"""Training in two processes, as torchrun starts them, on the CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.training.tiny import tiny_xlmr
from tests.training.whole_way import demo_recipe, write_demo_groups
from training.groups import read_groups
from training.progress import read_log

# Each process notes what it is given: batches of texts with their regime.
_SCRIPT = """
import json, os, sys
from pathlib import Path
from training.pair_dataset import PairDataset
from training.recipe import Recipe
from training.train import train

real = PairDataset.__getitems__
seen = Path(sys.argv[4] + os.environ["RANK"]).open("w", encoding="utf-8")

def noting(self, rows):
    examples = real(self, rows)
    print(json.dumps([examples.regime, list(examples)]), file=seen, flush=True)
    return examples

PairDataset.__getitems__ = noting
train(Recipe.model_validate_json(Path(sys.argv[1]).read_bytes()), Path(sys.argv[2]), Path(sys.argv[3]))
"""


def test_processes_share_regime_and_language_but_no_group(tmp_path: Path) -> None:
    data, steps = tmp_path / "data", 12
    write_demo_groups(data)
    recipe = demo_recipe(tiny_xlmr(tmp_path / "base"), steps)
    stage = recipe.stages[0].model_copy(update={"gather_across_devices": True})
    recipe = recipe.model_copy(update={"stages": [stage]})
    (tmp_path / "recipe.json").write_text(recipe.model_dump_json(), encoding="utf-8")
    (tmp_path / "script.py").write_text(_SCRIPT, encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    given = [tmp_path / name for name in ("script.py", "recipe.json", "data", "run", "seen")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path.cwd())}
    subprocess.run([*command, *map(str, given)], check=True, env=environment, timeout=280)

    facts = json.loads((tmp_path / "run" / "run.json").read_bytes())
    assert facts["machine"]["processes"] == 2
    assert [row["step"] for row in read_log(tmp_path / "run")] == list(range(1, steps + 1)), "one process logs"
    language_and_group = {
        text: (code, group.id) for group in read_groups(data / "groups" / "demo.jsonl")
        for code, text in group.questions.items()
    }  # fmt: skip
    seen = [
        [json.loads(line) for line in (tmp_path / f"seen{rank}").read_text(encoding="utf-8").splitlines()][:steps]
        for rank in range(2)
    ]
    regimes = set()
    for step in zip(*seen, strict=True):
        assert len({regime for regime, _ in step}) == 1
        regimes.add(step[0][0])
        asked: list[Any] = [language_and_group[row["question"]] for _, rows in step for row in rows]
        groups = [group for _, group in asked]
        assert len(set(groups)) == len(groups) > 2
        if step[0][0] == "monolingual":
            assert len({code for code, _ in asked}) == 1
    assert regimes == {"monolingual", "cross-lingual"}
