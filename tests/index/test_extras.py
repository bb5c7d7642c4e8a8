"""What is missing is told with the command that brings it, and that command names extras there are."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from index.errors import InvalidInput
from index.extras import how_to_install, require_extra

ROOT = Path(__file__).parents[2]
EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"])
VERBS = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8")))


def test_what_is_there_is_let_pass() -> None:
    require_extra("Reading", "json", "pathlib")


def test_what_is_missing_is_named_with_what_brings_it() -> None:
    with pytest.raises(InvalidInput, match="Reading X needs no_such_module, nor_this_one. In the clone: make") as told:
        require_extra("Reading X", "json", "no_such_module", "nor_this_one")
    assert told.value.detail == {"missing": ["no_such_module", "nor_this_one"], "extra": "jobs"}


@pytest.mark.parametrize("extra", ["jobs", "jobs,ray", "milvus", "otel", "train", "train,judge"])
def test_the_command_names_what_there_is(extra: str) -> None:
    told = how_to_install(extra)
    (verb,), (named,) = re.findall(r"make ([a-z-]+)", told), re.findall(r"\[([a-z,]+)\]", told)
    assert verb in VERBS and set(named.split(",")) <= EXTRAS
