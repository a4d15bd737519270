"""Every test here is of a fault, with a reader beside it; at the end the table of results is told.

A test that puts a broken file into the lake itself is marked `breaks_files`: it is judged without
the reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.fs as pafs
import pytest
from local_kafka import KafkaCluster

from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.topic_admin import create_topics
from tests.support.faults import LONG, PAGE, page_of, record_opened, recorded, table_of
from tests.support.kafka import APACHE_KAFKA
from tests.support.watch import GlobReader

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture(params=["embedded broker", APACHE_KAFKA])
def either_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Each of the two: its name and its address. It has a topic `wire` of three partitions."""
    if request.param == "embedded broker":
        with EmbeddedBroker(topics={"wire": 3}) as broker:
            yield request.param, broker.bootstrap_servers
    else:
        with KafkaCluster(tmp_path / "kafka") as cluster:
            servers = ",".join(cluster.bootstrap_servers)
            create_topics(servers, {"wire": 3}, timeout_s=60)
            yield request.param, servers


@pytest.fixture
def lean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that do not enrich, in the short form: for faults of Kafka, which are before that."""
    if not LONG:
        monkeypatch.setenv("DATELINE_ENRICH__MODE", "none")


@pytest.fixture(autouse=True)
def glob_reader(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """At every moment of the test the data files of any lake in `tmp_path` open."""
    if request.node.get_closest_marker("breaks_files"):
        yield
        return
    with GlobReader(pafs.LocalFileSystem(), str(tmp_path)) as reader:
        yield
    assert not reader.failures
    record_opened(reader.opened)


def pytest_sessionfinish() -> None:
    if PAGE and (faults := recorded()):
        page = Path(PAGE)
        before = page.read_text("utf-8") if page.is_file() else ""
        page.write_text(page_of(faults, datetime.now(UTC), before), "utf-8")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if faults := recorded():
        terminalreporter.section("faults")
        terminalreporter.write_line(table_of(faults))
