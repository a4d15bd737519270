"""From a beat to the groups that are read at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apache_beam as beam

from pipeline.work import PartitionGroup


class Groups(beam.PTransform):  # type: ignore[misc]
    """Any beat → the `PartitionGroup` of each number of `groups`, each once a beat."""

    def __init__(self, groups: Sequence[int]) -> None:
        super().__init__()
        self._groups = tuple(map(PartitionGroup, groups))

    def expand(self, beats: beam.PCollection) -> beam.PCollection:
        """Apply the step."""
        return beats | "each" >> beam.FlatMap(_each, self._groups).with_output_types(Any)


def _each(beat: Any, groups: tuple[PartitionGroup, ...]) -> tuple[PartitionGroup, ...]:  # noqa: ARG001 (the beat only says when)
    return groups
