"""A trained run to an encoder folder: ONNX graph, tokenizer, description.

A static encoder's graph is built by hand (`training/export_static.py`). A transformer's is
traced, by torch (`training/export_transformer.py`) or by Hugging Face Optimum
(`training/export_optimum.py`, in an environment of its own), and finished the same way:
weights quantised, L2 normalisation appended (`training/quantise.py`). Whatever the way, the
gate (`training/gate.py`) compares the folder with the trained model before it gets its name.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import onnx
import sentence_transformers
from sentence_transformers import SentenceTransformer

from index.encoder import Encoder
from index.encoder_folder import DESCRIPTION, MODEL, TOKENIZER, EncoderDescription, file_hash
from index.errors import Conflict, InvalidInput, NotFound
from training.export_optimum import older_layout, optimum_trace, require_optimum
from training.export_static import static_graph
from training.export_transformer import fast_tokenizer, longest_input, trace
from training.gate import GateReport, check_export
from training.quantise import Weights, finish_graph
from training.recipe import Recipe
from training.recipe_file import read_run_recipe

__all__ = ["Route", "export", "load_run"]

Route = Literal["torch", "optimum"]


@dataclass(frozen=True, slots=True)
class _Job:
    """What is exported, and how. folder: the model's."""

    recipe: Recipe
    facts: dict[str, Any]
    model: SentenceTransformer
    folder: Path
    weights: Weights
    route: Route
    whiten: float

    @property
    def is_static(self) -> bool:
        """Whether the model is a static one, which has a graph of its own."""
        return _is_static(self.folder)


def export(
    run: Path, out: Path, weights: Weights = "float32", route: Route = "torch", whiten: float = 0.0
) -> GateReport:
    """Write the encoder folder of a run, but only if it agrees with the trained model.

    whiten: how far a static encoder's directions are evened out first, 0 to 1 (`training/whiten.py`);
    the gate compares with the model so changed.
    Raises NotFound when `run` is no run, Conflict when `out` exists, InvalidInput for a
    combination there is no way for, ExportRefused (and leaves nothing behind) when the ONNX
    encoder differs.
    """
    _require_way(run, weights, route, whiten)
    if out.exists():
        raise Conflict(f"{out} exists; choose another folder with --out or remove it.", path=str(out))
    with ExitStack() as stack:
        folder = run / "model"
        if route == "optimum":
            folder = older_layout(folder, Path(stack.enter_context(tempfile.TemporaryDirectory())) / "model")
        job = _Job(*load_run(run, folder), folder, weights, route, whiten)
        if whiten:
            _whiten(job)
        draft = out.with_name(out.name + ".draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        stack.callback(shutil.rmtree, draft, ignore_errors=True)
        limit = _write_graph(job, draft)
        _describe(job, draft, out.name, limit)
        report = check_export(job.model, Encoder(draft))
        (draft / "gate.json").write_text(json.dumps(report.as_json(), indent=2), encoding="utf-8")
        draft.rename(out)
    return report


def load_run(run: Path, model: Path | None = None) -> tuple[Recipe, dict[str, Any], SentenceTransformer]:
    """Recipe, facts and model of a run folder; raises NotFound.

    model: load the model from here; None means from the run.
    """
    _require_run(run)
    recipe = read_run_recipe(run)
    facts: dict[str, Any] = json.loads((run / "run.json").read_bytes())
    folder = model or run / "model"
    if not _is_static(folder):
        return recipe, facts, SentenceTransformer(str(folder), device="cpu")
    # Here, because it needs sentence-transformers 6, which Optimum excludes.
    from training.models import load_model

    return recipe, facts, load_model(folder)


def _is_static(folder: Path) -> bool:
    return "WeightedStaticEmbedding" in json.loads((folder / "modules.json").read_bytes())[0]["type"]


def _require_run(run: Path) -> None:
    if not (run / "run.json").is_file():
        raise NotFound(f"{run} holds no finished run (no run.json); train one with `isoglot train`.", path=str(run))


def _require_way(run: Path, weights: Weights, route: Route, whiten: float) -> None:
    """Raise InvalidInput when a run cannot be exported so, NotFound when it is none."""
    if weights not in get_args(Weights) or route not in get_args(Route):
        raise InvalidInput(
            f"weights is {weights!r} and route {route!r}; weights may be {', '.join(get_args(Weights))}, "
            f"the route {' or '.join(get_args(Route))}."
        )
    _require_run(run)
    is_static = _is_static(run / "model")
    if is_static and (route != "torch" or weights == "float16"):
        raise InvalidInput(
            "A static encoder is exported by its own graph: --weights float32, int8 (a quarter of the size) or int4 "
            "(an eighth), and no --route."
        )
    if not is_static and whiten:
        raise InvalidInput("--whiten is for static encoders: their vectors are sums of their table's rows.")
    if not is_static and weights == "int4":
        raise InvalidInput("A transformer has --weights float32, float16 or int8; int4 is for static encoders.")
    if route == "optimum":
        require_optimum()
    elif int(sentence_transformers.__version__.partition(".")[0]) < 6:
        raise InvalidInput(
            "This environment is the one for Optimum; its sentence-transformers is older than the run. "
            "Give --route optimum, or use the environment the run was trained in."
        )


def _whiten(job: _Job) -> None:
    # Here, because it needs sentence-transformers 6, which Optimum excludes.
    from training.whiten import whiten

    whiten(job.model, job.whiten)


def _write_graph(job: _Job, out: Path) -> int:
    """Write model.onnx and tokenizer.json; returns the number of tokens the encoder shall read."""
    model = job.model
    if job.is_static:
        onnx.save(static_graph(model[0].folded().numpy(), job.weights), str(out / MODEL))
        model[0].tokenizer.save(str(out / TOKENIZER), pretty=False)
        return int(model[0].maximum_tokens)
    limit = min(job.recipe.model.maximum_tokens, longest_input(model))
    model.max_seq_length = limit
    fast_tokenizer(model).save(str(out / TOKENIZER), pretty=False)
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        traced = optimum_trace(job.folder, Path(scratch)) if job.route == "optimum" else trace(model, Path(scratch))
        finish_graph(traced, out / MODEL, job.weights)
    return limit


def _describe(job: _Job, folder: Path, name: str, limit: int) -> None:
    """Write encoder.json."""
    recipe, model = job.recipe, job.model
    description = EncoderDescription(
        name=name,
        dimension=model.get_embedding_dimension(),
        dimensions=sorted(recipe.stages[-1].matryoshka),
        maximum_tokens=limit,
        query_prompt=recipe.model.query_prompt,
        passage_prompt=recipe.model.passage_prompt,
        romanise=getattr(model[0], "romanise", False),
        stem=getattr(model[0], "stem", None),
        languages=job.facts["languages"],
        weights=job.weights,
        pad_id=0 if job.is_static else model.tokenizer.pad_token_id or 0,
        license=recipe.license,
        files={path.name: file_hash(path) for path in sorted(folder.iterdir())},
        source={
            "recipe": json.loads(recipe.model_dump_json()),
            "run": job.facts,
            "route": job.route,
            **({"whiten": job.whiten} if job.whiten else {}),
        },
    )
    (folder / DESCRIPTION).write_text(description.model_dump_json(indent=2), encoding="utf-8")
