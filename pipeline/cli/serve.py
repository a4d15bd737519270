"""`dateline serve`: the lake as a live page."""

from __future__ import annotations

import shutil
import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from pipeline import clock
from pipeline.cli.common import ConfigOption, LakeOption, LogLevelOption, settings_of
from pipeline.cli.consoles import err, out
from pipeline.errors import UsageError


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default=False)
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port, 0 for any free one.", show_default=False)
    ] = None,
    copy: Annotated[
        Path | None,
        typer.Option(help="The live copy's file, kept from start to start.", show_default=False),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(help="File with the token to ask for.", show_default=False)
    ] = None,
    behind_proxy: Annotated[
        bool | None,
        typer.Option(
            "--behind-proxy", help="A proxy in front asks who is there.", show_default=False
        ),
    ] = None,
    browse: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    lake: LakeOption = None,
    config: ConfigOption = None,
    log_level: LogLevelOption = "warning",
) -> None:
    """Show the lake as a live page, read only: newest stories, search, map, who to whom.

    On this machine alone, unless a token or a proxy is there (docs/serve.md). Shown is what may be
    shown at the moment of looking: nothing under embargo, withheld or killed.

    Example: `dateline serve --lake /data/lake`
    """
    try:
        from pipeline.serve.app import Site
        from pipeline.serve.gate import Access, hosts_of, listens_everywhere
        from pipeline.serve.questions import Copy
        from pipeline.serve.run_server import Followed, check_access, following, listen, token_of
        from pipeline.serve.run_server import serve as answer
    except ModuleNotFoundError as error:
        raise UsageError("the live page needs more: pip install 'dateline[serve]'") from error
    from pipeline.store.read.snapshot import open_snapshot

    settings = settings_of(
        config,
        lake=lake,
        serve={
            **{"host": host, "port": port, "copy_file": copy, "token_file": token_file},
            "behind_proxy": behind_proxy,
        },
    )
    options = settings.serve
    token = token_of(options.token, options.token_file)
    check_access(options.host, token, options.behind_proxy)
    open_snapshot(settings.lake.url, settings.lake.options)
    listener = listen(options.host, options.port)
    temporary = None if options.copy_file else Path(tempfile.mkdtemp(prefix="dateline-serve-"))
    path = options.copy_file or (temporary or Path()) / "live.sqlite"
    is_everywhere = listens_everywhere(options.host)
    site = Site(
        Copy(path, clock.now, most_s=options.query_timeout_s),
        clock.now,
        Access(hosts_of(options.host, options.hosts), token, is_everywhere),
        options.max_clients,
        options.max_streams,
    )
    shown = "localhost" if is_everywhere else options.host
    shown = f"[{shown}]" if ":" in shown else shown
    url = f"http://{shown}:{listener.getsockname()[1]}/"

    def started() -> None:
        also = ", and by this machine's name and addresses" if is_everywhere else ""
        line = f"Live page over {settings.lake.url}: {url}{also}"
        out.print(line, highlight=False, markup=False, soft_wrap=True)
        if browse:
            webbrowser.open(url)

    try:
        followed = Followed(path, settings.lake.url, settings.lake.options, options.refresh_s)
        with following(followed):
            answer(site, listener, started=started, log_level=log_level)
    finally:
        site.copy.close()
        listener.close()
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    err.print("stopped", style="dim")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(serve)
