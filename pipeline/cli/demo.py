"""`dateline demo`: the whole way once, on this machine."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from pipeline import clock
from pipeline.cli.common import (
    ConfigOption,
    JsonOption,
    print_json,
    set_up_logs,
    settings_of,
    stop_on_signals,
)
from pipeline.cli.consoles import out
from pipeline.cli.progress import Tally, show_progress
from pipeline.cli.wire import records_of
from pipeline.errors import UsageError
from pipeline.model import Record
from pipeline.samples import samples
from pipeline.supervise import Logging, Supervisor

TOPIC = "wire"
_PARTITIONS = 4
_MARK = "_demo"
_SHOWN = 40

_STORIES = """
with named as (
  select revision_id, list(name order by salience desc, name)[1:4] as entities
  from current_entities where kind <> 'NORP' group by revision_id
), acts as (
  select revision_id, list(concat_ws(' ', source_label, root, target_label)
    order by sentence_index, trigger_start)[1:3] as events
  from current_events where not negated and not hypothetical group by revision_id
)
select date, region, provider, headline, body[1:160] as body, entities, events
from current left join named using (revision_id) left join acts using (revision_id)
order by date nulls last, region, headline
"""
_TREE = "select date, region, count(*) as n from stories group by all order by date, region"
_REJECTS = """
select kind, stage, message, source, "offset", item from rejects order by kind, source, "offset"
"""


def demo(
    input_path: Annotated[
        list[Path] | None,
        typer.Option("--input", help="Your own files in place of the samples; may be repeated."),
    ] = None,
    lake: Annotated[str, typer.Option(help="Made anew at each demo.")] = "lake/demo",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the main job on sample stories: broker, publish, stream, and what landed.

    Example: `dateline demo --input my-stories/`
    """
    set_up_logs("warning")
    _make_room(Path(lake))
    with stop_on_signals() as (stop, hurry):
        _run(settings_input=_records(input_path), lake=lake, config=config, events=(stop, hurry))
    if stop.is_set():
        return
    _show(lake, as_json)


def _records(paths: list[Path] | None) -> Iterable[bytes | Record]:
    return records_of(paths) if paths else [data for _, data in samples()]


def _run(
    settings_input: Iterable[bytes | Record],
    lake: str,
    config: Path | None,
    events: tuple[threading.Event, threading.Event],
) -> None:
    from pipeline.source.broker.embedded import EmbeddedBroker
    from pipeline.source.kafka.publish import publish

    with show_progress() as progress:
        step = progress.add_task("starting an embedded broker")
        with EmbeddedBroker(topics={TOPIC: _PARTITIONS}) as broker:
            progress.update(step, description="publishing")
            sent = publish(settings_input, bootstrap_servers=broker.bootstrap_servers, topic=TOPIC)
            progress.update(step, description=f"{sent.records} records published; streaming")
            settings = settings_of(
                config,
                lake=lake,
                bootstrap_servers=broker.bootstrap_servers,
                topic=[TOPIC],
                batch={"flush_interval_s": 1.0},
            )
            Supervisor(
                settings,
                until_caught_up=True,
                on_report=Tally(progress).add,
                logging=Logging("warning"),
            ).run(*events)


def _make_room(lake: Path) -> None:
    """Remove the lake of an earlier demo: the broker's topic is a new one each time."""
    if lake.exists():
        if not (lake / _MARK).exists():
            raise UsageError("there is something that no demo made", path=lake)
        shutil.rmtree(lake)
    lake.mkdir(parents=True)
    (lake / _MARK).touch()


def _show(lake: str, as_json: bool) -> None:
    from pipeline.store.explain.explain import explain
    from pipeline.store.read.query import asking, json_rows
    from pipeline.store.read.views import named_in

    explain(lake)
    asked = (_TREE, _STORIES, _REJECTS)
    with asking(lake, None, clock.now(), named=named_in(" ".join(asked))) as ask:
        tree, stories, rejects = (json_rows(ask(sql)) for sql in asked)
    if as_json:
        print_json({"partitions": tree, "stories": stories, "rejects": rejects})
        return
    out.print(_tree(lake, tree))
    _print_stories(stories)
    out.print(_rejects(rejects))
    out.print(f"\nLook at it: {_report(lake)}", highlight=False, soft_wrap=True)
    out.print("Go on with:")
    command = "dateline" if shutil.which("dateline") else os.path.relpath(sys.argv[0])
    for line in (
        f'{command} query --lake {lake} "select source_label, root, target_label, sentence'
        ' from current_events"',
        f"{command} lake check --lake {lake}",
        f"{command} --help",
    ):
        out.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    out.print(f"or open {lake}/stories/date=*/region=*/*.parquet in any tool.", highlight=False)


def _report(lake: str) -> Path:
    """Write the report of the lake beside it, and return where."""
    from pipeline.show.report import Scope, figures, report_page

    path = Path(f"{lake.rstrip('/')}.html")
    path.write_text(report_page(figures(lake, None, Scope(), clock.now()), lake), "utf-8")
    return path


def _tree(lake: str, rows: list[dict[str, Any]]) -> Tree:
    root = Tree(f"[bold]{lake}/stories[/bold]")
    days: dict[str, Tree] = {}
    for row in rows:
        day = str(row["date"] or "__HIVE_DEFAULT_PARTITION__")
        if day not in days:
            days[day] = root.add(f"date={day}")
        days[day].add(f"region={row['region']} [dim]{row['n']}[/dim]")
    return root


def _print_stories(rows: list[dict[str, Any]]) -> None:
    """Print each story in a few lines, which a terminal of 80 columns holds."""
    from pipeline.show.facts import beginning

    out.print(f"\n[bold]Stories ({len(rows)})[/bold]\n")
    for row in rows[:_SHOWN]:
        heading = (str(row["date"] or "no date"), row["region"], row["provider"])
        out.print(Text(" · ".join(word for word in heading if word), style="dim"))
        out.print(Text(row["headline"] or beginning(row["body"]), style="bold"))
        lines = Table.grid(padding=(0, 1))
        for label, values in (("names", row["entities"]), ("events", row["events"])):
            if values:
                lines.add_row(Text(f"  {label}", style="dim"), Text("; ".join(values)))
        if lines.row_count:
            out.print(lines)
        out.print()
    if len(rows) > _SHOWN:
        out.print(f"and {len(rows) - _SHOWN} more\n")


def _rejects(rows: list[dict[str, Any]]) -> Table:
    kinds = Counter(row["kind"] for row in rows)
    title = "Rejects: " + (", ".join(f"{n} {kind}" for kind, n in kinds.items()) or "none")
    table = Table("kind", "stage", "reason", "partition", "offset", title=title)
    table.title_justify = "left"
    for row in rows[:_SHOWN]:
        coordinates = (row["source"].rsplit("/", 1)[-1], str(row["offset"]))
        table.add_row(row["kind"], row["stage"], Text(row["message"]), *coordinates)
    return table


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(demo)
