"""What a package exports, imported when somebody asks for it (PEP 562).

`from service.client import Isoglot` and `isoglot --help` run `index/__init__.py` and need none of what it exports;
imported there, FAISS, ONNX Runtime and fastText would cost them two seconds, and would have to be installed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["exports"]


def exports(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """A package's `__getattr__`: what it gives stays in the package, so that each name is looked up once.

    package: its `__name__`. homes: name → the module that has it. A name may not be that of a module of the package,
    which the import system would put in its place. Type checkers read the imports under `TYPE_CHECKING` instead.
    """

    def find(name: str) -> Any:
        """The export of this name; raises AttributeError for all others."""
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    return find
