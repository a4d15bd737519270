"""The local Kafka: what its own tools have to take."""

from __future__ import annotations

from pathlib import Path

import local_kafka
import pytest


def test_no_cluster_id_looks_like_an_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One in 64 would begin with a dash, and the storage tool would refuse it."""
    monkeypatch.setattr(local_kafka, "java", lambda: "java")
    monkeypatch.setattr(local_kafka, "classpath", lambda _: "jars")
    ids = {local_kafka.KafkaCluster(tmp_path / str(n))._cluster_id() for n in range(500)}
    assert len(ids) == 500
    assert not [found for found in ids if found.startswith("-")]
