"""Values of a command line, taken as they are where nothing is to be made of them.

Typer hands each parameter, also one that nobody gave, to a validator of pydantic, and so imports
pydantic for every command. A text for a text, a number that is one, and a path need none; whatever
else it may be goes to Typer's own.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from typer import core
from typer._coercion import RuntimeParam, TypeDescriptor, build_runtime_param
from typer._param_types import coerce_cli_path

from pipeline.compat.liberty import Liberty

LIBERTY = Liberty(
    library="typer",
    version="0.29.2",
    why="pydantic is imported for parameters of any type, and for those that nobody gave",
)

_NUMBERS = {int: re.compile(r"[0-9]{1,9}"), float: re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")}
"""How a number is written where nobody could read it otherwise."""


def take_plain_values() -> None:
    """Let Typer validate only what is not already of its parameter's type."""
    core.build_runtime_param = _TakenAsItIs.of  # type: ignore[attr-defined]


@dataclass(frozen=True)
class _TakenAsItIs(RuntimeParam):
    """Coercion of one parameter, by Typer where it is one."""

    descriptor: TypeDescriptor

    @classmethod
    def of(cls, descriptor: TypeDescriptor) -> RuntimeParam:
        """Return how the values of one parameter are taken."""
        return cls(descriptor.parameter_info, descriptor.annotation, descriptor)

    def _coerce_value(self, value: Any, param: Any, ctx: Any) -> Any:
        info, kind = self.parameter_info, self.annotation
        given = value
        if type(value) is str and kind in _NUMBERS and _NUMBERS[kind].fullmatch(value):
            value = kind(value)
        if info.parser is None and _is_plain(value, kind, info):
            return value
        if info.parser is None and kind is Path and info.path_type is None and type(value) is str:
            # Without a type it makes nothing of a path, and looks whether it is as it has to be.
            path = coerce_cli_path(value, info, path_type=None, param=param, ctx=ctx)
            return Path(os.fsdecode(path))
        return build_runtime_param(self.descriptor)._coerce_value(given, param, ctx)


def _is_plain(value: Any, kind: Any, info: Any) -> bool:
    if get_origin(kind) is list:
        texts = get_args(kind) == (str,) and type(value) is list
        return texts and all(type(item) is str for item in value)
    if type(value) is not kind or kind not in (str, bool, int, float):
        return False
    return kind in (str, bool) or (
        (info.min is None or value >= info.min) and (info.max is None or value <= info.max)
    )
