"""`dateline query`: a question in SQL, answered as a table or as a file."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline import clock
from pipeline.cli.common import ConfigOption, JsonOption, LakeAddress, LakeOption, lake_named
from pipeline.errors import UsageError
from pipeline.escape import escaped

if TYPE_CHECKING:
    import pyarrow as pa
    from arro3.core import Table
    from rich.table import Table as Box

_WIDTH = 80
"""Columns of a terminal that nobody told of."""

FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="table (expanded where it does not fit), expanded, csv, tsv, json, jsonl, markdown, "
        "text (one column, no head), parquet, arrow or xlsx. By default "
        "what the name of `-o` ends in, else table.",
        show_default=False,
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write the answer to this file.", show_default=False),
]
MemoryOption = Annotated[
    int, typer.Option("--memory-mb", help="Memory that the query may take, in MiB.", min=64)
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout-s", help="Seconds that the query may take.", min=1)
]
ParamOption = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        "-p",
        metavar="NAME=VALUE",
        help="Value of `$NAME` in the SQL, a text (`$n::int` makes a number of it); may be "
        "repeated.",
        show_default=False,
    ),
]


def query(
    sql: Annotated[
        str | None,
        typer.Argument(
            help="One SELECT; `-`, or none where something is piped in, reads standard input.",
            show_default=False,
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="Read the SQL from this file.", show_default=False),
    ] = None,
    params: ParamOption = None,
    form: FormatOption = None,
    output: OutputOption = None,
    lake: LakeOption = None,
    config: ConfigOption = None,
    memory_mb: MemoryOption = 2048,
    timeout_s: TimeoutOption = 600.0,
    as_json: JsonOption = False,
) -> None:
    """Ask the lake in SQL (DuckDB): tables stories, entities, events, rejects and ledger.

    The views `current`, `current_entities` and `current_events` show the latest revision of each
    story, without what was killed or is under embargo. The query runs in a process of its own,
    which is ended where it takes too much.

    Example: `dateline query "select date, region, headline from current order by date"`

    Example: `dateline query -f month.sql -p country=IRN -o month.csv`
    """
    form = form_asked(form, output, as_json)
    text = _statement(sql, file)
    named = lake_named(config, lake)
    values = parameters_of(params or ())
    ask_apart(named, text, values, form, output, memory_mb=memory_mb, timeout_s=timeout_s)


def ask_apart(
    lake: LakeAddress,
    sql: str,
    parameters: Mapping[str, object],
    form: str,
    output: Path | None,
    *,
    memory_mb: int,
    timeout_s: float,
) -> None:
    """Answer in a process of its own, which is ended above `memory_mb` or `timeout_s`.

    A fork of this one, which need not import again what this one has; a new one where a fork has no
    use of the lake's library: its threads do not live on in it.
    """
    from pipeline.store.read.query_apart import forked, query_apart

    asked = (lake.url, lake.options, sql, clock.now())
    if "deltalake" in sys.modules:
        found = query_apart(*asked, parameters=parameters, memory_mb=memory_mb, timeout_s=timeout_s)
        answer(found, form, output)
        return
    part = None if output is None else _part_of(output)
    try:
        with forked(memory_mb, timeout_s):
            from pipeline.store.read.query import query_rows as ask

            found = ask(*asked, parameters=parameters, memory_mb=memory_mb)
            answer(found, form, output, part)
    finally:
        # The child may have been ended while it wrote.
        if part is not None:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def form_asked(form: str | None, output: Path | None, as_json: bool) -> str:
    """Return the form that the options ask for, a table where they ask for none.

    Raises `UsageError` for a form that does not exist or is none for a terminal.
    """
    from pipeline.show.forms import BINARY_FORMS, FORMS, form_named

    if as_json and form not in (None, "json"):
        raise UsageError("--json and --format ask for different formats", format=form)
    chosen = "json" if as_json else form
    if chosen is None:
        chosen = "table" if output is None else form_named(output)
    if chosen not in FORMS:
        raise UsageError("no such format", given=chosen, known=", ".join(FORMS))
    if chosen in BINARY_FORMS and output is None and sys.stdout.isatty():
        raise UsageError("this format is not for a terminal: write it to a file with -o")
    return chosen


def parameters_of(given: Sequence[str]) -> dict[str, str]:
    """Return `NAME=VALUE`s as a mapping. Raises `UsageError` for what is none, and for a repeat."""
    found: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name.isidentifier():
            raise UsageError("a parameter is NAME=VALUE", given=text)
        if name in found:
            raise UsageError("a parameter is given twice", name=name)
        found[name] = value
    return found


def answer(
    found: Table | pa.Table, form: str, output: Path | None, part: Path | None = None
) -> None:
    """Write `found` to the file, whole or not at all, or to standard output.

    `part` is where the file is written first, by default beside it.
    """
    from arro3.core import Table

    from pipeline.show.answer import as_file, as_text
    from pipeline.show.forms import BINARY_FORMS

    found = Table.from_arrow(found)
    notes: list[str] = []
    if output is not None:
        part = part or _part_of(output)
        try:
            with part.open("wb") as sink:
                notes = as_file(found, form, sink)
            part.replace(output)
        except OSError as error:
            raise UsageError("the file cannot be written", file=output, reason=error) from error
        finally:
            part.unlink(missing_ok=True)
        typer.echo(f"Wrote {found.num_rows:,} rows to {output}", err=True)
    elif form in BINARY_FORMS:
        notes = as_file(found, form, sys.stdout.buffer)
    elif form == "table" and sys.stdout.isatty() and (boxed := _boxed(found)) is not None:
        from rich.console import Console

        Console().print(boxed)
    else:
        for line in as_text(found, form, _width()):
            # A pipe gets the values as they are; a terminal would obey some of them.
            typer.echo(escaped(line, keep="\n\t") if sys.stdout.isatty() else line)
    for note in notes:
        typer.echo(note, err=True)


def _part_of(output: Path) -> Path:
    return output.with_name(f".{output.name}.{os.getpid()}.part")


def _boxed(found: Table) -> Box | None:
    """Return the rows in a box, or None where they do not fit."""
    from rich import box
    from rich.table import Table as Box
    from rich.text import Text

    from pipeline.show.answer import cells_of, fitting_widths, is_numeric

    # A box has a character more between columns than plain text has, and one at each side.
    if fitting_widths(found, _width() - found.num_columns - 3) is None:
        return None
    table = Box(box=box.ROUNDED, padding=(0, 1))
    for name, kind in zip(found.column_names, found.schema.types, strict=True):
        table.add_column(
            Text(escaped(name)),
            justify="right" if is_numeric(kind) else "left",
            no_wrap=True,
        )
    for row in cells_of(found):
        table.add_row(*map(Text, row))
    return table


def _width() -> int:
    """Return the columns of the terminal; `COLUMNS`, else 80, where there is none."""
    if sys.stdout.isatty():
        return shutil.get_terminal_size((_WIDTH, 24)).columns
    given = os.environ.get("COLUMNS", "")
    return int(given) if given.isdigit() and int(given) else _WIDTH


def _statement(sql: str | None, file: Path | None) -> str:
    if sql is not None and file is not None:
        raise UsageError("the SQL is given twice: as an argument and by --file")
    if file is not None and str(file) != "-":
        try:
            return file.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError("the file cannot be read", file=file, reason=error) from error
    if sql in (None, "-"):
        if sql is None and file is None and sys.stdin.isatty():
            raise UsageError("no SQL: give it as an argument, by --file, or on standard input")
        return sys.stdin.read()
    return str(sql)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(query)
