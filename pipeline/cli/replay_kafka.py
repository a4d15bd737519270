"""`dateline replay kafka`: a range of a topic, read again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline.cli.common import (
    BootstrapOption,
    ConfigOption,
    JsonOption,
    LakeOption,
    LogLevelOption,
    TopicOption,
    print_json,
    set_up_logs,
    settings_of,
)
from pipeline.cli.consoles import err, out
from pipeline.cli.reading import read_to_end
from pipeline.errors import UsageError
from pipeline.source.kafka.time_range import Resolved, resolve_range


def moment_of(option: str, given: str | None) -> datetime | None:
    """Read an ISO 8601 date or time, UTC without a zone; raises `UsageError` naming `option`."""
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
        # Before year 1 or after 9999 once it is UTC.
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{option} is no ISO 8601 date or time", given=given) from error


def replay_kafka(
    topic: TopicOption = None,
    from_time: Annotated[
        str | None,
        typer.Option(
            "--from-time",
            help="First moment, ISO 8601, UTC without a zone; all that the broker has without.",
            show_default=False,
        ),
    ] = None,
    to_time: Annotated[
        str | None,
        typer.Option(
            "--to-time", help="First moment that is left out; now without.", show_default=False
        ),
    ] = None,
    bootstrap_servers: BootstrapOption = None,
    lake: LakeOption = None,
    config: ConfigOption = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that read and enrich side by side.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be read, and read nothing.")
    ] = False,
    log_level: LogLevelOption = "warning",
    as_json: JsonOption = False,
) -> None:
    """Read a range of a topic into the lake once more, from one time to another.

    Times become offsets once, and each partition's range is a source of its own: the same range
    again adds nothing, and after a crash or Ctrl-C it goes on where it had come to. What the lake
    holds already is skipped as a repeat.

    Example: `dateline replay kafka --topic wire --from-time 2026-03-01 --to-time 2026-03-02`
    """
    set_up_logs(log_level)
    begin, end = moment_of("--from-time", from_time), moment_of("--to-time", to_time)
    settings = settings_of(config, lake=lake, bootstrap_servers=bootstrap_servers, topic=topic)
    from pipeline.work import kafka_options

    # Not the live job's consumer group: its offsets are none of this command's business.
    found = resolve_range(replace(kafka_options(settings), group_id=None), begin, end)
    for note in found.notes:
        err.print(f"[yellow]note:[/yellow] {note}")
    counts: dict[str, int] = {}
    if not dry_run:
        counts = read_to_end(
            settings, found.ranges, workers=workers, as_json=as_json, log_level=log_level
        )
    if as_json:
        print_json({"ranges": _facts(found), "notes": found.notes} | counts)
    elif dry_run:
        for part in found.ranges:
            out.print(f"{part.source}: {part.total - part.start} offsets", soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("replay kafka")(replay_kafka)


def _facts(found: Resolved) -> list[dict[str, object]]:
    return [
        {
            "source": part.source,
            "topic": part.partition.topic,
            "partition": part.partition.number,
            "start": part.start,
            "end": part.total,
        }
        for part in found.ranges
    ]
