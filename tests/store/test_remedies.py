"""Whatever a lake refuses, the message says what to do: a command, a setting, or a page."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

REMEDY = re.compile(r"`dateline lake \w+|`lake\.\w+`|docs/[\w-]+\.md|--lake")
STORE = ROOT / "pipeline" / "store"
BUGS = {"rows.py"}
"""Modules whose errors are faults of the code that calls them, never of a lake."""


@cache
def refusals() -> list[tuple[str, str]]:
    """Each `StoreError` that the store's code raises: where, and its message."""
    found = []
    for path in sorted([*STORE.rglob("*.py"), ROOT / "pipeline" / "job.py"]):
        if path.name in BUGS or "StoreError" not in (text := path.read_text("utf-8")):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "StoreError":
                place = f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
                found.append((place, ast.literal_eval(node.args[0])))
    return found


@pytest.mark.parametrize("place, message", [pytest.param(*r, id=r[0]) for r in refusals()])
def test_each_refusal_names_its_remedy(place: str, message: str) -> None:
    assert REMEDY.search(message), f"{place}: {message}"


@pytest.mark.parametrize(
    "page",
    sorted(
        {m[0] for _, t in refusals() for m in [REMEDY.search(t)] if m and m[0].startswith("docs/")}
    ),
)
def test_the_pages_that_they_name_are_there(page: str) -> None:
    assert Path(ROOT, page).is_file()


def test_there_are_refusals_to_go_over() -> None:
    assert len(refusals()) >= 20
