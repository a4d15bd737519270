"""`dateline recipes`: questions that are ready to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from pipeline.cli.common import ConfigOption, JsonOption, LakeOption, lake_named, print_json
from pipeline.cli.consoles import out
from pipeline.cli.query import (
    FormatOption,
    MemoryOption,
    OutputOption,
    ParamOption,
    TimeoutOption,
    ask_apart,
    form_asked,
    parameters_of,
)

if TYPE_CHECKING:
    from pipeline.store.recipes.recipe_book import Recipe


def recipes(
    name: Annotated[
        str | None, typer.Argument(help="The recipe; none lists all.", show_default=False)
    ] = None,
    params: ParamOption = None,
    form: FormatOption = None,
    output: OutputOption = None,
    sql: Annotated[bool, typer.Option("--sql", help="Print its SQL instead of asking.")] = False,
    lake: LakeOption = None,
    config: ConfigOption = None,
    memory_mb: MemoryOption = 2048,
    timeout_s: TimeoutOption = 600.0,
    as_json: JsonOption = False,
) -> None:
    """Ask a question that is ready: who criticised whom, a dyad's days, an edge list, and others.

    Example: `dateline recipes`

    Example: `dateline recipes balance -p a=USA -p b=IRN -o balance.csv --lake /data/lake`
    """
    from pipeline.store.recipes.recipe_book import recipe
    from pipeline.store.recipes.recipe_book import recipes as all_recipes

    if name is None:
        if as_json:
            print_json([_facts(one) for one in all_recipes().values()])
            return
        for one in all_recipes().values():
            out.print(Text(one.name, style="bold"), Text(one.title), soft_wrap=True)
            given = " ".join(f"{p.name}={p.default}" for p in one.parameters)
            if given:
                out.print(Text(f"    {given}", style="dim"), soft_wrap=True)
        return
    asked = recipe(name)
    if sql:
        typer.echo(asked.sql, nl=False)
        return
    chosen = form_asked(form, output, as_json)
    values = asked.values(parameters_of(params or ()))
    at = lake_named(config, lake)
    ask_apart(at, asked.sql, values, chosen, output, memory_mb=memory_mb, timeout_s=timeout_s)


def _facts(found: Recipe) -> dict[str, object]:
    return {
        "name": found.name,
        "title": found.title,
        "text": found.text,
        "parameters": {one.name: one.default for one in found.parameters},
    }


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(recipes)
