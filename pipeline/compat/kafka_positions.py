"""Positions with their leader epochs, which kafka-python knows and does not hand out."""

from __future__ import annotations

from typing import Any

from kafka.structs import OffsetAndMetadata

from pipeline.compat.liberty import Liberty

LIBERTY = Liberty(
    library="kafka-python",
    version="3.0.12",
    why="`seek` takes no leader epoch, as Java's does (KIP-320), and `position` tells none",
)


def seek_with_epoch(consumer: Any, name: Any, offset: int, leader_epoch: int) -> None:
    """Read on from `offset`, whose predecessor was written under `leader_epoch`."""
    consumer._subscription.assignment[name].seek(OffsetAndMetadata(offset, "", leader_epoch))


def position_of(consumer: Any, name: Any) -> tuple[int, int] | None:
    """Return the position of an assigned partition and the leader epoch before it.

    None before it has one. `KafkaConsumer.position` gives the first after a round over all
    partitions, each time. The epoch is that of the last batch, a transaction's marker too, not that
    of the last record: else a marker by a later leader would look like a log that was cut. It is -1
    where it is not known.
    """
    known = consumer._subscription.assignment[name].position
    return None if known is None else (int(known.offset), int(known.leader_epoch))
