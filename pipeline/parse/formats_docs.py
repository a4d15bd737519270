"""Makes the tables of docs/formats.md from the formats themselves.

Run `python -m pipeline.parse.formats_docs`. How a format is recognised is what its `matches` says,
where its rules come from what its module says; fields and warnings are `formats/fields.tsv` and
`formats/warnings.tsv`. The page's other words are written by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from pipeline import tsv
from pipeline.parse.draft import Format
from pipeline.parse.sniff import FORMATS

BEGIN = (
    "<!-- formats: made by `python -m pipeline.parse.formats_docs`; "
    "do not edit up to the closing mark -->\n"
)
END = "<!-- /formats -->"
_A_TABLE = 4


def documented_rows(name: str) -> list[tuple[str, str, str]]:
    """Return the rows of a table of the formats: `fields` or `warnings`."""
    found = tsv.rows("pipeline.parse.formats", f"{name}.tsv")
    return [(first, second, third) for first, second, third in found]


def tables() -> str:
    """Return the tables: formats with their detection and source, fields, warnings."""
    return "\n".join(_tables()) + "\n"


def page(text: str) -> str:
    """Return a page with its tables made anew; what stands around them stays."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{tables()}\n{END}{rest.split(END, maxsplit=1)[1]}"


def _tables() -> Iterator[str]:
    yield "## Formats, in order of trial"
    yield "| format | recognised by | source of the rules |"
    yield "|---|---|---|"
    for entry in FORMATS:
        yield f"| {entry.name} | {_detection(entry)} | {_source(entry)} |"
    fields = documented_rows("fields")
    names = list(dict.fromkeys(name for name, _, _ in fields))
    yield "\n## Which field comes from where"
    for start in range(0, len(names), _A_TABLE):
        yield from _fields(names[start : start + _A_TABLE], fields)
    yield "## What is warned of"
    yield "| format | words of the warning | what it tells |"
    yield "|---|---|---|"
    for name, words, meaning in documented_rows("warnings"):
        yield f"| {name} | `{words.strip()}` | {meaning} |"


def _fields(names: list[str], fields: list[tuple[str, str, str]]) -> Iterator[str]:
    cells = {(name, field): where for name, field, where in fields}
    yield f"| field | {' | '.join(names)} |"
    yield "|---" * (len(names) + 1) + "|"
    for field in dict.fromkeys(field for name, field, _ in fields if name in names):
        yield f"| {field} | {' | '.join(cells.get((name, field), '–') for name in names)} |"  # noqa: RUF001
    yield ""


def _detection(entry: Format) -> str:
    looked_for = _one_line(type(entry).matches.__doc__).removeprefix("Look for ")
    return looked_for[:1].upper() + looked_for[1:]


def _source(entry: Format) -> str:
    module = sys.modules[type(entry).__module__]
    first = (module.__doc__ or "").split("\n\n", maxsplit=1)[0]
    return _one_line(first)


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
