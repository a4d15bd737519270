"""Pages and docstrings point to what is there: files, folders, modules, sections."""

from __future__ import annotations

import re
from importlib import import_module
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


TOPS = ("pipeline", "tests", "docs", "deploy", "schemas", "bench", "training", ".github")
NOT_OURS = {
    "views.sql": "a lake's",
    "_columns.json": "a lake's",
    "current.json": "a lake's of before",
    "events/DAY.txt": "an export's",
    "protocols/http/h11_impl.py": "uvicorn's",
    "spark.sql": "Spark's method",
    "kafka-leader-election.sh": "Kafka's",
    "dist/htmx.min.js": "its package's",
    "dist/ext/hx-sse.min.js": "its package's",
}
"""Names that read as a path and lead out of the repository, each with whose it is."""
_FILE = re.compile(
    r"`([\w*][\w./-]*\.(?:py|tsv|toml|sql|md|json|ya?ml|j2|css|js|ipynb|sh|lock|in|txt|npz))`"
)
_TARGET = re.compile(r"`make ([\w./-]+)`|^\s*(?:\$ )?make ([a-z][\w-]+)", re.MULTILINE)
_FOR_ANY = re.compile(r"\b(?:NAME|CODE|TABLE|DAY)\b")
"""What stands in recipes and pages for the reader's own name."""


def texts() -> dict[Path, str]:
    """Everything that people read: code, pages, data with its heads, files of deployment."""
    kinds = {".py", ".md", ".sql", ".tsv", ".toml", ".yaml", ".yml", ".j2", ".ipynb", ""}
    found = [*ROOT.glob("*.toml"), *PAGES, ROOT / "Makefile", ROOT / ".ci" / "run"]
    for top in TOPS:
        for path in sorted((ROOT / top).rglob("*")):
            inputs = "golden" in path.parts or "samples" in path.parts
            if path.is_file() and path.suffix in kinds and not inputs:
                found.append(path)
    return {path: path.read_text("utf-8", errors="replace") for path in found}


def ends_of_paths() -> set[str]:
    """Each file by all that its path may be shortened to: `store/commit/write.py`, `write.py`."""
    files = [
        path.relative_to(ROOT).parts
        for top in TOPS
        for path in (ROOT / top).rglob("*")
        if "__pycache__" not in path.parts
    ]
    files += [(path.name,) for path in ROOT.iterdir()]
    return {"/".join(parts[at:]) for parts in files for at in range(len(parts))}


def ids(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def anchors(page: Path) -> set[str]:
    """The sections of a page, as links name them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    plain = [re.sub(r"[^\w\s-]", "", title.lower()) for title in titles]
    return {re.sub(r"\s", "-", title.strip()) for title in plain}


def is_module(dotted: str) -> bool:
    """Whether it is a module, or a name that one has."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        name = ".".join(parts[:end])
        try:
            spec = find_spec(name)
        except ModuleNotFoundError:
            continue
        if spec is not None:
            held: object = import_module(name) if end < len(parts) else None
            for part in parts[end:]:
                if not hasattr(held, part) and part not in getattr(held, "__annotations__", {}):
                    return False
                held = getattr(held, part, None)
            return True
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


def test_every_file_that_is_named_is_there() -> None:
    """In code, pages, data and deployment alike: by its path, or as much of its end as is said."""
    there, wrong, out = ends_of_paths(), [], set()
    for source, text in texts().items():
        for name in _FILE.findall(text):
            if name in NOT_OURS:
                out.add(name)
            elif name not in there and not _FOR_ANY.search(name) and not is_module(name):
                wrong.append(f"{source.relative_to(ROOT)}: {name}")
    assert wrong == []
    assert sorted(NOT_OURS.keys() - out) == [], "a reason that nothing needs"


def test_every_target_of_make_that_is_named_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("$(VENV)", ".venv")
    targets = {
        name
        for line in re.findall(r"^([\w.%/ -]+):(?!=)", makefile, re.MULTILINE)
        for name in line.split()
    }
    wrong = [
        f"{source.relative_to(ROOT)}: make {name}"
        for source, text in texts().items()
        for name in (quoted or alone for quoted, alone in _TARGET.findall(text))
        if name not in targets
    ]
    assert wrong == []


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
