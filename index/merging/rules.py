"""All rules by name, and how a request or a collection names one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from index.errors import InvalidInput
from index.languages import language_code, language_codes
from index.merging.centred import Centred
from index.merging.fitted import DIRECTIONS
from index.merging.lir import Lir
from index.merging.merge import Merge
from index.merging.proportional import Proportional
from index.merging.quota import Quota
from index.merging.reserved import Reserved
from index.merging.round_robin import RoundRobin
from index.merging.score import Score
from index.merging.shift import Shift
from index.merging.standardised import Standardised

__all__ = ["RULES", "SCORE", "parse_merge", "require_languages"]

RULES: dict[str, type[Merge]] = {
    kind.rule: kind for kind in (Score, Centred, Standardised, Lir, Shift, RoundRobin, Proportional, Quota, Reserved)
}
"""Name → rule."""

SCORE = Score()
"""What is done unless something else is asked for."""

_MOST_RESERVED = 100


def parse_merge(given: str | Mapping[str, Any]) -> Merge:
    """A rule from its name or `{"rule": name, option: value}`; raises InvalidInput, UnknownLanguage.

    >>> parse_merge({"rule": "shift", "strength": 1})
    Shift(strength=1.0, reference=None)
    """
    options = {"rule": given} if isinstance(given, str) else dict(given)
    name = options.pop("rule", None)
    if not isinstance(name, str) or name not in RULES:
        raise InvalidInput(
            f"There is no merge rule {str(name)[:40]!r}; there are: {', '.join(RULES)}. Give a name, or an object such "
            'as {"rule": "shift", "strength": 0.6}.',
            given=str(name)[:40],
            allowed=list(RULES),
        )
    kind = RULES[name]
    allowed = [field.name for field in fields(kind)]
    for option in options:
        if option not in allowed:
            told = f"it takes {', '.join(allowed)}" if allowed else "it takes none"
            raise InvalidInput(
                f"Merge rule {name!r} has no option {str(option)[:40]!r}; {told}.",
                given=str(option)[:40],
                allowed=allowed,
            )
    if kind is Quota and "shares" not in options:
        raise InvalidInput(
            'Merge rule \'quota\' needs shares, such as {"rule": "quota", "shares": {"de": 0.5, "en": 0.3}}.'
        )
    return kind(**{option: _CHECKS[name, option](f"{name}.{option}", value) for option, value in options.items()})


def require_languages(merge: Merge, known: Collection[str]) -> None:
    """Raise UnknownLanguage when a rule's options name a language that is not among those known."""
    if isinstance(merge, Quota):
        language_codes((code for code, _ in merge.shares), known)
    if isinstance(merge, Shift) and merge.reference is not None:
        language_codes([merge.reference], known)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _wrong(name: str, value: Any, allowed: str) -> InvalidInput:
    return InvalidInput(f"{name} is {str(value)[:60]}; it must be {allowed}.", given=str(value)[:60])


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, value, "true or false")
    return value


def _strength(name: str, value: Any) -> float:
    if not _is_number(value) or not 0 <= value <= 2:
        raise _wrong(name, value, "a number from 0 to 2")
    return float(value)


def _tail(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if not _is_number(value) or not 0 <= value <= 6:
        raise _wrong(name, value, "a number from 0 to 6, or null")
    return float(value)


def _whole(most: int) -> Any:
    def check(name: str, value: Any) -> int:
        """A whole number from 1 to the most."""
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise _wrong(name, value, f"a whole number from 1 to {most}")
        return value

    return check


def _reference(name: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise _wrong(name, value, "a language code, or null")
    return None if value is None else language_code(value)


def _shares(name: str, value: Any) -> tuple[tuple[str, float], ...]:
    allowed = 'an object of languages and shares such as {"de": 0.5, "en": 0.3}, each above 0, 1 together at most'
    if not isinstance(value, Mapping) or not value:
        raise _wrong(name, value, allowed)
    if any(not _is_number(share) or not 0 < share <= 1 for share in value.values()) or sum(value.values()) > 1 + 1e-9:
        raise _wrong(name, value, allowed)
    shares = {language_code(code): float(share) for code, share in value.items()}
    if len(shares) < len(value):
        raise _wrong(name, value, "without the same language twice")
    return tuple(sorted(shares.items()))


_CHECKS: dict[tuple[str, str], Any] = {
    ("centred", "query_side"): _flag,
    ("standardised", "tail"): _tail,
    ("lir", "directions"): _whole(DIRECTIONS),
    ("lir", "query_side"): _flag,
    ("shift", "strength"): _strength,
    ("shift", "reference"): _reference,
    ("quota", "shares"): _shares,
    ("reserved", "places"): _whole(_MOST_RESERVED),
}
"""(rule, option) → what checks a value and gives it its type."""
