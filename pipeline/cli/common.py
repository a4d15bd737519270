"""What the commands share: their options, the settings, signals, output."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.errors import UsageError
from pipeline.redact import has_password

if TYPE_CHECKING:
    from pipeline.config import Settings

LakeOption = Annotated[
    str | None, typer.Option("--lake", help="Where the lake is: a path or an object-store URL.")
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Configuration file (TOML).", show_default=False)
]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        help="Character set of texts that are not UTF-8 and say nothing of theirs, as cp1250.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
BootstrapOption = Annotated[
    str | None,
    typer.Option("--bootstrap-servers", help="Kafka brokers, host:port, separated by commas."),
]
TopicOption = Annotated[
    list[str] | None,
    typer.Option(
        "--topic", help="Topics, separated by commas; may be repeated.", show_default=False
    ),
]
FromDayOption = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help="First day.", show_default=False),
]
ToDayOption = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.", show_default=False),
]
LogLevelOption = Annotated[
    str, typer.Option("--log-level", help="debug, info, warning or error.", show_default=True)
]
MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        help="Mapping for objects or tables of a foreign shape: a file (TOML) or a ready one's "
        "name; may be repeated.",
        show_default=False,
    ),
]
_OBEYED = re.compile(r"[\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters that JSON lets stand: DEL, C1 and those of writing direction."""

_LAKE_URL = "DATELINE_LAKE__URL"
_HARMLESS = frozenset((_LAKE_URL, "DATELINE_DATA"))
"""Variables of which none is wrong whatever it says but for a password: the second one is of tests
and benchmarks, and no setting."""

_LEVELS = ("debug", "info", "warning", "error")


def settings_of(
    config: Path | None,
    *,
    lake: str | None = None,
    bootstrap_servers: str | None = None,
    topic: list[str] | None = None,
    maps: Sequence[str] | None = None,
    **overrides: Mapping[str, Any],
) -> Settings:
    """Load the settings, with what stood on the command line on top; None overrides nothing.

    `maps` are mappings for foreign shapes: files, or names of ready ones.
    """
    sections: dict[str, dict[str, Any]] = {name: dict(part) for name, part in overrides.items()}
    sections.setdefault("lake", {})["url"] = lake
    kafka = sections.setdefault("kafka", {})
    kafka["bootstrap_servers"] = bootstrap_servers.split(",") if bootstrap_servers else None
    kafka["topics"] = topics_of(topic) or None
    given = {
        name: {key: value for key, value in part.items() if value is not None}
        for name, part in sections.items()
    }
    if maps:
        # Only here: the parsers take long to import, and most commands read no record.
        from pipeline.parse.mapping.field_map import find_mapping

        given["formats"] = dict(find_mapping(name) for name in maps)
    # Only here, as in `lake_named`: pydantic takes longer to import than a question to answer.
    from pipeline.config import load

    return load(config, {name: part for name, part in given.items() if part})


def topics_of(given: list[str] | None) -> list[str]:
    """Return the topics that `--topic` names, which may hold several and be repeated."""
    return [topic for names in given or () for topic in names.split(",")]


@dataclass(frozen=True, slots=True)
class LakeAddress:
    """Where a lake is, and what its store is to be told."""

    url: str
    options: Mapping[str, str] = field(default_factory=dict, repr=False)


def lake_named(config: Path | None, lake: str | None) -> LakeAddress:
    """Return the lake that the settings name, for a command that asks them nothing else.

    As `settings_of` finds it, all settings looked through; where nothing is set but the lake's URL,
    there is nothing to look through, and the settings are not imported.
    """
    said = {name for name in os.environ if name.upper().startswith("DATELINE_")}
    if config is None and said <= _HARMLESS:
        url = os.environ.get(_LAKE_URL, "lake") if lake is None else lake
        if not has_password(url):
            return LakeAddress(url)
    found = settings_of(config, lake=lake).lake
    return LakeAddress(found.url, found.options)


def set_up_logs(level: str) -> None:
    """Configure the logs, or refuse the level."""
    if level not in _LEVELS:
        raise UsageError("no such log level", given=level, known=", ".join(_LEVELS))
    # Only here: a command that keeps no log starts sooner without.
    from pipeline.observe import logs

    logs.configure(level)


@contextmanager
def stop_on_signals() -> Iterator[tuple[threading.Event, threading.Event]]:
    """Give two events: set by the first Ctrl-C or SIGTERM, and by the second one."""
    stop, hurry = threading.Event(), threading.Event()

    def on_signal(*_: object) -> None:
        if stop.is_set():
            hurry.set()
        stop.set()

    before = {n: signal.signal(n, on_signal) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop, hurry
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def print_json(data: object) -> None:
    """Print `data` as JSON, unstyled; what a terminal would obey is escaped."""
    text = json.dumps(data, ensure_ascii=False, indent=1, default=str)
    typer.echo(_OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def size_text(size_bytes: int) -> str:
    """Say a size in kB, or in MB from a thousand on."""
    kb = size_bytes / 1e3
    return f"{kb:,.0f} kB" if kb < 1000 else f"{kb / 1e3:,.1f} MB"
