"""`dateline show`: one story, with what was found in it marked."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from pipeline import clock
from pipeline.cli.common import ConfigOption, JsonOption, LakeOption, print_json, settings_of
from pipeline.cli.consoles import out
from pipeline.errors import UsageError


def show(
    story: Annotated[
        str,
        typer.Argument(
            metavar="STORY_ID",
            help="A story_id or revision_id, or its beginning.",
            show_default=False,
        ),
    ],
    lake: LakeOption = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page to this file.", show_default=False)
    ] = None,
    browse: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one story of the lake: entities, events and the evidence for its region.

    Killed and embargoed revisions are shown too, and said to be so.

    Example: `dateline show 488d53 --lake /data/lake --html story.html`
    """
    from pipeline.show.find import find_story
    from pipeline.show.story_page import page
    from pipeline.show.terminal import render_story

    settings = settings_of(config, lake=lake)
    shown = find_story(settings.lake.url, settings.lake.options, story, clock.now())
    if as_json:
        print_json({"story": shown.story, "entities": shown.entities, "events": shown.events})
    if browse and html is None:
        html = Path(tempfile.mkdtemp(prefix="dateline-show-")) / "story.html"
    if html is not None:
        try:
            html.write_text(page(shown), encoding="utf-8")
        except OSError as error:
            raise UsageError("the page cannot be written", path=html, reason=error) from error
        if browse:
            webbrowser.open(html.resolve().as_uri())
        elif not as_json:
            out.print(f"Wrote {html}", highlight=False, markup=False)
    elif not as_json:
        out.print(render_story(shown))


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(show)
