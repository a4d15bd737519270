"""`dateline formats`: the wire formats and mappings, and what a file would be read as."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.cli.common import (
    ConfigOption,
    EncodingOption,
    JsonOption,
    MapOption,
    print_json,
    settings_of,
)
from pipeline.cli.consoles import err, out
from pipeline.cli.group import CommandGroup
from pipeline.escape import escaped
from pipeline.model import Item, Record, Reject

_SHOWN_CHARS = 70
_FIELDS = ("headline", "published_at", "provider", "provider_id", "bylines", "language", "dateline")

formats = typer.Typer(cls=CommandGroup, help="Wire formats and mappings.", no_args_is_help=True)


@formats.command("list")
def list_formats(as_json: JsonOption = False) -> None:
    """List the wire formats, in order of trial, and the mappings that are ready.

    Example: `dateline formats list`
    """
    from pipeline.parse.mapping.field_map import ready_mappings
    from pipeline.parse.sniff import FORMATS

    found = [{"format": entry.name, "by": _first_line(entry.matches.__doc__)} for entry in FORMATS]
    mappings = [
        {
            "mapping": entry.name,
            "by": "name" if not entry.when.has else "fields " + ", ".join(entry.when.has),
            "description": entry.description,
        }
        for entry in ready_mappings()
    ]
    if as_json:
        print_json({"formats": found, "mappings": mappings})
        return
    table = Table("format", "recognised by", box=None)
    for one in found:
        table.add_row(one["format"], one["by"])
    out.print(table)
    table = Table("mapping", "recognised by", "of", box=None)
    for one in mappings:
        table.add_row(one["mapping"], one["by"], one["description"])
    out.print(table)


@formats.command("try")
def try_file(
    path: Annotated[str, typer.Argument(help="A file, directory, pattern or URL.")],
    maps: MapOption = None,
    encoding: EncodingOption = None,
    records: Annotated[int, typer.Option(min=1, help="How many records are looked at.")] = 5,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what would be read from the first records of a file, and propose a mapping for them.

    Nothing is written. Redirect the proposal into a file, mend it, and give it with `--map`.

    Example: `dateline formats try export.csv`
    """
    from pipeline.parse import parse_record
    from pipeline.parse.text.decode import known_encoding
    from pipeline.source.archive.archive import first_records

    settings = settings_of(config, maps=maps)
    limits = settings.parse_limits
    name = known_encoding(encoding) if encoding else None
    found = list(islice(first_records(path, settings.lake.options, encoding=name), records))
    items = [item for record in found for item in parse_record(record, limits)]
    proposal = _proposal(found, name) if any(isinstance(item, Reject) for item in items) else None
    if as_json:
        facts = {"records": len(found), "items": [_facts(item) for item in items]}
        print_json({**facts, "proposal": proposal})
        return
    # A proposal that goes into a file or a pipe goes there alone.
    beside = err if proposal and not out.is_terminal else out
    for item in items:
        _show(item, beside)
    counts = Counter(type(item).__name__.lower() for item in items)
    counted = ", ".join(f"{number} {name}" for name, number in counts.items())
    beside.print(f"{len(found)} records: {counted}")
    if proposal:
        beside.print("A mapping that may fit; save it, mend it, and give it with --map:\n")
        typer.echo(escaped(proposal, keep="\n"))


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(formats, name="formats")


def _first_line(doc: str | None) -> str:
    return (doc or "").strip().split("\n", maxsplit=1)[0].rstrip(".")


def _facts(item: Item) -> dict[str, Any]:
    if isinstance(item, Reject):
        return {"reject": item.kind, "message": item.message, "evidence": item.evidence}
    facts: dict[str, Any] = {"format": item.format, "mapping": item.format_version}
    for name in _FIELDS:
        if value := getattr(item, name):
            facts[name] = value.isoformat() if name == "published_at" else value
    facts["paragraphs"] = len(item.paragraphs)
    body = item.body
    facts["begins"] = body if len(body) <= _SHOWN_CHARS else f"{body[: _SHOWN_CHARS - 1].rstrip()}…"
    facts["warnings"] = item.warnings
    return facts


def _show(item: Item, console: Console) -> None:
    table = Table.grid(padding=(0, 2))
    title = "reject" if isinstance(item, Reject) else "story"
    table.add_row(title, f"offset {item.offset}, item {item.item}")
    for name, value in _facts(item).items():
        if value in (None, (), ""):
            continue
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        table.add_row(f"  {name}", Text(escaped(shown)))
    console.print(table)


def _proposal(records: list[Record], encoding: str | None) -> str | None:
    """Return a mapping for the objects and rows among the records."""
    from pipeline.parse.mapping.propose import propose, propose_list

    objects: list[dict[str, Any]] = []
    columns: list[str] = []
    for record in records:
        found, columns = _objects(record.value, encoding)
        objects += found
    if len(objects) == 1 and (of_list := propose_list(objects[0])):
        return of_list
    return propose(objects, columns) if objects else None


def _objects(data: bytes, encoding: str | None) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the objects of a record, and the names made up for columns that have none."""
    import csv

    from pipeline.parse.draft import FaultError
    from pipeline.parse.text.decode import decode
    from pipeline.tabular import SEPARATOR_LINE, shape

    try:
        text = decode(data, encoding).text.lstrip("\ufeff")
    except FaultError:
        return [], []
    if text.lstrip().startswith("{"):
        try:
            return [json.loads(text)], []
        except (ValueError, RecursionError):
            return [], []
    found = shape(text, whole=True)
    if found is None:
        return [], []
    text = text[stated.end() :] if (stated := SEPARATOR_LINE.match(text)) else text
    try:
        lines = text.splitlines(keepends=True)
        rows = list(islice(csv.reader(lines, delimiter=found.delimiter), 50))
    except csv.Error:
        return [], []
    made_up = [] if found.has_header else [f"c{n + 1}" for n in range(found.width)]
    names = made_up or rows.pop(0)
    return [dict(zip(names, row, strict=False)) for row in rows], made_up
