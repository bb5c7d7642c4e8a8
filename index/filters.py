"""Filters on passages' metadata: parsed once, obeyed by every backend.

    {"topic": "tides", "year": {"gte": 2000, "lt": 2010}, "tag": {"in": ["sea", "moon"]}}

A field is a top-level key of the metadata; conditions on several fields must all hold. A bare
value asks for equality; where the passage holds a list, one element that fits is enough.
Numbers compare with numbers, strings with strings (by code point, so ISO dates compare as
dates), booleans with booleans: "7" is not 7. A passage without the field does not fit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, Literal

from index.errors import InvalidInput

__all__ = ["Condition", "Operator", "Value", "kind_of", "matches", "parse_filter", "require_fields", "values_of"]

Value = str | float | bool
Operator = Literal["in", "gt", "gte", "lt", "lte"]

MAX_CONDITIONS = 32
MAX_VALUES = 1000
MAX_TEXT = 500
"""Longest string, in characters, that a filter may ask for; longer ones in metadata are kept but never fit."""

_RANGES: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda held, asked: held > asked,
    "gte": lambda held, asked: held >= asked,
    "lt": lambda held, asked: held < asked,
    "lte": lambda held, asked: held <= asked,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on one field.

    values: those allowed for "in" (equality is "in" with one), the bound alone for a range.
    """

    field: str
    operator: Operator
    values: tuple[Value, ...]
    # Python holds False and 0 for equal; conditions on them are not.
    _kinds: tuple[str | None, ...] = attribute(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_kinds", tuple(map(kind_of, self.values)))


def parse_filter(given: Any) -> tuple[Condition, ...]:
    """Check a filter as it comes from JSON; None and {} filter nothing.

    Raises InvalidInput naming the field at fault and what is allowed.
    """
    if given is None:
        return ()
    if not isinstance(given, Mapping):
        raise InvalidInput(f"A filter is an object of field to condition, not {type(given).__name__}.")
    conditions = [condition for name, asked in given.items() for condition in _conditions(name, asked)]
    if len(conditions) > MAX_CONDITIONS:
        raise InvalidInput(f"The filter has {len(conditions)} conditions; at most {MAX_CONDITIONS} are accepted.")
    return tuple(conditions)


def _conditions(name: Any, asked: Any) -> list[Condition]:
    if not isinstance(name, str) or not name:
        raise InvalidInput(f"A filter's field must be a name, not {name!r}.")
    if not isinstance(asked, Mapping):
        return [Condition(name, "in", (_value(name, asked),))]
    if not asked:
        raise InvalidInput(
            f"Filter on {name!r}: the condition is empty; use a value, in, gt, gte, lt or lte.", field=name
        )
    return [_condition(name, operator, bound) for operator, bound in asked.items()]


def _condition(name: str, operator: Any, bound: Any) -> Condition:
    if operator == "in":
        if not isinstance(bound, Sequence) or isinstance(bound, str) or not 1 <= len(bound) <= MAX_VALUES:
            raise InvalidInput(f"Filter on {name!r}: 'in' takes a list of 1 to {MAX_VALUES} values.", field=name)
        return Condition(name, "in", tuple(_distinct(_value(name, value) for value in bound)))
    if operator not in _RANGES:
        raise InvalidInput(f"Filter on {name!r}: there is no {operator!r}; use in, gt, gte, lt or lte.", field=name)
    value = _value(name, bound)
    if isinstance(value, bool):
        raise InvalidInput(f"Filter on {name!r}: true and false have no order; use equality.", field=name)
    return Condition(name, operator, (value,))


def _value(name: str, value: Any) -> Value:
    if kind_of(value):
        return value if isinstance(value, str | bool) else float(value)
    raise InvalidInput(
        f"Filter on {name!r}: {json.dumps(value, default=str)[:60]} is no value; use a string of up to {MAX_TEXT} "
        "characters, a number below 2^53, true or false.",
        field=name,
    )


def kind_of(value: Any) -> str | None:
    """What a value compares with: "bool", "number" or "text"; None for what no filter can ask for."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number" if math.isfinite(value) and abs(value) < 2**53 else None
    return "text" if isinstance(value, str) and len(value) <= MAX_TEXT else None


def values_of(held: Any) -> list[Value]:
    """The values a metadata field offers to filters: itself, or the elements of a list."""
    offered = held if isinstance(held, list) else [held]
    return _distinct(v if isinstance(v, str | bool) else float(v) for v in offered if kind_of(v))


def _distinct(values: Iterable[Value]) -> list[Value]:
    return list({(kind_of(value), value): value for value in values}.values())


def matches(metadata: Mapping[str, Any], conditions: Sequence[Condition]) -> bool:
    """Whether metadata fits every condition: the meaning that backends must agree with.

    >>> matches({"tag": ["sea", "moon"], "year": 2004}, parse_filter({"tag": "sea", "year": {"gte": 2000}}))
    True
    """
    return all(any(_fits(value, c) for value in values_of(metadata.get(c.field))) for c in conditions)


def _fits(value: Value, condition: Condition) -> bool:
    if condition.operator == "in":
        return any(value == asked and kind_of(value) == kind_of(asked) for asked in condition.values)
    bound = condition.values[0]
    return kind_of(value) == kind_of(bound) and _RANGES[condition.operator](value, bound)


def require_fields(conditions: Sequence[Condition], known: Collection[str]) -> None:
    """Raise InvalidInput for a field no passage has: a misspelt one must not read as "nothing found"."""
    for condition in conditions:
        if condition.field not in known:
            raise InvalidInput(
                f"No passage here has the metadata field {condition.field[:80]!r}; there are: "
                f"{', '.join(sorted(known)[:50]) or 'none'}.",
                field=condition.field[:80],
                fields=sorted(known)[:50],
            )
