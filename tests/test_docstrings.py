"""Docstrings begin with what the thing does, in sentences."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1] / "pipeline"
NO_VERBS = frozenset(
    (
        *("a", "all", "an", "any", "as", "at", "both", "by", "each", "every", "for", "from", "how"),
        *("in", "it", "its", "no", "of", "on", "one", "that", "the", "these", "this", "those"),
        *("to", "up", "what", "when", "where", "whether", "which", "who", "whom", "whose", "why"),
        *("with", "without"),
    )
)
"""Words that a noun clause or a riddle begins with, and no plain sentence of what is done."""


def described(body: list[ast.stmt], name: str = "") -> Iterator[tuple[str, ast.AST, str]]:
    """Name, node and docstring of each class and function, private ones too; some lack one."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            dotted = f"{name}{node.name}"
            yield dotted, node, ast.get_docstring(node) or ""
            yield from described(node.body, f"{dotted}.")


def is_property(node: ast.AST) -> bool:
    """A property reads as an attribute, and so does its docstring."""
    decorators = getattr(node, "decorator_list", [])
    return any("property" in ast.unparse(decorator) for decorator in decorators)


@cache
def docstrings() -> list[tuple[str, bool, str]]:
    """Where each stands, whether it is that of a class or a property, and its text."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        for name, node, text in described(ast.parse(path.read_text("utf-8")).body):
            if text:
                is_thing = isinstance(node, ast.ClassDef) or is_property(node)
                found.append((f"{path.relative_to(ROOT)}:{name}", is_thing, text))
    assert len(found) > 2000
    return found


def test_a_function_begins_with_what_it_does() -> None:
    """With a verb, so not with an article, a question word or what it gives."""
    wrong = [
        f"{where}: {text.splitlines()[0]}"
        for where, is_thing, text in docstrings()
        if not is_thing and (re.split(r"\W", text, maxsplit=1)[0].lower() in NO_VERBS | {""})
    ]
    assert wrong == []


def test_a_docstring_is_made_of_sentences() -> None:
    """Each begins with a capital, or a name in quotes or code, and its first paragraph ends."""
    wrong = [
        f"{where}: {text.splitlines()[0]}"
        for where, _, text in docstrings()
        if not re.match(r"[A-Z`\"(]", text)
        or not re.search(r"[.:?!…)`]$", text.split("\n\n", maxsplit=1)[0].rstrip())
    ]
    assert wrong == []
