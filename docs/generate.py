"""Write the parts of the docs that are made from code, or check that they are current.

python docs/generate.py          writes
python docs/generate.py --check  exits 1 and names what is stale
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from index.cli import app
from service.cli import register as register_service
from service.settings import Settings
from training.cli import register as register_training

HERE = Path(__file__).resolve().parent


def settings_table() -> str:
    """A Markdown table of every setting."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
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


GENERATED = {"settings.md": ("settings", settings_table), "command-line.md": ("help", help_pages)}


def main() -> int:
    """Write or check; returns the exit code."""
    stale = []
    for name, (mark, make) in GENERATED.items():
        path = HERE / name
        text = path.read_text(encoding="utf-8")
        pattern = re.compile(rf"(<!-- {mark} -->\n).*?(\n<!-- /{mark} -->)", re.DOTALL)
        made = make()
        fresh = pattern.sub(lambda match, made=made: f"{match[1]}{made}{match[2]}", text)
        if fresh != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(fresh, encoding="utf-8")
    if stale and "--check" in sys.argv:
        print(f"Stale: {', '.join(stale)}; run `make docs`.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
