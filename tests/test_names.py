"""A name means one thing: classes and files are not called alike where they are not alike."""

from __future__ import annotations

import ast
import re
import tokenize
from collections import Counter, defaultdict
from pathlib import Path
from token import NAME
from types import UnionType

import pytest

ROOT = Path(__file__).resolve().parents[1] / "pipeline"

TWICE_ON_PURPOSE = {
    "__init__.py": "every package has one",
    "stages.py": "the versions of parsing, of enrichment, and the ids that follow from both",
}
"""Files that mean the same thing in each room that has one. Modules of `cli/` are not asked: each
is called as the module whose command it is."""

ALIKE = {
    "alone": "a document that holds one of its items alone: in XML, in JSON",
    "codes_of": "of a story in NewsML 1 and in NewsML-G2",
    "content_hash": "of a story, and of the draft that becomes it",
    "main": "where a process of its own begins",
    "members": "the records of an archive's members: of tar, of zip",
    "moment": "a time that a text gives, and the same with a warning where it gives none",
    "page": "the page that the module is named after",
    "provider_of": "of a story in NewsML 1 and in NewsML-G2",
    "read_item": "one item of a format",
    "relations_of": "of a story in NewsML 1 and in NewsML-G2",
    "rows": "the cells of a shipped table's rows: of any, and of the lists of names",
    "scores": "the figures of one evaluation",
    "story_of": "the story that an article, a document, a sentence or a row is",
    "world_map": "the map of the world: the chart, and the live page that shows it",
}
"""Functions that mean the same wherever they are. Those of `cli/` are commands, and not asked."""

ROOMS_OF = {
    "told": ("enrich/events", "store/read"),
    "place": ("enrich", "evaluate", "parse", "serve", "show", "store/export", "store/schema"),
}
"""Words of one meaning each, and where things are called by them: what a story says; geography."""

HEADS = {"word", "newsroom", "language and events", "elsewhere called"}
"""What stands over the columns of the glossary's tables."""


def modules() -> list[Path]:
    found = sorted(ROOT.rglob("*.py"))
    assert len(found) > 100
    return found


def test_no_two_modules_define_a_class_of_one_name() -> None:
    """Not even in rooms that do not know each other: who searches for a class finds one."""
    assert defined_twice(ast.ClassDef) == {}


def test_no_two_modules_define_a_function_of_one_name() -> None:
    """But those that mean the same, each with its reason; what a module keeps to itself is free."""
    twice = defined_twice(ast.FunctionDef | ast.AsyncFunctionDef, but="cli")
    twice = {name: where for name, where in twice.items() if not name.startswith("_")}
    assert {name: where for name, where in twice.items() if name not in ALIKE} == {}
    assert sorted(ALIKE.keys() - twice.keys()) == [], "a reason that nothing needs"


def defined_twice(kind: type[ast.stmt] | UnionType, but: str = "") -> dict[str, list[str]]:
    """What several modules define, public and private, and which; those of a room left out."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for module in modules():
        path = module.relative_to(ROOT)
        if path.parts[0] != but:
            for node in ast.parse(module.read_text("utf-8")).body:
                if isinstance(node, kind):
                    places[node.name].append(str(path))
    return {name: where for name, where in places.items() if len(where) > 1}


def test_no_two_modules_have_one_name() -> None:
    """But those that mean the same, each with its reason."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for module in modules():
        if module.parent.name != "cli":
            places[module.name].append(str(module.relative_to(ROOT)))
    twice = {name: where for name, where in places.items() if len(where) > 1}
    assert sorted(twice.keys() - TWICE_ON_PURPOSE.keys()) == []
    assert sorted(TWICE_ON_PURPOSE.keys() - twice.keys()) == [], "a reason that nothing needs"


def test_every_word_of_the_glossary_is_in_use() -> None:
    """In the code or the page of its architecture; each stands in one row, so with one meaning."""
    page = (ROOT.parent / "docs" / "glossary.md").read_text("utf-8")
    rows = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")]
    words = [word.strip() for row in rows for word in row.split(",")]
    words = [word for word in words if word not in HEADS]
    assert len(words) > 40
    assert sorted(word for word, count in Counter(words).items() if count > 1) == []
    pages = [ROOT.parent / "ARCHITECTURE.md", *modules()]
    text = joined("\n".join(page.read_text("utf-8") for page in pages))
    assert [word for word in words if joined(word) not in text] == []


@pytest.mark.parametrize("word", ROOMS_OF)
def test_a_word_of_one_meaning_names_nothing_else(word: str) -> None:
    """Variables, functions, classes and arguments, in the rooms that are about something else."""
    wrong = []
    for module in modules():
        path = str(module.relative_to(ROOT))
        if path in {"model.py", "cli/evaluate.py"} or path.startswith(ROOMS_OF[word]):
            continue
        if word not in module.read_text("utf-8").lower():
            continue  # tokens take a hundred times as long
        with tokenize.open(module) as source:
            names = {t.string for t in tokenize.generate_tokens(source.readline) if t.type == NAME}
        wrong += [f"{path}: {name}" for name in sorted(names) if word in parts_of(name)]
    assert wrong == []


def parts_of(name: str) -> set[str]:
    """The words that a name is made of, without a plural's s."""
    words = re.findall("[a-z]+", re.sub("([a-z])([A-Z])", r"\1_\2", name).lower())
    return {word.removesuffix("s") for word in words}


def joined(text: str) -> str:
    """The text without the spaces and hyphens that tell a name from a phrase."""
    return text.lower().replace("-", "").replace(" ", "")
