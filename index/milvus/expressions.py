"""Filters in Milvus' language, so made that nothing a caller writes can become part of it.

Milvus' own comparisons on JSON do not mean what `index/filters.py` means: types mix, and a list has
no "any element". So each passage carries two side fields made for filters, and expressions hold
hexadecimal digits where the caller's words would stand:

    facets: for every value of every field the digest of (field, type, value), for equality and membership.
    bounds: for every field and type its smallest and largest value, for ranges: some element is at least 5
        exactly when the largest is.

A list too long for Milvus' arrays, or a long text cut in `bounds`, makes an expression let more through
than fits, never less; hits are checked on the way out (`index.filters.matches`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from index.filters import Condition, Value, kind_of, values_of
from index.question import Scope

__all__ = ["MAX_FACETS", "bounds", "expression", "facets", "one_of", "quoted"]

MAX_FACETS = 4096
"""Elements Milvus allows in an array."""

MAX_BOUNDS_BYTES = 60_000
"""Milvus takes 65,536 bytes of JSON a field."""

_TEXT_BYTES = 128
_TOO_MANY = "*"
_ABOVE = "~"  # sorts behind every hexadecimal digit
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def quoted(text: str) -> str:
    r"""A string literal of Milvus' expressions.

    >>> quoted('a "b" \\')
    '"a \\"b\\" \\\\"'
    """
    return f'"{text.translate(_ESCAPES)}"'


def one_of(field: str, values: Sequence[str]) -> str:
    """An expression: the field, one of ours, equals one of the values."""
    return f"{field} in [{', '.join(quoted(value) for value in values)}]"


def facets(metadata: Mapping[str, Any]) -> list[str]:
    """What equality and membership look for."""
    found = {_digest(field, value) for field, held in metadata.items() for value in values_of(held)}
    # Room for the mark that bounds are left out is kept.
    if len(found) >= MAX_FACETS:
        return [_TOO_MANY]
    return sorted(found) + ([] if _fit(_all_bounds(metadata)) else [_TOO_MANY])


def bounds(metadata: Mapping[str, Any]) -> dict[str, float | str]:
    """What ranges compare with; empty when it would not fit, and `facets` says so."""
    found = _all_bounds(metadata)
    return found if _fit(found) else {}


def _all_bounds(metadata: Mapping[str, Any]) -> dict[str, float | str]:
    found: dict[str, float | str] = {}
    for field, held in metadata.items():
        offered = values_of(held)
        numbers = [value for value in offered if kind_of(value) == "number"]
        texts = [value for value in offered if isinstance(value, str)]
        if numbers:
            found[_key(field, "number", "low")] = float(min(numbers))
            found[_key(field, "number", "high")] = float(max(numbers))
        if texts:
            found[_key(field, "text", "low")] = _digits(min(texts))
            found[_key(field, "text", "high")] = _digits(max(texts), _ABOVE)
    return found


def _fit(found: dict[str, float | str]) -> bool:
    return len(json.dumps(found)) <= MAX_BOUNDS_BYTES


def _digits(text: str, behind: str = "") -> str:
    """A text's first bytes as digits, which sort as its code points do; behind: put where it was cut."""
    raw = text.encode("utf-8", "surrogatepass")
    return raw[:_TEXT_BYTES].hex() + (behind if len(raw) > _TEXT_BYTES else "")


def _digest(field: str, value: Value) -> str:
    written = value if isinstance(value, str) else repr(value if isinstance(value, bool) else value + 0.0)
    return _hash(f"{len(field)}:{field}{kind_of(value)}:{written}")


def _key(field: str, kind: str, end: str) -> str:
    return f"{_hash(field)}{kind}{end}"


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def expression(scope: Scope) -> str:
    """What a search is limited to, in Milvus' language; empty for no limit.

    >>> expression(Scope(10, ("de", "zh-Hant")))
    'language in ["de", "zh-Hant"]'
    """
    parts = [] if scope.languages is None else [one_of("language", scope.languages)]
    return " and ".join(parts + [_condition(condition) for condition in scope.where])


def _condition(condition: Condition) -> str:
    if condition.operator == "in":
        wanted = [_TOO_MANY, *(_digest(condition.field, value) for value in condition.values)]
        return f"array_contains_any(facets, [{', '.join(quoted(digest) for digest in wanted)}])"
    value = condition.values[0]
    low = condition.operator in ("lt", "lte")
    end, sign = ("low" if low else "high"), _SIGNS[condition.operator]
    if isinstance(value, str):
        digits = _digits(value, _ABOVE if low else "")
        if len(digits) >= 2 * _TEXT_BYTES:  # cut texts may be equal where the whole ones are not
            sign = f"{sign[0]}="
        key, bound = _key(condition.field, "text", end), quoted(digits)
    else:
        key, bound = _key(condition.field, "number", end), repr(float(value))
    return f'(bounds["{key}"] {sign} {bound} or array_contains(facets, "{_TOO_MANY}"))'
