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
    its own, and the exit code would be lost.
    """

    def __init__(self, settings: Settings, method: Callable[[Job, Any], Iterator[Any]]) -> None:
        self._settings = settings
        self._method = method

    def process(self, element: Any) -> Iterator[Any]:
        """Each element's results, lazily: a batch is committed before the next one is read."""
        job = job_of(self._settings)
        try:
            yield from self._method(job, element)
        except DatelineError as error:
            job.fault = error
            raise
