"""A job spread over machines: who reads which group of partitions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import load
from pipeline.errors import ConfigError
from pipeline.supervise import groups_by_worker


@given(
    groups=st.none() | st.integers(1, 40),
    workers=st.integers(1, 5),
    shards=st.integers(1, 7),
)
def test_each_group_has_one_reader(groups: int | None, workers: int, shards: int) -> None:
    """Over all shards every group is read once, and no worker stands idle."""
    read: list[int] = []
    for shard in range(shards):
        job = {"groups": groups, "workers": workers, "shards": shards, "shard": shard}
        settings = load(None, {"job": job})
        mine = groups_by_worker(settings)
        assert len(mine) == workers
        assert all(mine)
        read += [group for worker in mine for group in worker]
    assert sorted(read) == list(range(settings.groups))


def test_a_shard_reads_the_groups_of_its_remainder(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the StatefulSet sets it, in the environment: pod 1 of 3."""
    monkeypatch.setenv("DATELINE_JOB__SHARDS", "3")
    monkeypatch.setenv("DATELINE_JOB__SHARD", "1")
    assert groups_by_worker(load(None, {"job": {"groups": 12, "workers": 2}})) == [[1, 7], [4, 10]]


def test_a_shard_beyond_the_last_is_refused() -> None:
    """More pods than `job.shards`: the last one says so, and reads nothing."""
    with pytest.raises(ConfigError, match="shard 3 of 3"):
        load(None, {"job": {"shards": 3, "shard": 3}})
