"""The one DoFn behind read, parse, enrich and write: a method of this process's job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import apache_beam as beam

from pipeline.config import Settings
from pipeline.errors import DatelineError
from pipeline.job import Job, job_of


class CallJob(beam.DoFn):  # type: ignore[misc]
    """Calls `method(job, element)` and emits the iterator's elements, one by one.

    A fault of the surroundings is kept on the job before it goes on: a runner wraps exceptions in
    its own, and the exit code would be lost. Where the job says that someone looks for its fault
    (`fault_is_kept`), it goes no further: what is left of the run does nothing, and the runner has
    no traceback of its own to tell beside the job's one line.
    """

    def __init__(self, settings: Settings, method: Callable[[Job, Any], Iterator[Any]]) -> None:
        self._settings = settings
        self._method = method

    def process(self, element: Any) -> Iterator[Any]:
        """Each element's results, lazily: a batch is committed before the next one is read."""
        job = job_of(self._settings)
        try:
            if job.fault_is_kept and job.fault is not None:
                return
            for result in self._method(job, element):
                yield result
                if job.fault_is_kept and job.fault is not None:
                    return
        except DatelineError as error:
            job.note_fault(error)
            if not job.fault_is_kept:
                raise
