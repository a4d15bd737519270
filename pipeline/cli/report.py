"""`dateline report`: the lake as one page to look at."""

from __future__ import annotations

import os
import shutil
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from pipeline import clock
from pipeline.cli.common import (
    ConfigOption,
    FromDayOption,
    JsonOption,
    LakeOption,
    ToDayOption,
    print_json,
    settings_of,
)
from pipeline.cli.consoles import out
from pipeline.errors import UsageError


def report(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The page's file, replaced if it is there.")
    ] = Path("report.html"),
    from_day: FromDayOption = None,
    to_day: ToDayOption = None,
    region: Annotated[
        str | None, typer.Option(help="Only this region, as western-asia.", show_default=False)
    ] = None,
    country: Annotated[
        str | None, typer.Option(help="Only stories on this country, as ARM.", show_default=False)
    ] = None,
    most_stories: Annotated[
        int | None,
        typer.Option(
            "--stories",
            min=0,
            max=2000,
            show_default=False,
            help="At most so many stories' texts, in place of as many as the figures lead to.",
        ),
    ] = None,
    browse: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    lake: LakeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a report: stories, places, who did what to whom, trends, as one self-contained page.

    Shown is what may be shown now: nothing under embargo, withheld or killed.

    Example: `dateline report --from 2026-11-01 --country ARM -o armenia.html --lake /data/lake`
    """
    from pipeline.show.report import Scope, figures, report_page

    settings = settings_of(config, lake=lake)
    scope = Scope(
        first=from_day.date() if from_day else None,
        last=to_day.date() if to_day else None,
        region=region.strip().lower() if region else None,
        country=country.strip().upper() if country else None,
    )
    found = figures(
        settings.lake.url, settings.lake.options, scope, clock.now(), most_stories=most_stories
    )
    _write(output, report_page(found, settings.lake.url))
    if browse:
        webbrowser.open(output.resolve().as_uri())
    if as_json:
        print_json({"page": str(output), **found.total})
    else:
        total = found.total
        counted = ", ".join(
            f"{n:,} {one if n == 1 else many}"
            for n, one, many in (
                (total["stories"], "story", "stories"), (total["events"], "event", "events")
            )
        )  # fmt: skip
        summary = f"Wrote {output}: {counted}"
        out.print(summary, highlight=False, markup=False, soft_wrap=True)


def _write(path: Path, text: str) -> None:
    """Write the page whole: who asks a web server for it meanwhile gets the one before."""
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        if target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8")  # a pipe, or what refuses
            return
        try:
            beside.write_text(text, encoding="utf-8")
            if target.exists():
                shutil.copymode(target, beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError("the page cannot be written", path=path, reason=error) from error


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(report)
