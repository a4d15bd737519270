"""Pages that are run: the tutorial's commands and the page for Python users, as a reader would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.deploy.files import ROOT

PAGES = {page.name: page for page in (ROOT / "docs").rglob("*.md")}
pytestmark = [pytest.mark.engine, pytest.mark.long]


def blocks(page: str, language: str) -> list[str]:
    """The code of a page in one language, block by block."""
    text = PAGES[page].read_text("utf-8")
    found = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no {language}"
    return found


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder in which the tutorial was worked through from its top."""
    folder = tmp_path_factory.mktemp("reader")
    command = folder / "bin" / "dateline"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pipeline.cli "$@"\n')
    command.chmod(0o755)
    script = "set -eu\n" + "\n".join(blocks("tutorial.md", "sh"))
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "output").write_text(done.stdout)
    return folder


def test_the_tutorial_works_from_its_top(reader: Path) -> None:
    """Its lakes, its page and its chart are there, and its archive is whole."""
    output = (reader / "output").read_text()
    assert (reader / "story.html").stat().st_size > 2000
    assert "Nothing to do: the lake holds all 2 records already." in output
    assert "adds up" in output
    assert "\u2588" in output, "the chart has bars"


def test_the_python_page_runs(reader: Path) -> None:
    """Its blocks, one after the other, in one program beside the tutorial's lake."""
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks("python.md", "python"))],
        cwd=reader,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "latin-america-and-the-caribbean" in done.stdout


def test_the_names_of_the_python_page_are_there() -> None:
    """Each name of its table can be imported from where it says."""
    rows = re.findall(r"^\| (`[^|]+) \|", PAGES["python.md"].read_text("utf-8"), re.MULTILINE)
    assert len(rows) > 5
    for row in rows:
        first, *others = re.findall(r"`([\w.]+)`", row)
        module, _, name = first.rpartition(".")
        for wanted in (name, *others):
            found = import_module(module)
            assert hasattr(found, wanted) or import_module(f"{module}.{wanted}"), row
