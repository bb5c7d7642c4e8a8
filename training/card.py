"""The model card of an encoder folder, written from its facts and its results.

Figures come from `results.json` files only, so that a number never outlives the run that
gave it: `isoglot evaluate … --out FOLDER/results/NAME`, then `isoglot card FOLDER`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from index.encoder_folder import MODEL, EncoderDescription
from training.licences import licences_of

__all__ = ["cross_by_query_language", "write_card"]


def write_card(folder: Path) -> Path:
    """Write `README.md` into an encoder folder and return its path.

    Raises NotFound or DamagedEncoder when the folder is no sound encoder folder.
    """
    description = EncoderDescription.read(folder)
    results = [json.loads(path.read_bytes()) for path in sorted(folder.glob("results/*/results.json"))]
    parts = [_head(description), _facts(description, folder), _languages(description, results)]
    parts += [_again(description), _data(description), *map(_figures, results)]
    parts += [_gate(folder), _notes(description), _limits(description)]
    path = folder / "README.md"
    path.write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")
    return path


def _head(description: EncoderDescription) -> str:
    recipe = description.source.get("recipe", {})
    return f"# {description.name}\n\n{recipe.get('description', '')}".rstrip()


def _facts(description: EncoderDescription, folder: Path) -> str:
    run, recipe = description.source.get("run", {}), description.source.get("recipe", {})
    rows = {
        "Dimension": description.dimension,
        "Longest text": f"{description.maximum_tokens:,} tokens; longer ones are cut, and told",
        "Weights": f"{description.weights}; {_megabytes(folder):.1f} MB with tokenizer and description",
        "Licence of the weights": description.license,
        "Recipe": f"`{recipe.get('name')}`, seed {recipe.get('seed')}, batches of {recipe.get('batch_size', 0):,} pairs; stages "
        + "; ".join(f"{s['name']}: {s['steps']:,} steps, alpha {s['alpha']}" for s in recipe.get("stages", [])),
        "Time": f"{run.get('seconds', 0) / 60:.0f} minutes on {_machine(run.get('machine', {}))}"
        + (", the last part of a run that was interrupted" if run.get("is_resumed") else ""),
        "Made with": ", ".join(f"{name} {number}" for name, number in run.get("versions", {}).items()),
    }
    if base := recipe.get("model", {}).get("base"):
        rows = {"Tuned from": f"`{base}`", **rows}
    lines = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return f"## Facts\n\n| | |\n|---|---|\n{lines}"


def _languages(description: EncoderDescription, results: list[dict[str, Any]]) -> str:
    """Which languages it is meant for, and which of them are judged below."""
    judged = {code for each in results for code in each["settings"]["multilingual"]["by_language"]}
    served = set(description.languages)
    lines = [f"- Served, because trained on: {', '.join(sorted(served))}."]
    if judged and served - judged:
        lines.append(f"- Of these judged in no table below: {', '.join(sorted(served - judged))}.")
    if judged - served:
        lines.append(f"- Merely tried, never trained on: {', '.join(sorted(judged - served))}.")
    return "## Languages\n\n" + "\n".join(lines)


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in (*folder.glob(f"{MODEL}*"), *folder.glob("*.json"))) / 1e6


def _again(description: EncoderDescription) -> str:
    """How to make it again."""
    recipe = description.source.get("recipe", {})
    if not recipe:
        return ""
    name, seed = recipe["name"], recipe["seed"]
    whiten = f" --whiten {strength}" if (strength := description.source.get("whiten")) else ""
    return (
        f"## Make it again\n\n```bash\nisoglot train {name} --data DATA --out runs/{name} --set seed={seed}\n"
        f"isoglot export runs/{name} --out {description.name} --weights {description.weights}{whiten}\n```"
    )


def _machine(machine: dict[str, Any]) -> str:
    processes = machine.get("processes", 1)
    if machine.get("gpu"):
        return f"{processes} × {machine['gpu']}"
    return f"{machine.get('cores')} cores, no GPU"


def _data(description: EncoderDescription) -> str:
    files = description.source.get("run", {}).get("data", {})
    buckets = description.source.get("recipe", {}).get("buckets", [])
    used = licences_of(source for bucket in buckets for source in bucket["sources"])
    lines = [
        f"- `{name}` (SHA-256 `{digest[:16]}…`): {'; '.join(used.get(name, ['see its source']))}"
        for name, digest in files.items()
    ]
    return "## Data it learned from, and licences\n\n" + "\n".join(lines) if lines else ""


def _figures(results: dict[str, Any]) -> str:
    settings, bias = results["settings"], results["bias"]
    crossed = cross_by_query_language(results)
    rows = [
        _row(
            code,
            settings["monolingual"]["by_language"].get(code, {}).get("mAP"),
            crossed.get(code),
            pooled["mAP"],
            pooled["R@10"],
            bias["TLR@10_by_language"].get(code),
            bias["rank_distance_by_language"][code],
        )
        for code, pooled in settings["multilingual"]["by_language"].items()
    ]
    pooled = settings["multilingual"]
    monolingual, cross = settings["monolingual"].get("mAP"), settings["cross-lingual"].get("mAP")
    means = _row("**mean**", monolingual, cross, pooled["mAP"], pooled["R@10"], bias["TLR@10"], bias["rank_distance"])
    folder = "" if results["benchmark"] == "demo" else f" --data DIR/{results['benchmark']}"
    head = (
        f"## {results['benchmark']}\n\n`isoglot evaluate {results['encoder']} --benchmark {results['benchmark']}{folder}` "
        f"(the {results['context']} alone is encoded). Query languages in rows; cross-lingual is the mean over the other "
        "languages' pools; TLR@10 is the share of right passages in other languages found in the pool's top 10; rank "
        "distance is worst minus best rank of a question's parallel answers in the pool.\n\n"
        "| query | monolingual mAP | cross-lingual mAP | pooled mAP | pooled R@10 | TLR@10 | rank distance |\n"
        "|---|---|---|---|---|---|---|"
    )
    # Only what was trained on: the rest is about the benchmark, or stands in the card already.
    notes = [
        f"- {n}" for n in results.get("notes", []) if "train" in n and "says of itself" not in n and "PEER" not in n
    ]
    facts = results.get("facts", {})
    if "texts_per_second" in facts:
        notes.append(
            f"- Encoded {facts['queries'] + facts['passages']:,} texts at {facts['texts_per_second']:,} a second on "
            f"{facts['cores']} cores, tokenising included."
        )
    return "\n".join([head, *rows, means, *([""] if notes else []), *notes])


def cross_by_query_language(results: dict[str, Any]) -> dict[str, float]:
    """From `results.json`: query language → mean mAP over the other languages' pools."""
    collected: dict[str, list[float]] = {}
    for pair, scores in results["settings"]["cross-lingual"].get("by_pair", {}).items():
        collected.setdefault(pair.split("→")[0], []).append(scores["mAP"])
    return {code: float(np.mean(values)) for code, values in collected.items()}


def _row(name: str, *values: float | None) -> str:
    *scores, distance = values
    cells = ["–" if score is None else f"{score:.4f}" for score in scores]
    return f"| {name} | {' | '.join(cells)} | {distance:,.0f} |"


def _gate(folder: Path) -> str:
    path = folder / "gate.json"
    if not path.is_file():
        return ""
    gate = json.loads(path.read_bytes())
    kept = ", ".join(f"{code} {share:.1%}" for code, share in gate["overlap"].items())
    return (
        f"## Export\n\nAgainst the trained model: least cosine {gate['least_cosine']:.5f} over {gate['texts']} texts in 12 "
        f"scripts; share of the trained top 10 kept on the demo set, by query language: {kept}."
    )


def _notes(description: EncoderDescription) -> str:
    """What its makers add by hand under `source.run.notes` of encoder.json."""
    notes = description.source.get("run", {}).get("notes", [])
    return "## Read this before you trust the figures\n\n" + "\n".join(f"- {note}" for note in notes) if notes else ""


def _limits(description: EncoderDescription) -> str:
    unseen = (
        "Languages it was not trained on work as far as their words, names and numbers look like those of a language "
        "it knows."
    )
    if description.source.get("recipe", {}).get("model", {}).get("kind", "static") != "static":
        return f"## Limits\n\nA text is cut after {description.maximum_tokens:,} tokens. {unseen}"
    return (
        "## Limits\n\nA static encoder adds up what a text's pieces mean; it does not see their order. It finds passages "
        "that speak of the same things as the question; it does not read for who did what to whom. Short questions of "
        f"common words suffer most. {unseen}"
    )
