"""Fixtures: an embedded broker, the development data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.source.broker import EmbeddedBroker

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    """A broker with an empty topic `wire` of three partitions."""
    with EmbeddedBroker(topics={"wire": 3}) as running:
        yield running


@pytest.fixture
def reuters() -> list[Path]:
    """The ten files of Reuters-21578."""
    files = sorted((DATA / "reuters21578").glob("*.sgm.gz"))
    if not files:
        pytest.skip("the development data is not here (../shared/data/reuters21578)")
    return files
