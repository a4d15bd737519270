"""The job with a dead-letter topic."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import BrokerError
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from pipeline.source.kafka.topic_admin import create_topics
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from tests.integration.test_stream import run_to_end
from tests.support.job import running
from tests.support.kafka import everything
from tests.support.wire import copy

pytestmark = pytest.mark.engine


@pytest.mark.long
def test_every_failure_in_the_lake_is_a_dead_letter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its offset and bytes; a job that runs again sends nothing more."""
    monkeypatch.setenv("DATELINE_KAFKA__DEAD_LETTER_TOPIC", "letters")
    lake = tmp_path / "lake"
    with EmbeddedBroker(topics={"wire": 2, "letters": 1}) as broker:
        publish(copy(0, 100), bootstrap_servers=broker.bootstrap_servers, topic="wire")
        for _ in range(2):
            run_to_end(broker, lake, tmp_path / "log")
        sent = everything([broker.bootstrap_servers], "letters")
        letters = [(letter.value, dict(letter.headers)) for letter in sent]
    rejects = Lake(str(lake)).dataset("rejects").to_table().to_pylist()
    failures = {
        (row["source"], row["offset"], row["item"])
        for row in rejects
        if not row["kind"].startswith("skipped.")
    }
    told = [
        (
            headers["dateline.source"].decode(),
            int(headers["__connect.errors.offset"]),
            int(headers["dateline.item"]),
        )
        for _, headers in letters
    ]
    assert failures
    assert sorted(told) == sorted(failures)
    assert all(value for value, _ in letters)


@pytest.mark.long
def test_a_mirror_that_is_not_there_stops_the_job_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 10; once the topic is made, the failures of the batch that stopped are told."""
    monkeypatch.setenv("DATELINE_KAFKA__DEAD_LETTER_TOPIC", "letters")
    lake, log = tmp_path / "lake", tmp_path / "log"
    with EmbeddedBroker(topics={"wire": 1}) as broker:
        publish(copy(0, 40), bootstrap_servers=broker.bootstrap_servers, topic="wire")
        with running(broker.bootstrap_servers, lake, log, "--until-caught-up") as job:
            assert job.wait(300) == BrokerError.exit_code
        assert "letters" in log.read_text()
        create_topics(broker.bootstrap_servers, {"letters": 1})
        run_to_end(broker, lake, log)
        letters = everything([broker.bootstrap_servers], "letters")
        told = {int(dict(letter.headers)["__connect.errors.offset"]) for letter in letters}
    rejects = Lake(str(lake)).dataset("rejects").to_table(["offset", "kind"]).to_pylist()
    assert told == {r["offset"] for r in rejects if not r["kind"].startswith("skipped.")}
    report = check(str(lake))
    assert report.ok, report.findings
