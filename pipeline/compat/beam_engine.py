"""Beam's in-process engine by its own name.

`DirectRunner` first tries Prism, whose program it would download and run.
"""

from __future__ import annotations

from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineRunner

from pipeline.compat.liberty import Liberty

LIBERTY = Liberty(
    library="apache-beam",
    version="2.77.0",
    why="`DirectRunner` downloads a program and runs it before it falls back to this engine",
    issue="https://github.com/apache/beam/issues/34549",
)


def in_process_engine() -> PipelineRunner:
    """Return the engine that runs a bounded pipeline in this process, and nothing else."""
    return FnApiRunner()
