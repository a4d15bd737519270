"""The graph: tick → groups → read → parse → enrich → write.

From `read` on an element is a batch, and those four steps fuse: nothing is shuffled after reading,
so that order, back-pressure and commit stay with the group.
"""

from __future__ import annotations

from collections.abc import Sequence

import apache_beam as beam

from pipeline.beam.steps.call import Enrich, Parse, Read, Write
from pipeline.beam.steps.due import ReadDue
from pipeline.beam.steps.list_groups import Groups
from pipeline.beam.steps.spread import Spread
from pipeline.config import Settings
from pipeline.replay import Replay
from pipeline.work import Tick


def streaming(
    root: beam.Pipeline, ticks: beam.PTransform, groups: Sequence[int], settings: Settings
) -> beam.PCollection:
    """Return the job over Kafka: at every beat each of `groups` is read once."""
    beats = root | "tick" >> ticks
    return _from_read(beats | "groups" >> Groups(groups), settings)


def replay(root: beam.Pipeline, ticks: Sequence[Replay], settings: Settings) -> beam.PCollection:
    """Return the same four steps over what has an end: each tick reads a share of it."""
    # One by one in the order given, as every worker of a replay does: see `pipeline.replay`.
    shares = root | "shares" >> beam.Create(list(ticks), reshuffle=False)
    return _from_read(shares, settings)


def on_flink(
    root: beam.Pipeline,
    beats: beam.PTransform,
    ticks: Sequence[Sequence[Tick]],
    settings: Settings,
    max_parallelism: int,
) -> beam.PCollection:
    """Return the same four steps on Flink: at every beat what is due of each list of ticks.

    Each list is read in one subtask, in its order; the lists are spread evenly.
    """
    spread = Spread(range(len(ticks)), settings.flink.parallelism, max_parallelism)
    due = root | "tick" >> beats | "groups" >> spread
    return _from_batches(due | "read" >> ReadDue(settings, ticks), settings)


def _from_read(ticks: beam.PCollection, settings: Settings) -> beam.PCollection:
    return _from_batches(ticks | "read" >> Read(settings), settings)


def _from_batches(batches: beam.PCollection, settings: Settings) -> beam.PCollection:
    return (
        batches
        | "parse" >> Parse(settings)
        | "enrich" >> Enrich(settings)
        | "write" >> Write(settings)
    )
