"""`dateline sql`: a shell over the lake, with completion and history."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import typer

from pipeline import clock
from pipeline.cli.common import ConfigOption, LakeOption, lake_named
from pipeline.cli.consoles import err
from pipeline.cli.query import MemoryOption, TimeoutOption, answer
from pipeline.errors import DatelineError
from pipeline.escape import escaped

_KEYWORDS = (
    *("select", "from", "where", "group by all", "order by", "limit", "join", "left join", "using"),
    *("count(*)", "count(distinct", "avg(", "min(", "max(", "and", "or", "not", "is null", "as"),
    *("between", "desc", "having", "list_contains(", "date_trunc('month',", "describe", "unnest("),
)
_NAMED = re.compile(r"^  \S.* AS (\w+),?$", re.MULTILINE)
"""A column that a view names, in the list of its outermost SELECT."""

_HELP = """\
A statement ends with `;` and may have several lines.
\\d             tables and views        \\d NAME    columns of one
\\recipes       questions at hand       \\recipe NAME  the SQL of one, with its defaults filled in
\\x             expanded on or off      \\q         leave (also Ctrl-D)"""


def sql(
    lake: LakeOption = None,
    config: ConfigOption = None,
    memory_mb: MemoryOption = 2048,
    timeout_s: TimeoutOption = 600.0,
) -> None:
    """Open a shell: SQL over the lake, with completion of tables, columns and codes, and history.

    `\\?` tells what else it knows. What is piped in is carried out line by line.

    Example: `dateline sql --lake /data/lake`
    """
    from pipeline.store.read.query_apart import query_apart as ask

    at = lake_named(config, lake)

    def asked(text: str, form: str) -> None:
        found = ask(at.url, at.options, text, clock.now(), memory_mb=memory_mb, timeout_s=timeout_s)
        answer(found, form, None)

    shell = _Shell(asked)
    for line in _lines(shell):
        if not shell.take(line):
            return
    shell.end()


class _Shell:
    """What is typed, line by line: commands with a backslash, and statements up to their `;`."""

    def __init__(self, ask: Callable[[str, str], None]) -> None:
        self._ask = ask
        self._form = "table"
        self._held: list[str] = []

    @property
    def is_within(self) -> bool:
        """Whether a statement has begun and not ended."""
        return bool(self._held)

    def drop(self) -> None:
        """Forget the statement that has begun."""
        self._held = []

    def take(self, line: str) -> bool:
        """Take a line; False where it asks to leave."""
        if line.lstrip().startswith("\\"):
            return self._command(*line.split())
        if line.strip() or self._held:
            self._held.append(line)
        if line.rstrip().endswith(";"):
            self.end()
        return True

    def end(self) -> None:
        """Carry out what has been typed; a fault is told, and the shell goes on."""
        text, self._held = "\n".join(self._held).strip().removesuffix(";"), []
        if text:
            self._guarded(lambda: self._ask(text, self._form))

    def _command(self, name: str, word: str = "", *_: str) -> bool:
        if name in ("\\q", "\\quit"):
            return False
        if name == "\\x":
            self._form = "table" if self._form == "expanded" else "expanded"
            typer.echo(f"Answers come as {self._form}.")
        elif name == "\\d":
            statement = f'DESCRIBE "{word.replace(chr(34), "")}"' if word else "SHOW TABLES"
            self._guarded(lambda: self._ask(statement, self._form))
        elif name == "\\recipes":
            from pipeline.store.recipes.recipe_book import recipes

            width = max(map(len, recipes())) + 2
            for one in recipes().values():
                typer.echo(f"{one.name:{width}}{one.title}")
        elif name == "\\recipe":
            self._guarded(lambda: typer.echo(_filled(word)))
        else:
            if name not in ("\\h", "\\help", "\\?"):
                err.print(f"error: there is no {escaped(name)} here", markup=False, highlight=False)
            typer.echo(_HELP)
        return True

    @staticmethod
    def _guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except DatelineError as error:
            err.print(f"error: {escaped(str(error), keep=chr(10))}", markup=False, highlight=False)


def words() -> list[str]:
    """Return what can be completed: tables, views, tables of codes, their columns, key words.

    And codes: regions, roots, roles, countries.
    """
    from pipeline.store.codes.codes import CODES
    from pipeline.store.read.views import KNOWN, VIEWS, view_text
    from pipeline.store.schema.contract import LINKS, TABLES, contract

    found = {*KNOWN, *_KEYWORDS}
    for view in VIEWS:
        found.update(_NAMED.findall(view_text(view)))
    for table in (*TABLES, LINKS):
        found.update(contract(table).names)
    for make in CODES.values():
        found.update(make().columns)
    for name in ("regions", "roots", "roles", "countries"):
        found.update(str(row[0]) for row in CODES[name]().rows)
    return sorted(found)


def _filled(name: str) -> str:
    """Return the SQL of a recipe with its defaults in the places of its parameters."""
    from pipeline.store.recipes.recipe_book import recipe

    found = recipe(name)
    text = found.sql
    # The longest first: one name may begin another.
    for one in sorted(found.parameters, key=lambda parameter: -len(parameter.name)):
        quoted = one.default.replace("'", "''")
        text = text.replace(f"${one.name}", f"'{quoted}'")
    return text


def _lines(shell: _Shell) -> Iterator[str]:
    if not sys.stdin.isatty():
        yield from (line.rstrip("\n") for line in sys.stdin)
        return
    # Only now: who pipes SQL in has no use for it.
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.history import FileHistory

    session: PromptSession[str] = PromptSession(
        history=FileHistory(str(_history())),
        completer=WordCompleter(words(), ignore_case=True, WORD=False),
        complete_while_typing=False,
    )
    typer.echo("SQL over the lake; \\? for help, \\q to leave.")
    while True:
        try:
            yield session.prompt("    ...> " if shell.is_within else "dateline> ")
        except KeyboardInterrupt:
            shell.drop()
        except EOFError:
            return


def _history() -> Path:
    """Return the file of what was typed, for its owner alone."""
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    path = home / "dateline" / "sql_history"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    return path


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(sql)
