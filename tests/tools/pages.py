"""The snippets of the pages on tools, and how one is run."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.prefix) / "tools" / "bin"
"""Where `make .venv/.tools` puts the tools: apart, so that no process of the product meets them."""

PYTHON = str(PROGRAMS / "python") if PROGRAMS.is_dir() else sys.executable

_DOCS = ROOT / "docs"

_TOLD = "\nTOLD "
_END = """
def _told(value):
    if hasattr(value, "item"):
        return value.item()
    return str(value)

import json, os
print("\\nTOLD " + json.dumps({told}, default=_told), flush=True)
# All is told: Daft's threads abort now and then while the interpreter ends.
os._exit(0)
"""
_FRAME = '{"total": total, "undated": undated, "first": first, "last": last, "regions": regions}'


def snippets(page: str, language: str = "python") -> dict[str, str]:
    """The first snippet under each heading of a page."""
    found = {}
    for part in (_DOCS / page).read_text("utf-8").split("\n## ")[1:]:
        for code in re.findall(rf"```{language}\n(.*?)```", part, re.DOTALL)[:1]:
            found[part.split("\n", 1)[0]] = code
    return found


def _five() -> Iterator[str]:
    text = (_DOCS / "tools-sql.md").read_text("utf-8")
    block = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)[0]
    return (sql.strip() for sql in block.split(";") if sql.strip())


FIVE: Sequence[str] = tuple(_five())
"""The questions that every engine answers the same."""

ONE_DAY = 3
"""Which of them is about one day."""


def asked(code: str, questions: Sequence[str], given: Mapping[str, str]) -> Any:
    """What the `ask` that a snippet ends with says to each question: lists of rows."""
    return told_by(code, f"[ask(sql) for sql in {list(questions)!r}]", given)


def frame(code: str, given: Mapping[str, str]) -> Any:
    """What a snippet about data frames has computed, by name."""
    return told_by(code, _FRAME if "roots" not in code else f'{_FRAME} | {{"roots": roots}}', given)


def one_day(code: str, given: Mapping[str, str]) -> Any:
    """What it computes of one day, when nothing else is asked."""
    imports, opened, _, day = code.split("\n\n")[:4]
    if "def " in code or "regions" not in day:
        raise AssertionError("the fourth paragraph of a snippet is about one day")
    if "pl.scan" not in opened and "read_parquet" in opened.split("(")[0]:
        raise AssertionError("the second paragraph opens, and reads nothing")
    return told_by("\n\n".join((imports, opened, day)), "regions", given)


def told_by(code: str, told: str, given: Mapping[str, str]) -> Any:
    """What the expression `told` is after `code`, by the interpreter of the tools."""
    for module in sorted(_modules(code) - _installed(tuple(sorted(_modules(code))))):
        pytest.skip(f"{module} is not installed: make .venv/.tools")
    head = "from datetime import UTC, datetime\nas_of = datetime(2026, 3, 4, 12, tzinfo=UTC)\n"
    head += "".join(f"{name} = {value!r}\n" for name, value in given.items())
    done = subprocess.run(
        [PYTHON, "-c", head + code + _END.replace("{told}", told)],
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore", "PYSPARK_PYTHON": PYTHON},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.rsplit(_TOLD, 1)[1])


@cache
def _installed(modules: tuple[str, ...]) -> set[str]:
    """Which of the modules the interpreter of the tools finds."""
    look = (
        "import sys; from importlib.util import find_spec;"
        " print(*[name for name in sys.argv[1:] if find_spec(name)])"
    )
    done = subprocess.run(
        [PYTHON, "-c", look, *modules], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def _modules(code: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found
