"""Write the parts of the docs that are made from code, or check that they are current.

python docs/generate.py          writes
python docs/generate.py --check  exits 1 and names what is stale
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from drawing import draw
from fastapi.testclient import TestClient
from typer.main import get_command
from typer.testing import CliRunner

from index.cli import app
from service.app import create_app
from service.cli import register as register_service
from service.settings import Settings
from training.benchmarks import BENCHMARKS
from training.bias import MATRICES, MEASURES
from training.cli import register as register_training
from training.settings import TrainingSettings

HERE = Path(__file__).resolve().parent
README = HERE.parent / "README.md"
COMPOSE = HERE.parent / "docker" / "compose.yaml"


def settings_table() -> str:
    """A Markdown table of every setting."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in {**Settings.model_fields, **TrainingSettings.model_fields}.items():
        default = "unset" if field.default is None else f"`{field.default}`"
        lines.append(f"| `ISOGLOT_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines)


def help_pages() -> str:
    """The `--help` of every verb."""
    register_service(app)
    register_training(app)
    pages = []
    for path in _verbs(get_command(app), []):
        # Options in force here must not show in the docs: width and colour are fixed.
        environment = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "_TYPER_FORCE_DISABLE_TERMINAL": "1"}
        result = CliRunner().invoke(app, [*path, "--help"], env=environment, terminal_width=100, prog_name="isoglot")
        text = "\n".join(line.rstrip() for line in result.output.strip().splitlines())
        pages.append(f"### `isoglot {' '.join(path)}`\n\n```text\n{text}\n```")
    return "\n\n".join(pages)


def _verbs(command: Any, path: list[str]) -> list[list[str]]:
    children = getattr(command, "commands", None)
    if not children:
        return [path]
    return [verb for name, child in sorted(children.items()) for verb in _verbs(child, [*path, name])]


def answer() -> str:
    """What the README's request is answered, texts cut short and scores rounded."""
    request = re.search(r"-d '(\{.*?\})'", README.read_text(encoding="utf-8"))
    assert request
    with tempfile.TemporaryDirectory() as folder, TestClient(create_app(Settings(data=Path(folder)))) as client:
        body = client.post("/search", json=json.loads(request[1])).json()
    hits = [
        f'  {{"id": "{hit["id"]}", "language": "{hit["language"]}", "score": {hit["score"]:.2f}, '
        f'"title": "{hit["title"]}", "text": "{hit["text"][:40]}…"}}'
        for hit in body["hits"]
    ]
    asked = body["query_language"]
    shares = [
        f'{{"language": "{share["language"]}", "hits": {share["hits"]}, "hit_share": {share["hit_share"]:.2f}, '
        f'"pool_share": {share["pool_share"]:.2f}}}'
        for share in body["shares"][:2]
    ]
    lines = [
        '{"hits": [',
        ",\n".join(hits),
        f' ], "query_language": {{"code": "{asked["code"]}", "how": "{asked["how"]}", "confidence": {asked["confidence"]:.2f}}},',
        f' "languages": {json.dumps(body["languages"])},',
        f' "shares": [{", ".join(shares)}, …], "truncated": false, "collection": "{body["collection"]}"}}',
    ]
    return "```json\n" + "\n".join(lines) + "\n```"


def figures() -> str:
    """The bundled encoder's means, from the results in its folder."""
    lines = [
        "| | monolingual mAP | cross-lingual mAP | pooled mAP | rank distance | command |",
        "|---|---|---|---|---|---|",
    ]
    for path in sorted((HERE.parent / "models" / "isoglot-static" / "results").glob("*/results.json")):
        results = json.loads(path.read_text(encoding="utf-8"))
        name, settings = results["benchmark"], results["settings"]
        means = [f"{settings[setting]['mAP']:.3f}" for setting in ("monolingual", "cross-lingual", "multilingual")]
        command = f"isoglot evaluate isoglot-static --benchmark {name}" + ("" if name == "demo" else f" --data {name}/")
        lines.append(f"| {name} | {' | '.join(means)} | {results['bias']['rank_distance']:,.0f} | `{command}` |")
    return "\n".join(lines)


def measures() -> str:
    """Every measure of language bias, from its record."""
    lines = ["| measure | meaning | formula | range | direction | source |", "|---|---|---|---|---|---|"]
    for m in MEASURES.values():
        cells = [f"`{m.name}`", m.meaning, m.formula, m.range, m.direction, m.source]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)


def matrices() -> str:
    """Every heat map, from its record."""
    lines = ["| heat map | meaning | even | source |", "|---|---|---|---|"]
    lines += [f"| `{m.name}` | {m.meaning} {m.formula} | {m.even} | {m.source} |" for m in MATRICES.values()]
    return "\n".join(lines)


def benchmarks() -> str:
    """Every benchmark, from its record."""
    lines = ["| name | what it is | `--data` | licence |", "|---|---|---|---|"]
    for record in BENCHMARKS.values():
        data = record.data or "none: comes with the project"
        lines.append(
            f"| `{record.name}` | {record.about} | {data}{'' if record.needs_data or not record.data else ' (optional)'} | {record.licence} |"
        )
    return "\n".join(lines)


def compose_settings() -> str:
    """Every setting that a container takes from docker/.env as it stands there."""
    text = COMPOSE.read_text(encoding="utf-8")
    # Those with a value of compose's own stand above, and the image sets where it keeps things and listens.
    decided = {*re.findall(r"^  (ISOGLOT_\w+): ", text, re.MULTILINE), "ISOGLOT_DATA", "ISOGLOT_HOST", "ISOGLOT_PORT"}
    names = [f"ISOGLOT_{name.upper()}" for name in {**Settings.model_fields, **TrainingSettings.model_fields}]
    return "\n".join(f"  {name}:" for name in names if name not in decided)


def examples() -> str:
    """The percent scripts of `examples/` as pages: Markdown cells as text, one level lower, code cells as code."""
    pages = []
    for path in sorted((HERE.parent / "examples").glob("*.py")):
        for cell in re.split(r"(?m)^# %%", path.read_text(encoding="utf-8"))[1:]:
            kind, _, body = cell.partition("\n")
            if kind.strip() == "[markdown]":
                prose = re.sub(r"(?m)^# ?", "", body.strip())
                pages.append(re.sub(r"(?m)^#", "##", prose))
            else:
                pages.append(f"```python\n{body.strip()}\n```")
    return "\n\n".join(pages)


GENERATED = [
    (README, "answer", answer),
    (README, "figures", figures),
    (HERE / "settings.md", "settings", settings_table),
    (COMPOSE, "settings", compose_settings),
    (HERE / "command-line.md", "help", help_pages),
    (HERE / "examples.md", "examples", examples),
    (HERE / "evaluation.md", "measures", measures),
    (HERE / "evaluation.md", "matrices", matrices),
    (HERE / "evaluation.md", "benchmarks", benchmarks),
]


def _same(fresh: str, text: str) -> bool:
    """Whether two texts agree, decimal numbers within .02: another processor rounds sums differently."""
    number = re.compile(r"\d+\.\d+")
    first, second = ([float(value) for value in number.findall(version)] for version in (fresh, text))
    close = len(first) == len(second) and all(abs(a - b) <= 0.02 for a, b in zip(first, second, strict=True))
    return close and number.sub("#", fresh) == number.sub("#", text)


def main() -> int:
    """Write or check; returns the exit code."""
    stale = []
    picture = HERE / "architecture.svg"
    drawn = draw()
    if not picture.exists() or picture.read_text(encoding="utf-8") != drawn:
        stale.append(picture.name)
        if "--check" not in sys.argv:
            picture.write_text(drawn, encoding="utf-8")
    for path, mark, make in GENERATED:
        text = path.read_text(encoding="utf-8")
        pattern = re.compile(rf"(<!-- {mark} -->\n).*?([ #]*<!-- /{mark} -->)", re.DOTALL)
        made = make()
        fresh = pattern.sub(lambda match, made=made: f"{match[1]}{made}\n{match[2]}", text)
        if not _same(fresh, text):
            stale.append(f"{path.name} ({mark})")
            if "--check" not in sys.argv:
                path.write_text(fresh, encoding="utf-8")
    if stale and "--check" in sys.argv:
        print(f"Stale: {', '.join(stale)}; run `make docs`.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
