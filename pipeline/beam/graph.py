"""The graph: tick → groups → read → parse → enrich → write.

From `read` on an element is a batch, and those four steps fuse: nothing is shuffled after reading,
so that order, back-pressure and commit stay with the group.
"""

from __future__ import annotations

from collections.abc import Sequence

import apache_beam as beam

from pipeline.beam.steps.enrich import Enrich
from pipeline.beam.steps.groups import Groups
from pipeline.beam.steps.parse import Parse
from pipeline.beam.steps.read import Read
from pipeline.beam.steps.write import Write
from pipeline.config import Settings


def streaming(
    root: beam.Pipeline, ticks: beam.PTransform, groups: Sequence[int], settings: Settings
) -> beam.PCollection:
    """The job over Kafka: at every beat each of `groups` is read once."""
    beats = root | "tick" >> ticks
    return _from_read(beats | "groups" >> Groups(groups), settings)


def replay(root: beam.Pipeline, paths: Sequence[str], settings: Settings) -> beam.PCollection:
    """The same four steps over archives: each path is read to its end."""
    archives = root | "archives" >> beam.Create(list(paths), reshuffle=False)
    return _from_read(archives, settings)


def _from_read(ticks: beam.PCollection, settings: Settings) -> beam.PCollection:
    return (
        ticks
        | "read" >> Read(settings)
        | "parse" >> Parse(settings)
        | "enrich" >> Enrich(settings)
        | "write" >> Write(settings)
    )
