"""Every liberty says what it was tried on; no library's private parts are touched elsewhere."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TypeGuard

import pytest

from tests.deploy.files import ROOT

COMPAT = ROOT / "pipeline" / "compat"
MODULES = sorted(p.stem for p in COMPAT.glob("*.py") if p.stem not in {"__init__", "liberty"})
OWN = ("pipeline", "schemas")
DOCUMENTED = {
    "os._exit",
    "etree._Element",  # lxml's name for the type, in annotations
}
"""What is public in spite of its name."""


@pytest.mark.parametrize("name", MODULES)
def test_a_liberty_was_tried_on_what_is_installed(name: str) -> None:
    """A new version is to be tried first."""
    liberty = importlib.import_module(f"pipeline.compat.{name}").LIBERTY
    assert liberty.version == version(liberty.library)
    assert liberty.why


def test_private_parts_of_libraries_are_touched_in_compat_alone() -> None:
    """Neither read nor imported, and no attribute of a library's is set elsewhere."""
    paths = [p for p in (ROOT / "pipeline").rglob("*.py") if COMPAT not in p.parents]
    assert len(paths) > 200
    assert {str(p.relative_to(ROOT)): found for p in paths if (found := liberties(p))} == {}


def test_liberties_are_found() -> None:
    """The test above would see those that `compat` takes by private names or patches."""
    for name in ("kafka_batches", "kafka_positions", "delta_uploads", "thinc_embedding"):
        assert liberties(COMPAT / f"{name}.py"), name


def liberties(path: Path) -> list[str]:
    """Private names of other objects that a module reads, imports or sets, with their lines."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    own |= {node.attr for node in nodes if is_own_attribute(node)}
    foreign = set(foreign_names(nodes))
    found = []
    for node in nodes:
        match node:
            case ast.Attribute(attr=name, value=ast.Name(id=of)) if is_private(name):
                if of not in {"self", "cls"} and f"{of}.{name}" not in DOCUMENTED:
                    found.append(f"{node.lineno}: {of}.{name}")
            case ast.Attribute(attr=name) if is_private(name) and name not in own:
                found.append(f"{node.lineno}: {name}")
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] not in OWN:
                parts = [*module.split("."), *(alias.name for alias in node.names)]
                found += [f"{node.lineno}: {name}" for name in parts if is_private(name)]
            case ast.Import():
                parts = [part for alias in node.names for part in alias.name.split(".")]
                found += [f"{node.lineno}: {name}" for name in parts if is_private(name)]
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            base = node.value
            while isinstance(base, ast.Attribute):
                base = base.value
            if isinstance(base, ast.Name) and base.id in foreign:
                found.append(f"{node.lineno}: sets {base.id}.{node.attr}")
    return found


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_"


def is_own_attribute(node: ast.AST) -> TypeGuard[ast.Attribute]:
    """Whether it is an attribute of `self`, as a module's own private ones are."""
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in {"self", "cls"}
    )


def foreign_names(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """What a module imports of libraries, by the name that it has there."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] not in OWN:
                    yield alias.asname or alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] not in OWN:
            for alias in node.names:
                yield alias.asname or alias.name
