"""The judge of a lake: `check`, imported when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.store.check.judge import CheckReport, check

__all__ = ["CheckReport", "check"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("pipeline.store.check.judge"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
