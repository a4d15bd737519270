"""Commands of two words beside one that takes arguments: `replay kafka` and `replay PATH…`."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


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
