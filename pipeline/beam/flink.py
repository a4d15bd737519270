"""The job on a Flink cluster: submitted through Beam's job server, watched through Flink itself.

The lake is the only memory, so a job that the cluster has lost (its JobManager died without a
standby, someone wiped it) is simply submitted again, and one that runs already is taken over. The
job server is needed while submitting, not after.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from typing import Literal

import apache_beam as beam
import grpc
from apache_beam.runners.portability.portable_runner import PortableRunner
from apache_beam.runners.runner import PipelineState

from pipeline import clock
from pipeline.beam import graph
from pipeline.beam.flink_rest import AwayError, FlinkJob, FlinkRest
from pipeline.compat.beam_flink import flink_beats, flink_options
from pipeline.config import Settings, changed
from pipeline.errors import EngineError
from pipeline.observe.logs import log
from pipeline.preview import ends_in_lake
from pipeline.replay import Selected, shares
from pipeline.secrecy import without_secrets
from pipeline.work import PartitionGroup, Tick

MAX_PARALLELISM = 128
"""Flink's key groups, and so the most subtasks; a job keeps it when it is rescaled."""

_APPEAR_S = 300.0
_POLL_S = 2.0
_GRACE_S = 15.0
_SUBMISSIONS = 5
_WINDOW_S = 600.0

Ended = Literal["stopped", "ended"]


def run_on_flink(
    settings: Settings,
    stop: threading.Event,
    *,
    detach: bool = False,
    savepoint: str | None = None,
) -> Ended:
    """Keep the streaming job running on the cluster until `stop` is set; then cancel it.

    With `detach`, returns once it runs, and leaves it. `savepoint` is where to begin: it spares
    Flink's own state, of which there is next to none. Returns `ended` when someone else stopped
    the job. Raises `EngineError` when it cannot be submitted or fails again and again.
    """
    settings = for_flink(settings)
    ticks = [[PartitionGroup(number)] for number in range(settings.groups)]
    return _keep(settings, ticks, stop, detach=detach, savepoint=savepoint)


def replay_on_flink(
    settings: Settings,
    sources: Sequence[Selected],
    stop: threading.Event,
    on_progress: Callable[[int], None],
) -> Ended:
    """Read the sources to their ends on the cluster; the workers must reach what they name.

    The job is ended once the lake holds everything; `on_progress` is told how many offsets it
    holds. Raises as `run_on_flink`.
    """
    names = "".join(sorted(source.source for source in sources))
    digest = hashlib.sha256(names.encode()).hexdigest()[:8]
    name = f"{settings.flink.job_name}-replay-{digest}"
    settings = changed(settings, "flink", job_name=name)
    ticks = shares(sources, settings.flink.parallelism, settings.replay.part_records)

    def is_done() -> bool:
        ends = ends_in_lake(settings, sources)
        on_progress(sum(min(ends[source.source], source.total) for source in sources))
        return all(ends[source.source] >= source.total for source in sources)

    return _keep(settings, ticks, stop, is_done=is_done)


def _keep(
    settings: Settings,
    ticks: Sequence[Sequence[Tick]],
    stop: threading.Event,
    *,
    detach: bool = False,
    savepoint: str | None = None,
    is_done: Callable[[], bool] = lambda: False,
) -> Ended:
    flink = FlinkRest(settings.flink.rest_url)
    submissions = _Submissions(lambda: _submit(settings, ticks, savepoint), flink, settings)
    job = submissions.running_job(stop)
    while job is not None and not stop.is_set() and not is_done():
        if detach and job.state == "RUNNING":
            return "stopped"
        stop.wait(_POLL_S)
        try:
            now = flink.job(job.id)
        except AwayError as error:
            log.warning("Flink does not answer", reason=str(error))
            job = submissions.running_job(stop)
            continue
        if now is None or now.state == "FAILED":
            log.warning(
                "the job is gone and is submitted again",
                job=job.id,
                reason="the cluster does not know it" if now is None else flink.failure(job.id),
            )
            job = submissions.running_job(stop)
        elif now.ended:
            log.info("the job has ended", job=job.id, state=now.state)
            return "ended"
        else:
            job = now
    if job is not None:
        flink.cancel(job.id)
        log.info("the job is cancelled", job=job.id)
    return "stopped" if stop.is_set() else "ended"


def running_job(settings: Settings) -> FlinkJob | None:
    """Return the job as the cluster lists it. Raises `EngineError` when Flink does not answer."""
    flink = FlinkRest(settings.flink.rest_url)
    try:
        return flink.job_named(settings.flink.job_name)
    except AwayError as error:
        raise EngineError("Flink does not answer", url=flink.url, reason=error) from error


def stop_job(settings: Settings, *, with_savepoint: bool) -> str | None:
    """End the running job; where its savepoint stands, if one is wanted.

    Raises `EngineError` where no such job runs, or Flink does not answer.
    """
    flink = FlinkRest(settings.flink.rest_url)
    try:
        job = flink.job_named(settings.flink.job_name)
        if job is None:
            raise EngineError("no such job runs", name=settings.flink.job_name)
        if not with_savepoint:
            flink.cancel(job.id)
            return None
        request = flink.stop_with_savepoint(job.id, settings.flink.savepoint_dir)
        end_s = clock.monotonic() + _APPEAR_S
        pause = threading.Event()
        while clock.monotonic() < end_s:
            if (location := flink.savepoint(job.id, request)) is not None:
                return location
            pause.wait(_POLL_S)
    except AwayError as error:
        raise EngineError("Flink does not answer", url=flink.url, reason=error) from error
    raise EngineError("Flink made no savepoint in time", job=job.id)


def for_flink(settings: Settings) -> Settings:
    """Return the settings with at least one group a subtask."""
    return changed(settings, "job", workers=settings.flink.parallelism)


class _Submissions:
    """Submits the job where none runs, but not again and again without end."""

    def __init__(self, submit: Callable[[], object], flink: FlinkRest, settings: Settings) -> None:
        self._submit = submit
        self._flink = flink
        self._name = settings.flink.job_name
        self._times_s: list[float] = []

    def running_job(self, stop: threading.Event) -> FlinkJob | None:
        """Return the job of our name, submitted if there is none; None when asked to stop first."""
        since_s = None
        while not stop.is_set():
            try:
                job = self._flink.job_named(self._name)
                since_s = since_s or clock.monotonic()
                # A cluster with a standby brings its jobs back by itself, shortly after it answers.
                rested = not self._times_s or clock.monotonic() - since_s > _GRACE_S
                if job is None and rested:
                    job = self._submit_and_wait(stop)
                if job is not None:
                    return job
            except AwayError as error:
                since_s = None
                log.warning("Flink does not answer", reason=str(error))
            stop.wait(_POLL_S)
        return None

    def _submit_and_wait(self, stop: threading.Event) -> FlinkJob | None:
        now_s = clock.monotonic()
        self._times_s = [t for t in self._times_s if now_s - t < _WINDOW_S] + [now_s]
        if len(self._times_s) > _SUBMISSIONS:
            raise EngineError("the job fails again and again", submissions=_SUBMISSIONS)
        try:
            result = self._submit()
        except (grpc.RpcError, grpc.FutureTimeoutError) as error:
            log.warning("the job server does not answer", reason=_words(error))
            return None
        while not stop.is_set() and clock.monotonic() - now_s < _APPEAR_S:
            job = self._flink.job_named(self._name)
            if job is not None:
                log.info("the job runs on Flink", job=job.id)
                return job
            if getattr(result, "state", None) == PipelineState.FAILED:
                log.warning("the job server could not start the job")
                return None
            stop.wait(_POLL_S)
        return None


def _submit(settings: Settings, ticks: Sequence[Sequence[Tick]], savepoint: str | None) -> object:
    flink = settings.flink
    options = {
        "job_name": flink.job_name,
        "job_endpoint": flink.job_endpoint,
        "job_server_timeout": 60,
        "environment_type": "EXTERNAL",
        "environment_config": flink.worker_pool,
        "parallelism": flink.parallelism,
        "max_parallelism": MAX_PARALLELISM,
        "checkpointing_interval": int(flink.checkpoint_interval_s * 1000),
        # Flink's checkpoints decide nothing, and one waits for the batches in hand: late ones are
        # no reason to begin anew. By itself Beam lets none fail, whatever the cluster's settings.
        "fail_on_checkpointing_errors": "false",
        # A beat is a bundle: what it found is committed when the next one comes.
        "max_bundle_size": 1,
        "streaming": True,
        "save_main_session": False,
    }
    if savepoint is not None:
        options["savepoint_path"] = savepoint
    root = beam.Pipeline(runner=PortableRunner(), options=flink_options(options))
    beats = flink_beats(int(settings.job.poll_s * 1000))
    # What is in the graph, Flink shows to whoever may see the job.
    graph.on_flink(root, beats, ticks, without_secrets(settings), MAX_PARALLELISM)
    return root.run()


def _words(error: Exception) -> str:
    details = getattr(error, "details", None)
    return str(details() if callable(details) else error or type(error).__name__)
