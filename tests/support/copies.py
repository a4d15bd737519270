"""Lakes that many tests begin with: written once a process, and copied."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def made_once(
    build: Callable[Concatenate[Path, P], T],
) -> Callable[Concatenate[Path, P], T]:
    """Make `build(root, …)`, which fills a folder, copy what it made at its first such call.

    What that gave back is given back again: it must hold nothing that is of the folder.
    """

    @cache
    def first(*args: P.args, **kwargs: P.kwargs) -> tuple[TemporaryDirectory[str], T]:
        folder = TemporaryDirectory(prefix="dateline-made-once-")
        return folder, build(Path(folder.name), *args, **kwargs)

    @wraps(build)
    def copied(root: Path, *args: P.args, **kwargs: P.kwargs) -> T:
        folder, made = first(*args, **kwargs)
        shutil.copytree(folder.name, root, dirs_exist_ok=True)
        return made

    return copied
