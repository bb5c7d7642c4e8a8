"""Whether a command of the docs exists: its verb, its options, its settings, its address."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import typer
from typer.main import get_command

from index.cli import app
from service.app import create_app
from service.cli import register as register_service
from service.settings import Settings
from tests.docs.blocks import ROOT
from training.cli import register as register_training
from training.settings import TrainingSettings

SETTINGS = {f"ISOGLOT_{name.upper()}" for name in {**Settings.model_fields, **TrainingSettings.model_fields}}
ELSEWHERE = {
    "cat",
    "cd",
    "compose",
    "cp",
    "echo",
    "export",
    "gunzip",
    "kill",
    "ls",
    "mkdir",
    "optimum-cli",
    "sleep",
    "zcat",
    "docker",
    "git",
}
"""Tools of other projects: not ours to check."""


class Stale(AssertionError):
    """The docs show what is not there."""


@cache
def command_line() -> Any:
    """`isoglot` with the verbs of all wings, as click sees it."""
    register_service(app)
    register_training(app)
    return get_command(app)


@cache
def verbs() -> set[str]:
    """What `make` can do."""
    return set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))


@cache
def extras() -> set[str]:
    """Extras one may install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return set(project["optional-dependencies"])


def check(words: list[str], is_whole: bool = True) -> None:
    """Raise Stale unless the command exists.

    is_whole: False for a command between backticks, of which arguments may be left out.
    """
    while words and (match := re.match(r"([A-Z][A-Z_0-9]*)=", words[0])):
        if match[1].startswith("ISOGLOT_") and match[1] not in SETTINGS:
            raise Stale(f"there is no setting {match[1]}")
        words = words[1:]
    if not words:
        return
    tool, rest = words[0].rsplit("/", 1)[-1], words[1:]
    if tool == "torchrun":
        tool, rest = "isoglot", rest[rest.index("isoglot") + 1 :]
    checks = {"isoglot": _isoglot, "make": _make, "curl": _curl, "python": _python, "python3": _python, "pip": _pip}
    if tool in checks:
        checks[tool](rest, is_whole)
    elif is_whole and tool not in ELSEWHERE:
        raise Stale(f"nobody knows the command {tool!r}")


def _isoglot(words: list[str], is_whole: bool) -> None:
    command, path = command_line(), ["isoglot"]
    while children := getattr(command, "commands", None):
        if not words and not is_whole:
            return
        if not words or words[0] not in children:
            if words == ["--version"]:
                return
            raise Stale(f"{' '.join(path)} has no verb {words[:1]}; it has {sorted(children)}")
        path.append(words[0])
        command, words = children[words[0]], words[1:]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {
        "--help"
    }
    if unknown := [word for word in words if re.match(r"--?[a-z]", word) and word.partition("=")[0] not in known]:
        raise Stale(f"{' '.join(path)} has no option {unknown}; it has {sorted(known)}")
    if is_whole:
        try:
            command.make_context(" ".join(path), list(words))
        except (click.ClickException, typer.BadParameter) as error:
            raise Stale(f"{' '.join([*path, *words])}: {error}") from error
        except Exception as error:  # typer carries a copy of click, whose classes are its own
            if hasattr(error, "format_message"):
                raise Stale(f"{' '.join([*path, *words])}: {error.format_message()}") from error
            raise


def _make(words: list[str], is_whole: bool) -> None:
    wanted = [word for word in words if "=" not in word and not word.startswith("-") and word != "…"]
    if unknown := [word for word in wanted if word not in verbs()]:
        raise Stale(f"make has no verb {unknown}; it has {sorted(verbs())}")


@cache
def _routes() -> list[tuple[str, set[str]]]:
    paths = create_app(Settings(data=Path("/nonexistent"))).openapi()["paths"]
    hidden = [("/", {"get"}), ("/docs", {"get"})]
    return hidden + [(re.sub(r"\{\w+\}", "[^/]+", path), set(methods)) for path, methods in paths.items()]


def _curl(words: list[str], is_whole: bool) -> None:
    address = next((word for word in words if re.match(r"(https?://)?(localhost|127\.0\.0\.1):8000", word)), None)
    if address is None:
        return
    path = re.sub(r"^(https?://)?[^/]+", "", address).partition("?")[0] or "/"
    bodies = [words[at + 1] for at, word in enumerate(words[:-1]) if word in {"-d", "--data", "--data-binary"}]
    method = words[words.index("-X") + 1].lower() if "-X" in words else "post" if bodies else "get"
    if not any(re.fullmatch(pattern, path) and method in methods for pattern, methods in _routes()):
        raise Stale(f"the service has no {method.upper()} {path}")
    for body in bodies:
        if not body.startswith("@"):
            json.loads(body)


def _python(words: list[str], is_whole: bool) -> None:
    if words[:1] == ["-m"] and words[1].split(".")[0] in {"benchmarks", "tests", "index", "service", "training"}:
        spec = find_spec(words[1])
        if spec is None or spec.origin is None:
            raise Stale(f"there is no module {words[1]}")
        source = Path(spec.origin).read_text(encoding="utf-8")
        options = [word.partition("=")[0] for word in words[2:] if word.startswith("--")]
        if unknown := [o for o in options if o not in source and o[2:].replace("-", "_") not in source]:
            raise Stale(f"{words[1]} knows no {unknown}")
    elif words and words[0].endswith(".py") and not (ROOT / words[0]).is_file():
        raise Stale(f"there is no {words[0]}")


def _pip(words: list[str], is_whole: bool) -> None:
    for word in words:
        match = re.fullmatch(r"(?:isoglot|\.)\[([\w,-]+)\]", word)
        if match and (unknown := set(match[1].split(",")) - extras()):
            raise Stale(f"there is no extra {sorted(unknown)}; there are {sorted(extras())}")
