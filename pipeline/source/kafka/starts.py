"""Where a source begins, and goes on: its start, and offsets that the broker cannot give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pipeline.errors import CorruptBatchError, OffsetExpiredError
from pipeline.model import Reject
from pipeline.source.kafka.client import Client, Unreadable
from pipeline.source.kafka.groups import Partition
from pipeline.source.kafka.options import LakeEnds, StartSources


def start_topic(
    client: Client,
    partitions: Sequence[Partition],
    start: Literal["earliest", "latest"],
    lake_ends: LakeEnds,
    start_sources: StartSources,
) -> None:
    """Commit the start of each of a topic's `partitions` that the lake does not know.

    Once per partition, ever: no restart resolves a start again, so that what arrives between a
    crash and the restart is not passed over under `latest`.
    """
    sources = [p.source for p in partitions]
    if set(lake_ends(sources)) >= set(sources):
        return
    earliest = client.offsets(partitions, "earliest")
    first = earliest if start == "earliest" else client.offsets(partitions, "latest")
    start_sources(
        {p.source: first[p] for p in partitions}, {p.source: earliest[p] for p in partitions}
    )


def expired(
    partition: Partition,
    position: int,
    earliest: int,
    committed: int,
    on_expired: Literal["stop", "skip"],
) -> Reject:
    """Return the account of `[position, earliest)`, which the broker dropped before it was read.

    Raises `OffsetExpiredError` when that is to stop the job.
    """
    facts = {
        "topic": partition.topic,
        "partition": partition.number,
        "committed": committed,
        "position": position,
        "earliest": earliest,
    }
    if on_expired == "stop":
        raise OffsetExpiredError(
            "the broker no longer has the records after the lake's committed end", **facts
        )
    message = (
        f"offsets {position} to {earliest - 1} of partition {partition.number} of "
        f"{partition.topic} were no longer on the broker"
    )
    return Reject(
        partition.source, position, 0, "skipped.expired", "read", message, end_offset=earliest
    )


def unreadable(found: Unreadable, start: int, end: int) -> Reject:
    """Return the account of `[start, end)`: a batch that cannot be decoded, and those before it."""
    message = (
        f"offsets {start} to {end - 1} of partition {found.partition.number} of "
        f"{found.partition.topic} cannot be decoded: {found.reason}"
    )
    return Reject(
        found.partition.source, start, 0, "skipped.corrupt", "read", message, end_offset=end
    )


def corrupt(found: Unreadable, end: int) -> CorruptBatchError:
    """Return the error for a batch that cannot be decoded, where that is to stop the job."""
    return CorruptBatchError(
        "a batch on the broker cannot be decoded",
        topic=found.partition.topic,
        partition=found.partition.number,
        offset=found.offset,
        next_offset=end,
        reason=found.reason,
    )


def truncated_log(
    client: Client, partition: Partition, position: int, committed: int, epoch: int | None
) -> OffsetExpiredError:
    """Return the error for a log that no longer is the one that was read up to `position`.

    It was cut below it (an unclean leader election, a restored disk): what is in the lake can no
    longer be told from what takes its offsets. `epoch` is the lake's.
    """
    return OffsetExpiredError(
        "the broker's log was cut below what was read of it",
        topic=partition.topic,
        partition=partition.number,
        committed=committed,
        committed_epoch=epoch,
        position=position,
        broker_end=client.offsets([partition], "latest")[partition],
        broker_epoch=client.leader_epoch(partition),
    )
