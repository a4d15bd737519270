"""`dateline run` and `dateline replay`."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipeline.cli.common import (
    BootstrapOption,
    ConfigOption,
    JsonOption,
    LakeOption,
    LogLevelOption,
    TopicOption,
    err,
    out,
    print_json,
    set_up_logs,
    settings_of,
    stop_on_signals,
)
from pipeline.errors import UsageError
from pipeline.supervise import Logging, Supervisor

_RUNNERS = ("inprocess", "PrismRunner")


class Tally:
    """Counts of the batches committed so far, shown while they grow."""

    def __init__(self, progress: Progress | None) -> None:
        self.counts: Counter[str] = Counter(batches=0, records=0, stories=0, rejects=0, skipped=0)
        self._progress = progress
        self._task = progress.add_task("waiting for the first batch") if progress else None
        self._lock = threading.Lock()

    def add(self, report: Mapping[str, int]) -> None:
        """Add one batch."""
        with self._lock:
            self.counts.update(report)
            self.counts["batches"] += 1
            if self._progress is not None and self._task is not None:
                self._progress.update(self._task, description=self.line())

    def line(self) -> str:
        """The counts in words."""
        counts = self.counts
        return (
            f"{counts['records']} records: {counts['stories']} stories, "
            f"{counts['rejects']} rejects, {counts['skipped']} skipped"
        )


def show_progress(*, wanted: bool = True) -> Progress:
    """A spinner with the counts, on standard error, where that is a terminal."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not (wanted and err.is_terminal),
    )


def run(
    bootstrap_servers: BootstrapOption = None,
    topic: TopicOption = None,
    lake: LakeOption = None,
    config: ConfigOption = None,
    until_caught_up: Annotated[
        bool,
        typer.Option("--until-caught-up", help="End once everything published is in the lake."),
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Worker processes, each with its own partitions.")
    ] = None,
    flush_interval_s: Annotated[
        float | None, typer.Option(help="Seconds that a record may wait for its batch to fill.")
    ] = None,
    runner: Annotated[
        str, typer.Option(help="inprocess, or PrismRunner (needs `prism` on the PATH).")
    ] = "inprocess",
    log_level: LogLevelOption = "info",
    as_json: JsonOption = False,
) -> None:
    """Stream wire stories from Kafka into the lake.

    Ctrl-C (or SIGTERM) finishes the batch in hand and stops; a second one drops it. Either way the
    lake is whole, and the next start goes on where it ends.

    Example: `dateline run --bootstrap-servers kafka:9092 --topic wire --lake /data/lake`
    """
    set_up_logs(log_level)
    settings = settings_of(
        config,
        lake=lake,
        bootstrap_servers=bootstrap_servers,
        topic=topic,
        job={"workers": workers},
        batch={"flush_interval_s": flush_interval_s},
    )
    if runner not in _RUNNERS:
        raise UsageError("no such runner", given=runner, known=", ".join(_RUNNERS))
    if runner == "PrismRunner":
        from pipeline.beam.launch import run_on_prism

        run_on_prism(settings)
        return
    with stop_on_signals() as (stop, hurry), show_progress(wanted=not as_json) as progress:
        tally = Tally(progress)
        supervisor = Supervisor(
            settings,
            until_caught_up=until_caught_up,
            on_report=tally.add,
            logging=Logging(log_level),
        )
        supervisor.run(stop, hurry)
    _finish(tally, as_json)


def replay(
    paths: Annotated[list[Path], typer.Argument(help="Files or directories.", show_default=False)],
    lake: LakeOption = None,
    config: ConfigOption = None,
    log_level: LogLevelOption = "warning",
    as_json: JsonOption = False,
) -> None:
    """Read archives into the lake, through the same steps as the live job.

    An archive is known by its content: replaying it again adds nothing, and after a crash or Ctrl-C
    it goes on where it had come to.

    Example: `dateline replay archive/1987 reut2-000.sgm.gz --lake /data/lake`
    """
    set_up_logs(log_level)
    settings = settings_of(config, lake=lake)
    from pipeline.beam.launch import replay_archives
    from pipeline.job import forget, job_of

    job = job_of(settings)
    with stop_on_signals() as (stop, _), show_progress(wanted=not as_json) as progress:
        tally = Tally(progress)
        job.stop = stop
        job.on_receipt = lambda receipt: tally.add(receipt.counts())
        try:
            replay_archives(settings, [str(path) for path in paths])
        finally:
            forget(settings)
    _finish(tally, as_json)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(run)
    app.command()(replay)


def _finish(tally: Tally, as_json: bool) -> None:
    if as_json:
        print_json(dict(tally.counts))
    else:
        out.print(tally.line())
