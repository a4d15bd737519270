"""Running the graph in this process, epoch after epoch, and on Prism.

On the in-process engine a pipeline is bounded, so the job is a chain of bounded epochs, a fresh
`run` each; what has to outlast an epoch (connections, the model) is cached in the process
(`pipeline.job`).
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace as with_fields
from typing import Literal

import apache_beam as beam
import psutil
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline import clock
from pipeline.beam import graph
from pipeline.beam.steps.ticks import BoundedTicks, PeriodicTicks
from pipeline.compat.beam_engine import in_process_engine
from pipeline.config import Settings
from pipeline.errors import StoreError, UnfitStoreError, UsageError
from pipeline.job import Job, job_of
from pipeline.observe.logs import log
from pipeline.pauses import Pauses
from pipeline.replay import Replay, Selected
from pipeline.source.archive.archive import open_archive
from pipeline.work import PartitionGroup

Ended = Literal["stopped", "caught_up", "grown"]
"""Why `run_epochs` came back: asked to stop, nothing left, or too much memory used."""

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0


def run_epochs(settings: Settings, groups: Sequence[int], *, until_caught_up: bool) -> Ended:
    """Stream `groups` in this process until there is a reason to end.

    Raises the `DatelineError` of a fault of the surroundings; a fault of the store only after
    `lake.store_timeout_s` of trying again.
    """
    job = job_of(settings)
    job.order = with_fields(job.order, until_caught_up=until_caught_up)
    ticks = [PartitionGroup(number) for number in groups]
    patience = _Patience(job)
    clean_due_s: float | None = None
    while not job.order.stop.is_set():
        try:
            if clean_due_s is None or clock.monotonic() > clean_due_s:
                is_first, kept = clean_due_s is None, job.clean().kept
                # What stands above the lake's end as this process begins may be a dead worker's:
                # it can go once an epoch has passed that place.
                pause_s = 0.0 if is_first and kept else settings.lake.clean_interval_s
                clean_due_s = clock.monotonic() + pause_s
            _run_epoch(job, groups)
            patience.reset()
            if until_caught_up and job.is_done(ticks):
                job.clean()
                return "caught_up"
        except StoreError as error:
            patience.wait(error)
        if _rss_bytes() > settings.job.max_worker_rss_bytes:
            return "grown"
    return "stopped"


def replay_ticks(settings: Settings, ticks: Sequence[Replay]) -> Ended:
    """Read what each tick names to its end in this process; raises as `run_epochs`."""
    job = job_of(settings)
    patience = _Patience(job)
    while not job.order.stop.is_set():
        try:
            job.clean()
            while not job.order.stop.is_set():
                _run(job, lambda root: graph.replay(root, ticks, settings))
                patience.reset()
                if job.is_done(ticks):
                    job.clean()
                    return "caught_up"
                if _rss_bytes() > settings.job.max_worker_rss_bytes:
                    return "grown"
        except StoreError as error:
            patience.wait(error)
    return "stopped"


def replay_archives(settings: Settings, paths: Sequence[str]) -> Ended:
    """Read every archive to its end in this process, one worker for all of it."""
    ticks = [Replay(Selected(open_archive(path, settings.lake.options))) for path in paths]
    while (ended := replay_ticks(settings, ticks)) == "grown":
        pass
    return ended


_WATCH_PRISM_S = 10 * 365 * 86_400
"""For so long Beam listens to what Prism tells of the job. By its default of 300 seconds a job that
goes on ends with DEADLINE_EXCEEDED, whatever it is doing (Beam 2.77: the streams of states and
messages have the time-out that a single answer may take)."""


def run_on_prism(settings: Settings, *, seconds: float | None = None) -> None:
    """Hand the graph to Prism, whose binary is on the PATH; ends after `seconds`, if given."""
    quiet_beam()
    binary = shutil.which("prism")
    if binary is None:
        raise UsageError("PrismRunner needs the program `prism` on the PATH (see docs/engines.md)")
    job_of(settings).serve()
    start_s = clock.now().timestamp()
    ticks = PeriodicTicks(
        start_s, settings.job.poll_s, None if seconds is None else start_s + seconds
    )
    options = PipelineOptions(
        [],
        runner="PrismRunner",
        # Named, or Beam downloads one.
        prism_location=binary,
        streaming=True,
        environment_type="LOOPBACK",
        save_main_session=False,
        job_server_timeout=_WATCH_PRISM_S,
    )
    with beam.Pipeline(options=options) as root:
        graph.streaming(root, ticks, range(settings.groups), settings)


def quiet_beam() -> None:
    """Quieten Beam, which tells at INFO what concerns its own developers."""
    logging.getLogger("apache_beam").setLevel(logging.WARNING)


class _Patience:
    """Pauses between tries at a store that fails: longer each time, up to a limit in all."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._since_s: float | None = None
        self._pauses = Pauses(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)

    def reset(self) -> None:
        self._job.telemetry.store_answers()
        self._since_s = None
        self._pauses.reset()

    def wait(self, error: StoreError) -> None:
        """Pause, or raise `error` when it has lasted too long, or is of a kind that lasts."""
        if isinstance(error, UnfitStoreError):
            raise error
        now_s = clock.monotonic()
        self._since_s = self._since_s or now_s
        pause_s = self._pauses.next()
        if now_s - self._since_s + pause_s > self._job.settings.lake.store_timeout_s:
            raise error
        self._job.telemetry.store_fails()
        log.warning("the store fails, trying again", reason=str(error), pause_s=pause_s)
        self._job.order.stop.wait(pause_s)


def _run_epoch(job: Job, groups: Sequence[int]) -> None:
    ticks = BoundedTicks(job.settings.job.epoch_ticks)
    _run(job, lambda root: graph.streaming(root, ticks, groups, job.settings))


def _run(job: Job, build: Callable[[beam.Pipeline], object]) -> None:
    quiet_beam()
    # Nothing of this process's own arguments is for Beam.
    root = beam.Pipeline(
        runner=in_process_engine(), options=PipelineOptions([], save_main_session=False)
    )
    build(root)
    job.keep_fault()
    root.run().wait_until_finish()
    if job.fault is not None:
        raise job.fault


def _rss_bytes() -> int:
    found: int = psutil.Process().memory_info().rss
    return found
