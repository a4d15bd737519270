"""The tables of a report: the numbers behind each chart, with the stories behind each number."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.show.facts import printable
from pipeline.show.find import Row
from pipeline.show.report.charts import bucket_words, sparkline
from pipeline.show.report.figures import Figures, revisions_behind, small_unit_of
from pipeline.store.codes.codes import QUAD_CLASSES, country_with_code, region_name

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the beginning of a cell."""

_QUAD_HEADS = tuple(QUAD_CLASSES.values())


@dataclass(frozen=True, slots=True)
class TableRow:
    """Cells of one row, its anchor on the page, and revisions that it was counted from.

    `chart` is drawn in a cell of its own, or None.
    """

    anchor: str
    cells: tuple[object, ...]
    stories: tuple[str, ...] = ()
    chart: object = None


@dataclass(frozen=True, slots=True)
class Table:
    """A figure's numbers; the last `numbers` of the `heads` are numbers.

    `download` is the same as CSV, in a `data:` URL that works without a script.
    """

    name: str
    heads: tuple[str, ...]
    numbers: int
    rows: tuple[TableRow, ...]
    download: str


_NEEDS_CODING = re.compile("[\\x00-\\x1f%#\"'<>&\\x7f-\\x9f]")
"""What cannot stand in a `data:` URL, or would be longer as an entity of HTML than coded."""

BEHIND = 5
"""How many of the stories behind a figure a page leads to."""

_MOST_CELL = 300
"""Characters of a cell: longer ones are no names."""

_MOST_REJECTS = 100


@dataclass(frozen=True, slots=True)
class Tables:
    """Makes the tables of `found`; `countries` gives the names of codes.

    A row leads to up to `links` of the revisions that are `on_page`, else it names one that is not.
    """

    found: Figures
    countries: Mapping[str, str]
    on_page: Collection[str] = ()
    links: int = BEHIND

    def by_time(self) -> Table:
        """Return the stories of each bucket, with its regions in words."""
        of_bucket: dict[str, list[Row]] = {}
        for row in self.found.stories_by_time:
            of_bucket.setdefault(row["bucket"].isoformat(), []).append(row)
        rows = []
        for bucket, regions in of_bucket.items():
            when = bucket_words(regions[0]["bucket"], self.found.unit)
            named = ", ".join(f"{region_name(row['region'])} {row['n']}" for row in regions)
            stories = [revision for row in regions for revision in revisions_behind(row)]
            cells = (when, named, sum(row["n"] for row in regions))
            rows.append(TableRow(f"time-{bucket}", cells, self._leading(stories)))
        rows += [self._row("time-undated", ("no date", ""), row) for row in self.found.undated]
        return _table("stories-by-time", (self.found.unit, "regions", "stories"), 1, rows)

    def regions(self) -> Table:
        """Return the stories of each region."""
        rows = [
            self._row(f"region-{row['region']}", (region_name(row["region"]), row["region"]), row)
            for row in self.found.regions
        ]
        return _table("regions", ("region", "slug", "stories"), 1, rows)

    def of_countries(self) -> Table:
        """Return how many stories are on each country."""
        rows = [
            self._row(
                f"country-{row['country']}",
                (self.countries.get(row["country"], row["country"]), row["country"]),
                row,
            )
            for row in self.found.countries
        ]
        return _table("countries", ("country", "code", "stories"), 1, rows)

    def places(self) -> Table:
        """Return the events at each place."""
        rows = [
            self._row(
                f"place-{number}",
                (
                    *(row["place"], self._country(row["country"]), row["exactness"]),
                    *(f"{row['latitude']:.2f}", f"{row['longitude']:.2f}", *_quads(row)),
                ),
                row,
            )
            for number, row in enumerate(self.found.places, start=1)
        ]
        heads = ("place", "country", "exact to", "latitude", "longitude", *_QUAD_HEADS, "events")
        return _table("places", heads, 7, rows)

    def states(self) -> Table:
        """Return the events between countries."""
        rows = [
            self._row(
                f"states-{row['source']}-{row['target']}",
                (self._country(row["source"]), self._country(row["target"]), *_quads(row)),
                row,
            )
            for row in self.found.states
        ]
        return _table("between-countries", ("source", "target", *_QUAD_HEADS, "events"), 5, rows)

    def dyads(self) -> Table:
        """Return who does what to whom, by the actors' own names."""
        rows = [
            self._row(
                f"dyad-{number}",
                (
                    self._side(row["source"], row["source_country"]),
                    ", ".join(root.lower() for root in row["roots"]),
                    self._side(row["target"], row["target_country"]),
                    f"{row['goldstein']:.1f}",
                ),
                row,
            )
            for number, row in enumerate(self.found.dyads, start=1)
        ]
        return _table("dyads", ("source", "acts", "target", "Goldstein", "events"), 2, rows)

    def series(self) -> Table:
        """Return the events of each country over time."""
        unit = small_unit_of(self.found.total["first"], self.found.total["last"])
        rows = [
            self._row(
                f"series-{row['country']}-{row['bucket'].isoformat()}",
                (
                    self._country(row["country"]),
                    bucket_words(row["bucket"], unit),
                    *_quads(row),
                ),
                row,
            )
            for row in self.found.series
        ]
        heads = ("country", unit, *_QUAD_HEADS, "events")
        return _table("cooperation-and-conflict", heads, 5, rows)

    def named(self, name: str, named: Sequence[Row]) -> Table:
        """Return persons or bodies, with how many stories name them over time."""
        rows = [
            TableRow(
                f"{name}-{number}",
                (
                    *(row["name"], row["role"] or "", self._country(row["country"])),
                    *(int(row["mentions"]), row["n"]),
                ),
                self._leading(revisions_behind(row)),
                sparkline(dict(row["trend"] or ()), self.found.buckets),
            )
            for number, row in enumerate(named, start=1)
        ]
        return _table(name, ("name", "role", "country", "mentions", "stories"), 2, rows)

    def topics(self) -> Table:
        """Return the stories of each topic."""
        rows = [
            self._row(f"topic-{number}", (row["name"], row["code"]), row)
            for number, row in enumerate(self.found.topics, start=1)
        ]
        return _table("topics", ("topic", "code", "stories"), 1, rows)

    def providers(self) -> Table:
        """Return the stories of each provider in each language."""
        rows = [
            self._row(
                f"provider-{number}", (row["provider"] or "unknown", row["language"] or ""), row
            )
            for number, row in enumerate(self.found.providers, start=1)
        ]
        return _table("providers", ("provider", "language", "stories"), 1, rows)

    def rejects(self) -> Table:
        """Return the rejects by kind: failures that are open, then skips."""
        rows = [
            TableRow(
                f"reject-{number}", (row["kind"], row["stage"], row["message"] or "", row["n"])
            )
            for number, row in enumerate(self.found.rejects[:_MOST_REJECTS], start=1)
        ]
        return _table("rejects", ("kind", "stage", "as", "records"), 1, rows)

    def _row(self, anchor: str, cells: tuple[object, ...], row: Row) -> TableRow:
        return TableRow(anchor, (*cells, row["n"]), self._leading(revisions_behind(row)))

    def _leading(self, revisions: Sequence[str]) -> tuple[str, ...]:
        """Return those of `revisions` that are on the page, or one that is not."""
        there = [revision for revision in revisions if revision in self.on_page]
        return tuple(there[: self.links] or revisions[:1])

    def _side(self, label: str, code: str | None) -> str:
        """Return an actor's name with its country, once where both are the same."""
        if code is None:
            return label
        is_country = label == self.countries.get(code)
        return self._country(code) if is_country else f"{label}, {self._country(code)}"

    def _country(self, code: str | None) -> str:
        return country_with_code(code, self.countries)


def _quads(row: Row) -> tuple[int, ...]:
    return tuple(row[f"quad{quad}"] for quad in QUAD_CLASSES)


def _table(name: str, heads: tuple[str, ...], numbers: int, rows: Sequence[TableRow]) -> Table:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(heads)
    made = [replace(row, cells=tuple(map(_bounded, row.cells))) for row in rows]
    for row in made:
        writer.writerow([without_formulas(cell) for cell in row.cells])
    coded = _NEEDS_CODING.sub(lambda found: f"%{ord(found[0]):02X}", text.getvalue())
    return Table(name, heads, numbers, tuple(made), f"data:text/csv;charset=utf-8,{coded}")


def _bounded(cell: object) -> object:
    """Return a cell that has an end, whatever a story holds."""
    if isinstance(cell, str) and len(cell) > _MOST_CELL:
        return f"{cell[:_MOST_CELL]}…"
    return cell


def without_formulas(cell: object) -> str:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    text = printable(cell)
    if text.startswith(_FORMULA) and not _is_number(text):
        return f"'{text}"
    return text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
