"""Every liberty says what it was tried on; Kafka is touched by its private parts nowhere else."""

from __future__ import annotations

import importlib
import re
from importlib.metadata import version

import pytest

from tests.deploy.files import ROOT

COMPAT = ROOT / "pipeline" / "compat"
MODULES = sorted(p.stem for p in COMPAT.glob("*.py") if p.stem not in {"__init__", "liberty"})
PRIVATE = re.compile(r"(?<![\w.])(?!self\b|cls\b|os\b)\w+\._[a-z]\w*")


@pytest.mark.parametrize("name", MODULES)
def test_a_liberty_was_tried_on_what_is_installed(name: str) -> None:
    """A new version is to be tried first."""
    liberty = importlib.import_module(f"pipeline.compat.{name}").LIBERTY
    assert liberty.version == version(liberty.library)
    assert liberty.why


def test_kafka_is_touched_by_its_public_parts_elsewhere() -> None:
    """All that the readers and writers of Kafka take goes by `compat`."""
    for path in (ROOT / "pipeline" / "source").rglob("*.py"):
        assert PRIVATE.findall(path.read_text("utf-8")) == [], path
