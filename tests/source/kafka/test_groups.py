"""Names of sources and groups of partitions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.source.kafka.groups import Partition, group_of, parse_source

TOPICS = st.from_regex(r"[A-Za-z0-9._-]{1,40}", fullmatch=True)


@given(TOPICS, TOPICS, TOPICS, st.integers(0, 10**6))
def test_a_source_names_its_partition(cluster: str, topic: str, topic_id: str, n: int) -> None:
    """Writing and reading a source's name are inverse."""
    partition = Partition(cluster, topic, topic_id, n)
    assert parse_source(partition.source) == partition


def test_other_sources_name_no_partition() -> None:
    """An archive is not a partition."""
    assert parse_source("archive/0123456789abcdef") is None


@given(TOPICS, st.integers(1, 12))
def test_neighbours_spread_over_all_groups(topic_id: str, groups: int) -> None:
    """As many neighbouring partitions as groups fill every group once."""
    found = [group_of(Partition("c", "t", topic_id, n), groups) for n in range(groups)]
    assert sorted(found) == list(range(groups))


def test_groups_are_the_same_in_every_process() -> None:
    """The arithmetic is CRC-32, not a hash that differs from process to process."""
    assert group_of(Partition("c", "t", "123456789", 0), 1000) == 0xCBF43926 % 1000
    assert group_of(Partition("c", "123456789", "-", 2), 1000) == (0xCBF43926 + 2) % 1000
