"""What may be used from outside a file or a folder is said there, and nothing else is used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WINGS = ("index", "service", "training")
USERS = (*WINGS, "benchmarks", "docs", "examples")


def files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


MODULES = {module(path): path for path in files(*WINGS)}
FOLDERS = sorted(name for name, path in MODULES.items() if path.name == "__init__.py")


def exported(name: str) -> list[str] | None:
    """The names in `__all__`; None without one."""
    for node in tree(MODULES[name]).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return list(ast.literal_eval(node.value))
    return None


def bound(name: str) -> set[str]:
    """Every name a module binds at its top level."""
    names: set[str] = set()
    for node in tree(MODULES[name]).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= imported(node)
        elif isinstance(node, ast.If):  # TYPE_CHECKING: what is exported on demand
            names |= {name for leaf in node.body if isinstance(leaf, ast.ImportFrom) for name in imported(leaf)}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {leaf.id for target in targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name)}
    return names


def imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    return {alias.asname or alias.name for alias in node.names}


def imports(*folders: str) -> Iterator[tuple[str, str, str]]:
    """Who imports which name from which of our modules; a module as a whole has the name ""."""
    for path in files(*folders):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module in MODULES:
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    yield (module(path), whole, "") if whole in MODULES else (module(path), node.module, alias.name)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_all_names_what_there_is_and_leaves_nothing_public_out(name: str) -> None:
    names = exported(name)
    body = tree(MODULES[name]).body
    # Verbs and routes are handed to their framework, not imported.
    is_registered = name.endswith(".cli") or name in {"index.cli_places", "index.cli"}
    public = {
        node.name
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not (is_registered or "routes" in name)
    }
    if names is None:
        assert not public, f"{name} has no __all__ and defines {sorted(public)}"
        return
    assert len(names) == len(set(names)) and not [given for given in names if given.startswith("_")]
    assert set(names) <= bound(name), f"{name}: __all__ names what is not there: {sorted(set(names) - bound(name))}"
    assert public <= set(names), f"{name}: neither in __all__ nor private: {sorted(public - set(names))}"


def test_only_what_all_names_is_imported() -> None:
    strays = [
        f"{user} takes {name} from {given}"
        for user, given, name in imports(*USERS)
        if name and user != given and name not in (exported(given) or [])
    ]
    assert not strays, strays


@pytest.mark.parametrize("folder", [name for name in FOLDERS if "." in name])
def test_a_folder_says_what_may_be_used_of_it(folder: str) -> None:
    said = ast.get_docstring(tree(MODULES[folder])) or ""
    assert said, f"{folder} does not say what it is"
    named = set(re.findall(r"`(\w+)`", said))
    for user, given, name in imports(*WINGS):
        is_inside = user == folder or user.startswith(f"{folder}.")
        if given.startswith(f"{folder}.") and not is_inside:
            file = given.removeprefix(f"{folder}.").split(".")[0]
            assert file in named, f"{folder}/__init__.py does not name `{file}`, of which {user} takes {name or 'all'}"


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_says_what_other_wings_may_use(wing: str) -> None:
    said = ast.get_docstring(tree(MODULES[wing])) or ""
    named = set(re.findall(r"`(?:\w+\.)?(\w+)`", said))
    for user, given, name in imports(*WINGS):
        if given.startswith(f"{wing}.") and user.split(".")[0] != wing:
            file = given.split(".")[1]
            assert file in named, f"{wing}/__init__.py does not name `{file}`, of which {user} takes {name or 'all'}"
