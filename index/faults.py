"""What pydantic found wrong, in words for people."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

__all__ = ["fault_message", "faults_told"]


def fault_message(fault: Any) -> str:
    """What one fault of `ValidationError.errors()` says, without pydantic's word for an error of our own."""
    return str(fault["msg"]).removeprefix("Value error, ")


def faults_told(error: ValidationError, whole: str, most: int | None = None) -> str:
    """The faults as "field: message; field: message".

    whole: what a fault of no field in particular is laid to. most: how many are told; None tells all.
    """
    faults = error.errors(include_url=False, include_input=False)[:most]
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or whole}: {fault_message(fault)}" for fault in faults)
