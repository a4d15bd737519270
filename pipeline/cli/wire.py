"""`dateline broker` and `dateline publish`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common import (
    BootstrapOption,
    ConfigOption,
    EncodingOption,
    JsonOption,
    TopicOption,
    print_json,
    settings_of,
    stop_on_signals,
    topics_of,
)
from pipeline.cli.consoles import out
from pipeline.errors import UsageError
from pipeline.model import Record
from pipeline.parse.text.decode import known_encoding
from pipeline.source.archive.archive import open_archive


def broker(
    port: Annotated[int, typer.Option(help="Port on the loopback address; 0 takes a free one.")] = (
        9092
    ),
    topic: TopicOption = None,
    partitions: Annotated[int, typer.Option(min=1, help="Partitions of each topic.")] = 4,
) -> None:
    """Run the embedded Kafka-protocol broker in the foreground, storage in memory.

    To try things out; not for production.

    Example: `dateline broker --port 9092`
    """
    from pipeline.source.broker.embedded import EmbeddedBroker

    topics = dict.fromkeys(topics_of(topic) or ["wire"], partitions)
    with (
        stop_on_signals() as (stop, _),
        EmbeddedBroker(port=port, topics=topics) as running,
    ):
        out.print(f"Listening on {running.bootstrap_servers}; Ctrl-C ends it, and what it holds.")
        while running.running and not stop.wait(0.2):
            pass


def publish(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Files, directories, globs or URLs, as for `replay`.", show_default=False
        ),
    ],
    bootstrap_servers: BootstrapOption = None,
    topic: TopicOption = None,
    partitions: Annotated[
        int | None, typer.Option(min=1, help="Create the topic with so many, if it is missing.")
    ] = None,
    encoding: EncodingOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish files to a topic, one record a story as `replay` reads them.

    Example: `dateline publish archive/ --bootstrap-servers localhost:9092 --topic wire`
    """
    from pipeline.source.kafka.publish import publish as send

    settings = settings_of(config, bootstrap_servers=bootstrap_servers, topic=topic)
    if len(settings.kafka.topics) != 1:
        raise UsageError("publish takes one topic", given=", ".join(settings.kafka.topics))
    done = send(
        records_of(paths, settings.lake.options, encoding),
        bootstrap_servers=",".join(settings.kafka.bootstrap_servers),
        topic=settings.kafka.topics[0],
        partitions=partitions,
        client=settings.kafka.client,
    )
    if as_json:
        print_json({"records": done.records, "bytes": done.bytes})
    else:
        out.print(f"{done.records} records, {done.bytes} bytes")


def records_of(
    paths: Sequence[str | Path],
    options: Mapping[str, str] | None = None,
    encoding: str | None = None,
) -> Iterator[Record]:
    """Yield the records of each archive, one after the other. All paths are opened first.

    `options` are those of the object store, by delta-rs' names; `encoding` goes along as a header.
    """
    name = known_encoding(encoding) if encoding else None
    archives = [open_archive(path, options, encoding=name) for path in paths]
    return chain.from_iterable(archive.records() for archive in archives)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(broker)
    app.command()(publish)
