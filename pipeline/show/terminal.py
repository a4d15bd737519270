"""A story in a terminal: marks as colours, tables below."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from pipeline.show.facts import act, days, metadata, printable, provenance, side
from pipeline.show.find import Shown
from pipeline.show.marks import paragraphs, segments

COLOURS = {
    "PERSON": "magenta",
    "ORG": "cyan",
    "GPE": "green",
    "LOC": "green",
    "FAC": "green",
    "NORP": "blue",
}
_OTHER = "bright_black"
_ACTS = ("bold green", "bold red")
"""Acts of cooperation, acts of conflict."""


def render_story(shown: Shown) -> RenderableType:
    """Return everything that `dateline show` prints."""
    return Group(*_parts(shown))


def _parts(shown: Shown) -> Iterator[RenderableType]:
    story = shown.story
    yield Text()
    yield _marked(shown, 0, len(story["headline"]), "bold")
    yield Text(printable(_under(shown)), style="dim")
    for start, end in paragraphs(shown):
        yield Text()
        yield Padding(_marked(shown, start, end), (0, 2), expand=False)
    yield Text()
    yield _legend()
    yield Text()
    if shown.entities:
        yield _entities(shown)
    if shown.events:
        yield _events(shown)
    if story["region_evidence"]:
        yield _evidence(shown)
    yield Rule(style="dim")
    yield _facts([*metadata(shown), *provenance(shown)])


def _under(shown: Shown) -> str:
    story = shown.story
    parts = [story["dateline"], ", ".join(story["bylines"]), f"{story['date'] or 'no date'}"]
    return "  ·  ".join([*(part for part in parts if part), f"region {story['region']}"])


def _marked(shown: Shown, start: int, end: int, style: str = "") -> Text:
    text = Text(style=style)
    for segment in segments(shown, start, end):
        styles = []
        for mark in segment.marks:
            if mark.layer == "entity":
                styles.append(COLOURS.get(shown.entities[mark.row]["kind"], _OTHER))
            elif mark.layer == "trigger":
                styles.append("bold reverse")
            else:
                styles.append("underline")
        text.append(
            printable(shown.text[segment.start : segment.end]), " ".join(dict.fromkeys(styles))
        )
        numbers = {m.row + 1 for m in segment.ends if m.layer == "trigger"}
        if numbers:
            text.append(f"[{','.join(map(str, sorted(numbers)))}]", "bold red")
    return text


def _legend() -> Text:
    text = Text("marks: ", style="dim")
    for kind, colour in COLOURS.items():
        text.append(kind, colour).append(" ")
    text.append("other", _OTHER).append("  ").append("source or target", "underline").append("  ")
    return text.append("trigger", "bold reverse").append("[event]", "bold red")


def _entities(shown: Shown) -> Table:
    table = _table("Entities", "name", "kind", "country", "role", "mentions", "salience")
    for row in shown.entities:
        style = COLOURS.get(row["kind"], _OTHER)
        table.add_row(
            Text(printable(row["name"]), style),
            row["kind"],
            row["country"] or "",
            Text(printable(row["role"] or "")),
            str(row["mention_count"]),
            f"{row['salience']:.2f}",
        )
    return table


def _events(shown: Shown) -> Group:
    """Return the events under the sentence that says so."""
    parts: list[RenderableType] = [Text("Events", "bold")]
    sentence = None
    for number, row in enumerate(shown.events, start=1):
        if row["sentence_index"] != sentence:
            sentence = row["sentence_index"]
            quote = Text(printable(" ".join(row["sentence"].split())), "dim")
            parts += [Text(), Padding(quote, (0, 2), expand=False)]
        facts = [f"{row['confidence']:.2f}", days(row), row["place"] or row["place_country"]]
        line = Text(f"{number:>4}  ", "bold red")
        line.append(printable(side(row, "source")), "default not bold")
        line.append(f"  {act(row)}  ", _ACTS[row["quad_class"] > 2])
        line.append(printable(side(row, "target")), "default not bold")
        line.append(printable("   " + "  ".join(fact for fact in facts if fact)), "dim not bold")
        parts.append(line)
    return Group(*parts, Text())


def _evidence(shown: Shown) -> Table:
    table = _table(f"Region: {shown.story['region']}", "weight", "country", "from", "words")
    for row in shown.story["region_evidence"]:
        words = Text(printable(row["text"]))
        table.add_row(f"{row['weight']:.2f}", row["country"] or "", row["kind"], words)
    return table


def _facts(facts: list[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for label, value in facts:
        table.add_row(Text(label, "dim"), Text(printable(value)))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for name in columns:
        right = name in ("mentions", "salience", "sure", "weight")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    return table
