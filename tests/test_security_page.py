"""SECURITY.md: what it names is there, and the linter refuses what it says is refused."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_every_test_that_it_names_exists() -> None:
    named = re.findall(r"`(tests/[^`]+)`", (ROOT / "SECURITY.md").read_text())
    assert len(named) > 10
    assert not [path for path in named if not (ROOT / path).exists()]


@pytest.mark.parametrize("folder", ["cli", "parse/formats", "source/containers", "store", "beam"])
def test_nothing_that_runs_code_of_its_input_is_let_in(folder: str) -> None:
    """Pickles, marshalled code, `eval`, YAML's objects: anywhere in the package."""
    code = """
import marshal, pickle, dill, yaml

def read(data):
    return [pickle.loads(data), dill.loads(data), marshal.loads(data), eval(data), exec(data),
            yaml.load(data)]
"""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ruff", "check", "--output-format", "concise"),
            *("--stdin-filename", str(ROOT / "pipeline" / folder / "strange.py"), "-"),
        ],
        input=code,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    found = re.findall(r": (S\d+)", done.stdout)
    assert sorted(found) == ["S102", "S301", "S301", "S302", "S307", "S506"], done.stdout
