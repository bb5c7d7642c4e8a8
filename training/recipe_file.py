"""Recipes from TOML files, with overrides from the command line."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from index.errors import InvalidInput, NotFound
from training.recipe import Recipe

__all__ = ["check_recipe", "find_recipe", "load_recipe", "read_run_recipe", "shipped_recipes"]

_FOLDER = Path(__file__).parent / "recipes"


def shipped_recipes() -> list[str]:
    """Names of the recipes that come with Isoglot."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def find_recipe(name: str) -> Path:
    """Turn a path or a shipped recipe's name into a path; raises NotFound."""
    for path in (Path(name), _FOLDER / f"{name}.toml"):
        if path.is_file():
            return path
    raise NotFound(
        f"There is no recipe {name!r}: it is neither a file nor one of those shipped ({', '.join(shipped_recipes())}).",
        given=name,
    )


def load_recipe(name: Path | str, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe; `overrides` are `section.key=value` with TOML values, lists counted from 0.

    A file may begin with `extends = "another recipe"` and a list `set` of such overrides.
    Raises NotFound when there is no such file, InvalidInput naming every key at fault.
    """
    path = find_recipe(str(name))
    values = _read(path)
    for override in overrides:
        _apply(values, override)
    return check_recipe(values, path)


def _read(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} is not valid TOML: {error}", path=str(path)) from error
    if "extends" not in values:
        return values
    base, overrides = str(values.pop("extends")), values.pop("set", [])
    if values:
        raise InvalidInput(f"{path} extends {base!r}; beside that it may only `set` keys, not {', '.join(values)}.")
    extended = _read(find_recipe(base))
    for override in overrides:
        _apply(extended, override)
    return extended


def check_recipe(values: dict[str, Any], path: Path) -> Recipe:
    """Build a recipe from parsed values; raises InvalidInput naming every key at fault and the file."""
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(f"{_place(e['loc'])}: {e['msg']}" for e in error.errors())
        raise InvalidInput(f"{path} is not a recipe: {faults}.", path=str(path)) from error


def _place(location: tuple[int | str, ...]) -> str:
    """A key as it is written in the file: pydantic puts the model's kind between."""
    is_model = location[:1] == ("model",)
    return ".".join(str(part) for n, part in enumerate(location) if not (is_model and n == 1))


def read_run_recipe(run: Path) -> Recipe:
    """The recipe a run folder was made by; raises NotFound or InvalidInput."""
    path = run / "recipe.json"
    if not path.is_file():
        raise NotFound(f"{run} is no run folder: it has no recipe.json.", path=str(run))
    try:
        values = json.loads(path.read_bytes())
    except ValueError as error:
        raise InvalidInput(f"{path} is not valid JSON: {error}", path=str(path)) from error
    return check_recipe(values, path)


def _apply(values: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    *sections, name = key.strip().split(".")
    if not equals or not name:
        raise InvalidInput(f"{override!r} is no override; write section.key=value, such as stages.0.alpha=0.5.")
    place: Any = values
    try:
        for section in sections:
            place = place[int(section)] if isinstance(place, list) else place.setdefault(section, {})
        place[name] = _parse(value)
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{override!r} names no key of the recipe.") from error


def _parse(value: str) -> Any:
    """A TOML value, or the text itself when it is none."""
    try:
        return tomllib.loads(f"v = {value}")["v"]
    except tomllib.TOMLDecodeError:
        return value.strip()
