"""The recipes: `.sql` files beside this module, whose first comment says what each one is.

That comment is a title, a blank line, a paragraph, a blank line, and a line for each parameter:
`:param NAME=DEFAULT What it means.` (the default ends at the first space before a capital letter).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pipeline.errors import UsageError

_PARAMETER = re.compile(r":param (\w+)=(.*?) ([A-Z].*)")

_PAGE = """\
# Recipes

Made from `pipeline/store/recipes/` by `python -m pipeline.store.recipes.recipe_book`; do not edit.

Questions that are ready to ask. `dateline recipes` lists them; `dateline recipes NAME -p a=IRN
-o answer.csv` asks one, in any form of [query.md](query.md); `--sql` prints its SQL, to be changed
at will. All go by the views, so nothing is told of what may not be shown. Acts that are denied or
only possible are left out. A parameter that is not given takes its default; codes and names may
be in small letters.
"""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a recipe may be told: its default is a text, as all values are."""

    name: str
    default: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """One question: its SQL holds each parameter as `$name`."""

    name: str
    title: str
    text: str
    parameters: tuple[Parameter, ...]
    sql: str

    def values(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return the value of each parameter. Raises `UsageError` for one that it does not have."""
        known = {parameter.name: parameter.default for parameter in self.parameters}
        if unknown := sorted(set(given) - set(known)):
            raise UsageError(
                "the recipe has no such parameter", given=unknown[0], known=", ".join(known)
            )
        return {**known, **given}


@cache
def recipes() -> Mapping[str, Recipe]:
    """Return the recipes by name, in order."""
    found = files("pipeline.store.recipes").iterdir()
    names = sorted(file.name for file in found if file.name.endswith(".sql"))
    return {name.removesuffix(".sql"): _read(name.removesuffix(".sql")) for name in names}


def recipe(name: str) -> Recipe:
    """Return one recipe. Raises `UsageError` where there is none of that name."""
    known = recipes()
    if name not in known:
        raise UsageError("no such recipe", given=name, known=", ".join(known))
    return known[name]


def recipes_markdown() -> str:
    """Return docs/recipes.md."""
    parts = [_PAGE]
    for found in recipes().values():
        parts.append(f"\n## {found.name}\n\n{found.title}. {found.text}\n")
        if found.parameters:
            parts.append("\n| parameter | default | meaning |\n|---|---|---|\n")
            parts += [
                f"| `{one.name}` | {f'`{one.default}`' if one.default else ''} | {one.meaning} |\n"
                for one in found.parameters
            ]
    return "".join(parts)


def _read(name: str) -> Recipe:
    sql = files("pipeline.store.recipes").joinpath(f"{name}.sql").read_text("utf-8")
    comment = [line[3:] for line in sql.split("\n\n", 1)[0].splitlines()]
    parameters = tuple(
        Parameter(*found.groups()) for line in comment if (found := _PARAMETER.fullmatch(line))
    )
    words = " ".join(line for line in comment[1:] if not line.startswith(":param")).strip()
    return Recipe(name, comment[0].removesuffix("."), words, parameters, sql)


if __name__ == "__main__":
    sys.stdout.write(recipes_markdown())
