"""All studies by name, and the whole way through one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from index.errors import InvalidInput
from training.benchmarks import BENCHMARKS, parse_benchmark
from training.recipe import Recipe
from training.studies.alpha import ALPHA
from training.studies.arms import Arm
from training.studies.consistency import CONSISTENCY
from training.studies.judge_arm import read_outcome
from training.studies.languages import LANGUAGES
from training.studies.low_resource import LOW_RESOURCE
from training.studies.monolingual_cost import MONOLINGUAL_COST
from training.studies.outcomes import Outcome, benchmarks_of
from training.studies.page import write_page
from training.studies.plan import Plan
from training.studies.regimes import REGIMES
from training.studies.size import SIZE
from training.studies.study import Study
from training.studies.work import run_folder, work_through

__all__ = ["STUDIES", "run_study"]

STUDIES: dict[str, Study] = {
    study.name: study for study in (ALPHA, REGIMES, SIZE, LANGUAGES, LOW_RESOURCE, CONSISTENCY, MONOLINGUAL_COST)
}
"""The studies."""


def run_study(
    name: str, recipe: Recipe, plan: Plan, benchmarks: Sequence[str], out: Path, workers: int, command: str
) -> Path:
    """Train, judge and read a study, going on with what is done already; returns the page.

    benchmarks: each "name" or "name=DATA"; the first one is drawn. command: what the page says made it.
    Raises InvalidInput for a study or benchmark there is not, and what training and judging raise.
    """
    if name not in STUDIES:
        raise InvalidInput(f"There is no study {name!r}; choose from {', '.join(STUDIES)}.", given=name)
    if unknown := [given for given in benchmarks if parse_benchmark(given)[0] not in BENCHMARKS]:
        raise InvalidInput(f"There is no benchmark {unknown[0]!r}; choose from {', '.join(BENCHMARKS)}.")
    study = STUDIES[name]
    arms = study.arms(recipe, plan)
    work_through(arms, plan.data, benchmarks, out, workers)
    outcomes = [read_outcome(arm, run_folder(out, arm), given) for given in benchmarks for arm in arms]
    how = [f"```bash\n{command}\n```", _facts(arms, recipe, plan, outcomes, out)]
    return write_page(out / study.name, study.title, study.question, how, study.read(outcomes))


def _facts(arms: Sequence[Arm], recipe: Recipe, plan: Plan, outcomes: Sequence[Outcome], out: Path) -> str:
    runs = {run_folder(out, arm) for arm in arms}
    facts = [json.loads((run / "run.json").read_bytes()) for run in runs]
    trained = sum(each["seconds"] for each in facts)
    # A run that went on after an interruption counts its time since then.
    least = "at least " if any(each["is_resumed"] for each in facts) else ""
    judged = sum(outcome.results["facts"]["judging_seconds"] for outcome in outcomes)
    return (
        f"Recipe `{recipe.name}`: {len(runs)} runs with seeds {', '.join(map(str, plan.seeds))}, judged on "
        f"{', '.join(benchmarks_of(outcomes))}. Training took {least}{trained / 60:.0f} minutes, ranking and measuring "
        f"{judged / 60:.0f}, summed over processes that ran side by side; studies share runs."
    )
