"""What Beam's Flink runner takes and its Python side does not offer.

Its Java side knows options that Python has no class for; and its source of beats keeps its settings
in a dictionary of the class, so that its own setters change every other source of the process.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from apache_beam.io.flink.flink_streaming_impulse_source import FlinkStreamingImpulseSource
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms import PTransform

from pipeline.compat.liberty import Liberty

LIBERTY = Liberty(
    library="apache-beam",
    version="2.77.0",
    why="the source of beats is set by class, and unsupported; options of Flink's are not known",
    issue="https://github.com/apache/beam/issues/20413",
)


def flink_options(options: Mapping[str, Any]) -> PipelineOptions:
    """Return Beam's options, those of its Flink runner among them."""
    return PipelineOptions.from_dictionary(dict(options))


class _FlinkOptions(PipelineOptions):  # type: ignore[misc]
    """Found by Beam among the subclasses of `PipelineOptions`."""

    @classmethod
    def _add_argparse_args(cls, parser: argparse.ArgumentParser) -> None:
        for name in ("--checkpointing_interval", "--max_bundle_size"):
            parser.add_argument(name, type=int)
        # Beam leaves out a flag that is not set; of these it has to tell `false`.
        parser.add_argument("--fail_on_checkpointing_errors", type=lambda said: said == "true")
        parser.add_argument("--savepoint_path")


def flink_beats(interval_ms: int) -> PTransform:
    """Make Flink's own source of empty elements, one every `interval_ms`."""
    beats = FlinkStreamingImpulseSource()
    # Its `set_…` methods change the class, not the instance.
    beats.config = {"interval_ms": interval_ms}
    return beats
