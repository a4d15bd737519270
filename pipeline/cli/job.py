"""`dateline run`."""

from __future__ import annotations

import signal
from typing import Annotated

import typer

from pipeline.cli.common import (
    BootstrapOption,
    ConfigOption,
    JsonOption,
    LakeOption,
    LogLevelOption,
    MapOption,
    TopicOption,
    print_json,
    set_up_logs,
    settings_of,
    stop_on_signals,
)
from pipeline.cli.consoles import out
from pipeline.cli.progress import Tally, explain_written, show_progress
from pipeline.errors import UsageError
from pipeline.supervise import Logging, Supervisor

_RUNNERS = ("inprocess", "PrismRunner", "flink")


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
        float | None,
        typer.Option(help="Seconds until a record is in the lake, as far as a worker keeps up."),
    ] = None,
    runner: Annotated[
        str,
        typer.Option(help="inprocess; flink (see [flink] in the configuration); or PrismRunner."),
    ] = "inprocess",
    detach: Annotated[
        bool, typer.Option("--detach", help="On Flink: return once the job runs, and leave it.")
    ] = False,
    from_savepoint: Annotated[
        str | None, typer.Option(help="On Flink: the savepoint to begin with.", show_default=False)
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Serve /metrics, /healthz and /readyz there; 9464 is usual."
        ),
    ] = None,
    maps: MapOption = None,
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
        maps=maps,
        job={"workers": workers},
        batch={"flush_interval_s": flush_interval_s},
        observe={"metrics_port": metrics_port},
    )
    if runner not in _RUNNERS:
        raise UsageError("no such runner", given=runner, known=", ".join(_RUNNERS))
    if runner != "flink" and (detach or from_savepoint):
        raise UsageError("--detach and --from-savepoint are for --runner flink")
    if runner != "inprocess" and until_caught_up:
        raise UsageError("--until-caught-up is for --runner inprocess", runner=runner)
    if runner == "flink":
        from pipeline.beam.flink import run_on_flink

        with stop_on_signals() as (stop, _):
            run_on_flink(settings, stop, detach=detach, savepoint=from_savepoint)
        return
    if runner == "PrismRunner":
        from pipeline.beam.launch import run_on_prism

        # As Ctrl-C does: a SIGTERM that ends Python at once leaves `prism` behind.
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            run_on_prism(settings)
        except KeyboardInterrupt:
            return
        finally:
            signal.signal(signal.SIGTERM, before)
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
    if until_caught_up:
        explain_written(settings, tally)
    _finish(tally, as_json)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(run)


def _finish(tally: Tally, as_json: bool) -> None:
    if as_json:
        print_json(dict(tally.counts))
    else:
        out.print(tally.line())
