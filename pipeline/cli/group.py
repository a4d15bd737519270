"""The group of commands: two-word commands beside one that takes arguments; a help in our order.

Two words are `replay kafka` beside `replay PATH…`.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from pipeline.errors import EXIT_CODES


class Commands(TyperGroup):
    """A group that takes the first two words for a command where one has that name.

    So a file that has the name of the second word is given with its folder: `replay ./kafka`.
    """

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name, the command, and the arguments that are left."""
        name = " ".join(args[:2])
        command = self.get_command(ctx, name) if len(args) > 1 else None
        if command is not None:
            return name, command, args[2:]
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the commands first, then the options, then what exit codes mean.

        Typer's own help has the options first: it is given a group without any.
        """
        without_options = copy(self)
        without_options.params, without_options.add_help_option = [], False
        TyperGroup.format_help(without_options, ctx, formatter)
        console = Console()
        records = (param.get_help_record(ctx) for param in self.get_params(ctx))
        options = _grid(record for record in records if record is not None)
        console.print(Panel(options, title="Options", title_align="left", border_style="dim"))
        codes = ((str(code), meaning.replace("`", "")) for code, meaning in EXIT_CODES)
        console.print(Padding("Exit codes", (1, 1, 0, 1)), style="bold")
        console.print(Padding(_grid(codes), (0, 1, 1, 1)))


def _grid(rows: Iterable[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name, meaning in rows:
        grid.add_row(Text(name, "cyan"), Text(meaning))
    return grid
