"""A name means one thing: classes and files are not called alike where they are not alike."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1] / "pipeline"

TWICE_ON_PURPOSE = {
    "__init__.py": "every package has one",
    "stages.py": "the versions of parsing, of enrichment, and the ids that follow from both",
}
"""Files that mean the same thing in each room that has one. Modules of `cli/` are not asked: each
is called as the module whose command it is."""


def modules() -> list[Path]:
    found = sorted(ROOT.rglob("*.py"))
    assert len(found) > 100
    return found


def test_no_two_modules_define_a_class_of_one_name() -> None:
    """Not even in rooms that do not know each other: who searches for a class finds one."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for module in modules():
        for node in ast.parse(module.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(module.relative_to(ROOT)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_no_two_modules_have_one_name() -> None:
    """But those that mean the same, each with its reason."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for module in modules():
        if module.parent.name != "cli":
            places[module.name].append(str(module.relative_to(ROOT)))
    twice = {name: where for name, where in places.items() if len(where) > 1}
    assert sorted(twice.keys() - TWICE_ON_PURPOSE.keys()) == []
    assert sorted(TWICE_ON_PURPOSE.keys() - twice.keys()) == [], "a reason that nothing needs"
