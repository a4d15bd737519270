"""The group of commands: two-word commands beside one that takes arguments; a help in our order.

Two words are `replay kafka` beside `replay PATH…`. The help is plain text: what draws boxes around
it (Typer's choice by default) takes twice as long to import as all else that a help needs.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from pipeline.errors import EXIT_CODES


class CommandGroup(TyperGroup):
    """A group whose help has the commands first, each with its first sentence, however long."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, then the options."""
        self.format_commands(ctx, formatter)
        records = (param.get_help_record(ctx) for param in self.get_params(ctx))
        with formatter.section("Options"):
            formatter.write_dl([record for record in records if record is not None])

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands in the order in which they were added."""
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, " ".join((command.help or "").partition("\n\n")[0].split()))
                    for name, command in commands
                    if command is not None and not command.hidden
                ]
            )


class Commands(CommandGroup):
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

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, the options, and what exit codes mean."""
        super().format_options(ctx, formatter)
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in EXIT_CODES])
