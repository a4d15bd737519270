"""One embedded broker for all tests of a run that need one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.source.broker.embedded import EmbeddedBroker


@pytest.fixture(scope="session")
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as running:
        yield running
