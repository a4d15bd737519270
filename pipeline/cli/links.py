"""`dateline lake link`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline import clock
from pipeline.cli.common import (
    ConfigOption,
    FromDayOption,
    JsonOption,
    LakeOption,
    ToDayOption,
    print_json,
    settings_of,
    stop_on_signals,
)
from pipeline.cli.consoles import err, out
from pipeline.cli.lake import lake_app


def link(
    lake: LakeOption = None,
    all_days: Annotated[
        bool, typer.Option("--all", help="Compute every day, also where nothing has changed.")
    ] = False,
    from_day: FromDayOption = None,
    to_day: ToDayOption = None,
    window_days: Annotated[
        int, typer.Option(min=0, max=366, help="Days that may lie between two stories.")
    ] = 3,
    similarity: Annotated[
        float, typer.Option(min=0.1, max=1.0, help="Link from this similarity on (Jaccard) …")
    ] = 0.5,
    containment: Annotated[
        float, typer.Option(min=0.1, max=1.0, help="… or from this share of the smaller text.")
    ] = 0.8,
    same_provider: Annotated[
        bool, typer.Option("--same-provider", help="Also stories of one provider in one format.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Link near-duplicates: reprints, cut versions, an archive's copies. Writes the table `links`.

    Only days whose stories changed since the last run are computed. Safe beside a running job;
    Ctrl-C ends after the day in hand, and the next run goes on there.

    Example: `dateline lake link --lake /data/lake`
    """
    from pipeline.store.commit.lake import Lake
    from pipeline.store.links.near_duplicates import LinkRule
    from pipeline.store.links.near_duplicates import link as compute
    from pipeline.store.links.similarity import Thresholds
    from pipeline.store.read.snapshot import open_snapshot

    settings = settings_of(config, lake=lake)
    open_snapshot(settings.lake.url, settings.lake.options)
    rule = LinkRule(Thresholds(similarity, containment), window_days, same_provider)
    bar = Progress(
        TextColumn("linking days"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=as_json or not err.is_terminal,
    )
    with stop_on_signals() as (stop, _), bar:
        task = bar.add_task("linking", total=None)
        done = compute(
            Lake(settings.lake.url, settings.lake.options),
            rule,
            clock.now(),
            all_days=all_days,
            first=from_day and from_day.replace(tzinfo=UTC).date(),
            last=to_day and to_day.replace(tzinfo=UTC).date(),
            progress=lambda n, total: bar.update(task, completed=n, total=total),
            is_stopped=stop.is_set,
        )
    if as_json:
        print_json(asdict(done))
        return
    out.print(
        f"{done.days} days computed, {done.up_to_date} were up to date: "
        f"{done.links} links among {done.revisions} revisions"
    )
    if done.undated:
        out.print(f"{done.undated} stories have no date, and are not linked")


def register(_: typer.Typer) -> None:
    """Add the command to those of `lake`."""
    lake_app.command()(link)
