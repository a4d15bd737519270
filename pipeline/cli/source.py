"""`dateline source …`: what the lake has of each source, and moving to another cluster."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from pipeline import clock
from pipeline.cli.common import (
    BootstrapOption,
    ConfigOption,
    JsonOption,
    LakeOption,
    TopicOption,
    print_json,
    settings_of,
)
from pipeline.cli.consoles import out
from pipeline.cli.group import CommandGroup
from pipeline.config import Settings
from pipeline.store.read.snapshot import open_snapshot
from pipeline.store.read.sources import sources
from pipeline.store.upkeep.move import move as commit_moves
from pipeline.store.upkeep.move import plan_moves

source_app = typer.Typer(
    cls=CommandGroup, help="The sources that the lake knows.", no_args_is_help=True
)


@source_app.command(name="list")
def list_sources(
    lake: LakeOption = None,
    kafka: Annotated[
        bool, typer.Option("--kafka", help="Ask the broker too: its partitions and offsets.")
    ] = False,
    bootstrap_servers: BootstrapOption = None,
    topic: TopicOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where each source begins and ends, and what it brought.

    With `--kafka` also the partitions of the topics with the broker's first and next offset: so a
    new cluster's sources have a name before anything is read of them.

    Example: `dateline source list --kafka --bootstrap-servers new:9092 --topic wire`
    """
    from pipeline.show.facts import printable

    settings = settings_of(config, lake=lake, bootstrap_servers=bootstrap_servers, topic=topic)
    snapshot = open_snapshot(settings.lake.url, settings.lake.options)
    rows: dict[str, dict[str, Any]] = {state.source: asdict(state) for state in sources(snapshot)}
    if kafka:
        for source, offsets in _on_broker(settings).items():
            rows.setdefault(source, {"source": source}).update(offsets)
    found = [rows[name] for name in sorted(rows)]
    if as_json:
        print_json(found)
        return
    names = ["source", "start", "end", "records", "stories", "rejects", "skipped"]
    names += ["earliest", "latest"] if kafka else []
    table = Table(*names)
    for row in found:
        table.add_row(*(Text(printable(row.get(name, ""))) for name in names))
    out.print(table)


@source_app.command()
def move(
    old: Annotated[str, typer.Argument(help="A source, or a topic of one without its partition.")],
    new: Annotated[str, typer.Argument(help="Its name on the new cluster, as long as OLD.")],
    offset_shift: Annotated[
        int, typer.Option(help="How far the new cluster's offsets are ahead of the old one's.")
    ] = 0,
    lake: LakeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go on with a topic on another cluster where the lake ends on the old one.

    The new sources begin at the committed ends of the old ones, in all tables. Stop the job on the
    old cluster first. May be run again; refuses where the lake has the new source with another
    start. Names are as `dateline source list` shows them.

    Example: `dateline source move kafka/OLDCLUSTER/wire/OLDID kafka/NEWCLUSTER/wire/NEWID`
    """
    from pipeline.store.commit.lake import Lake

    settings = settings_of(config, lake=lake)
    moves = plan_moves(
        sources(open_snapshot(settings.lake.url, settings.lake.options)), old, new, offset_shift
    )
    commit_moves(Lake(settings.lake.url, settings.lake.options), moves, clock.now())
    if as_json:
        print_json([asdict(one) for one in moves])
        return
    for one in moves:
        out.print(
            f"{one.new} begins at {one.start}{' (it did already)' if one.is_done else ''}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(source_app, name="source")


def _on_broker(settings: Settings) -> dict[str, dict[str, int]]:
    from pipeline.errors import BrokerError
    from pipeline.source.kafka.client import ClientFault, all_partitions
    from pipeline.source.kafka.consumer import KafkaClient
    from pipeline.work import kafka_options

    options = kafka_options(settings)
    try:
        client = KafkaClient(options)
        try:
            partitions = all_partitions(client, options.topics)
            ends = {w: client.offsets(partitions, w) for w in ("earliest", "latest")}
        finally:
            client.close()
    except ClientFault as fault:
        address = ",".join(options.bootstrap_servers)
        raise BrokerError(str(fault), address=address) from fault
    return {p.source: {which: ends[which][p] for which in ends} for p in partitions}
