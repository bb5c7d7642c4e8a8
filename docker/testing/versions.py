"""Inside an image: every package that is installed must be the one constraints.txt names; nothing installs more."""

from __future__ import annotations

import re
import sys
from importlib.metadata import distributions
from pathlib import Path

lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
pins = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))


def plain(name: str) -> str:
    """A distribution's name as the packaging standards compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


wanted = {plain(name): version for name, version in pins.items()} | {"isoglot": None}
here = {
    plain(found.name): found.version
    for path in sys.path
    if "/opt/isoglot/" in path
    for found in distributions(path=[path])
}
faults = [
    f"{name} {version}, not {wanted.get(name, 'named at all')}"
    for name, version in sorted(here.items())
    if name not in wanted or wanted[name] not in (None, version)
]
if faults or {"pip", "setuptools"} & set(here) or "isoglot" not in here:
    sys.exit("; ".join(faults) or f"unexpected: {sorted(here)}")
sys.stdout.write(f"    {len(here)} packages, all pinned\n")
