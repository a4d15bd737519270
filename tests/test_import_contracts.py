"""The contracts on imports name every room and module that they are about."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from pipeline.enrich.languages.rooms import LANGUAGES
from tests.deploy.files import ROOT

CONTRACTS: dict[str, dict[str, Any]] = {
    contract["name"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
}


def modules(folder: str) -> set[str]:
    """The modules and packages right below a package, by their dotted names."""
    found = (ROOT / folder.replace(".", "/")).iterdir()
    return {
        f"{folder}.{entry.stem}"
        for entry in found
        if entry.stem not in ("__init__", "__main__", "__pycache__", "py")
        and (entry.suffix == ".py" or (entry.is_dir() and (entry / "__init__.py").exists()))
    }


def test_every_format_is_held_apart() -> None:
    """A new one joins the list: else nothing keeps it from knowing the others."""
    named = set(CONTRACTS["Formats do not know each other"]["modules"])
    assert named == modules("pipeline.parse.formats")


def test_every_language_is_held_apart() -> None:
    """English too."""
    named = set(CONTRACTS["Languages do not know each other"]["modules"])
    assert named == {f"pipeline.enrich.languages.{code}" for code in LANGUAGES}


def test_nothing_outside_asks_for_a_language() -> None:
    """Its room says what it has."""
    asked = re.compile(rf"[=!]= [\"'](?:{'|'.join(LANGUAGES)})[\"']")
    outside = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "pipeline").rglob("*.py")
        if asked.search(path.read_text("utf-8"))
    ]
    assert outside == []


def test_every_room_of_the_store_is_named() -> None:
    layers = CONTRACTS["Within the store, imports point downward"]["layers"]
    listed = {part.strip() for layer in layers for part in layer.split("|")}
    rooms = {f"pipeline.store.{init.parent.name}" for init in ROOT.glob("pipeline/store/*/*.py")}
    assert rooms == listed


@pytest.mark.parametrize("name", ["Imports point downward", "Beam only in pipeline.beam"])
def test_every_room_is_named(name: str) -> None:
    """A room that no layer names could import anything; one that may not know Beam would."""
    contract = CONTRACTS[name]
    listed = contract.get("source_modules") or [
        part.strip() for layer in contract["layers"] for part in layer.split("|")
    ]
    rooms = modules("pipeline") - ({"pipeline.beam"} if "source_modules" in contract else set())
    assert rooms - set(listed) == set()
