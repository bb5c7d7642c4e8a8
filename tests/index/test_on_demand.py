"""Packages export what they say, and load it when it is asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from index.on_demand import exports

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("index", "index.jobs", "index.merging")


def typed_imports(package: str) -> dict[str, str]:
    """Name → module, as type checkers read them."""
    tree = ast.parse((ROOT / Path(*package.split(".")) / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    return {
        alias.name: str(node.module) for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_exported_is_what_type_checkers_are_told(package: str) -> None:
    told, found = typed_imports(package), import_module(package)
    assert sorted(told) == sorted(found.__all__)
    for name, module in told.items():
        assert getattr(found, name) is getattr(import_module(module), name)
        assert not (ROOT / Path(*package.split(".")) / f"{name}.py").exists(), "a module would take its place"


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_is_loaded_before_it_is_asked_for(package: str) -> None:
    code = f"import {package}, sys; print(sorted({{'faiss', 'numpy', 'onnxruntime', 'pydantic'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_other_names_are_refused_as_of_any_module() -> None:
    with pytest.raises(ImportError, match="cannot import name 'Catalogue'"):
        from index import Catalogue  # type: ignore[attr-defined]  # noqa: F401
    with pytest.raises(AttributeError, match="'index.jobs' has no attribute 'run'"):
        exports("index.jobs", {})("run")
