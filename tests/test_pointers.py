"""Pages and docstrings point to what is there: files, folders, modules, sections."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/*.md"))
    if page.name != "CHANGELOG.md"
)
SOURCES = sorted((*ROOT.glob("pipeline/**/*.py"), *ROOT.glob("bench/*.py")))
_LINK = re.compile(r"\]\(([^)#\s]*)(#[\w-]+)?\)")
_PATH = re.compile(r"`((?:pipeline|tests|docs|deploy|schemas|bench)/[\w./-]*[\w/])`")
_MODULE = re.compile(r"`(pipeline(?:\.[a-z_0-9]+)+)[.`]?")
_PAGE = re.compile(r"\b(?:docs/[\w/-]+|ARCHITECTURE|SECURITY|README|DESIGN|CONTRIBUTING)\.md\b")


def ids(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def anchors(page: Path) -> set[str]:
    """The sections of a page, as links name them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    plain = [re.sub(r"[^\w\s-]", "", title.lower()) for title in titles]
    return {re.sub(r"\s", "-", title.strip()) for title in plain}


def is_module(dotted: str) -> bool:
    """Whether it is a module, or a name within one."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        try:
            spec = find_spec(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        if spec is not None:
            # A name within a module may be anything; within a package it has to be a module.
            is_package = spec.submodule_search_locations is not None
            return end == len(parts) or not is_package or end == len(parts) - 1
    return False


@pytest.mark.parametrize("page", PAGES, ids=ids(PAGES))
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    """To a file or folder that is there, and to a section that the page has."""
    for target, anchor in _LINK.findall(page.read_text("utf-8")):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        there = page if not target else (page.parent / target)
        assert there.exists(), f"{page.name}: {target}"
        if anchor and there.suffix == ".md":
            assert anchor[1:] in anchors(there), f"{page.name}: {target}{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=ids(PAGES))
def test_the_paths_and_modules_of_a_page_are_there(page: Path) -> None:
    text = page.read_text("utf-8")
    for path in _PATH.findall(text):
        if "NAME" not in path and "CODE" not in path and "TABLE" not in path:
            assert (ROOT / path).exists(), f"{page.name}: {path}"
    for module in _MODULE.findall(text):
        assert is_module(module), f"{page.name}: {module}"


def test_the_pointers_of_the_code_are_there() -> None:
    """Modules that docstrings and comments name, and the pages that they refer to."""
    wrong = []
    for source in SOURCES:
        text = source.read_text("utf-8")
        wrong += [f"{source.name}: {m}" for m in _MODULE.findall(text) if not is_module(m)]
        wrong += [f"{source.name}: {p}" for p in _PAGE.findall(text) if not (ROOT / p).exists()]
    assert not wrong


def test_no_page_speaks_of_what_the_repository_has_not() -> None:
    """The development data is found by a setting."""
    for page in PAGES:
        assert "../shared" not in page.read_text("utf-8"), page.name


def test_the_map_names_every_room() -> None:
    """One line a package of `pipeline/`, and none for what is not there."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    rooms = re.findall(r"^\| `(pipeline/[\w/]*)` \|", text, re.MULTILINE)
    folders = [
        str(init.parent.relative_to(ROOT)) + "/" for init in ROOT.glob("pipeline/**/__init__.py")
    ]
    assert sorted(rooms) == sorted(folders)


def test_the_index_names_every_page_once() -> None:
    """The shelves of docs/README.md."""
    index = ROOT / "docs" / "README.md"
    named = [target for target, _ in _LINK.findall(index.read_text("utf-8"))]
    found = (page for kind in ("*.md", "*.ipynb") for page in index.parent.glob(kind))
    pages = {page.name for page in found} - {"README.md"}
    assert sorted(name for name in named if not name.startswith("../")) == sorted(pages)
