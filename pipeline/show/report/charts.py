"""Charts as shapes with places and names, which templates write as SVG.

A chart says in words what it shows (`label`), and each of its links where the same figures stand in
a table. Nothing here escapes: `render` does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pipeline.show.report.figures import Row, Unit, bucket_of
from pipeline.show.report.world import HEIGHT, WIDTH, project, shapes
from pipeline.store.codes.codes import QUAD_CLASSES

MOST_REGIONS = 6
"""Regions with a colour of their own; the others share one."""

_GAP = 0.2
_DIGIT = 9.0
_LETTER = 8.5
"""How wide a figure and a letter are at most, in the sizes of page.css."""
_LEAST_MATRIX = 560.0
_STEPS = 5
_EDGE = 16
"""A label nearer to the right edge would be cut off."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One thing drawn: `kind` is rect, circle, path, line or text, `at` its numbers in SVG's order.

    `d` are a path's or line's points, `text` what is written, `title` what a pointer shows.
    """

    kind: str
    css: str
    at: tuple[float, ...] = ()
    d: str = ""
    text: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class LinkedShapes:
    """Shapes that lead to one row of a table; without `href` they lead nowhere.

    `label` is what they are called, and with scripts what a pointer shows (`tips.js`).
    """

    shapes: tuple[Drawn, ...]
    href: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of `width` by `height`, and the words for whoever does not see it."""

    width: float
    height: float
    label: str
    parts: tuple[LinkedShapes, ...]
    css: str = ""
    keys: tuple[tuple[str, str], ...] = field(default=())


def stories_over_time(
    rows: Sequence[Row], buckets: Sequence[date], unit: Unit, names: Mapping[str, str]
) -> Chart:
    """Return stacked bars: stories of each bucket by region, those with most stories at the bottom.

    `names` gives the regions, those with most stories first, and what they are called.
    """
    width, height, left, bottom, top = 960.0, 240.0, 44.0, 24.0, 8.0
    coloured = list(names)[:MOST_REGIONS]
    counts: dict[date, dict[str, int]] = {bucket: {} for bucket in buckets}
    for row in rows:
        region = row["region"] if row["region"] in coloured else ""
        of_bucket = counts[row["bucket"]]
        of_bucket[region] = of_bucket.get(region, 0) + row["n"]
    most = max((sum(of_bucket.values()) for of_bucket in counts.values()), default=1) or 1
    scale = (height - bottom - top) / _round_up(most)
    step = (width - left) / max(1, len(buckets))
    parts = [*_grid(_round_up(most), left, width, height - bottom, scale)]
    for index, bucket in enumerate(buckets):
        x, y = left + index * step, height - bottom
        shapes_of_bucket = []
        for region in (*coloured, ""):
            n = counts[bucket].get(region, 0)
            if n:
                y -= n * scale
                bar = (x + step * _GAP / 2, y, step * (1 - _GAP), n * scale)
                called = names[region] if region else "other regions"
                css = f"series{coloured.index(region)}" if region else "series-other"
                shapes_of_bucket.append(Drawn("rect", css, bar, title=f"{called}: {n}"))
        if shapes_of_bucket:
            count = sum(counts[bucket].values())
            label = f"{bucket_words(bucket, unit)}: {count} {_plural(count, 'story', 'stories')}"
            parts.append(LinkedShapes(tuple(shapes_of_bucket), f"#time-{bucket}", label))
    parts += _time_axis(buckets, unit, left, step, height - 6)
    keys = [(f"series{index}", names[region]) for index, region in enumerate(coloured)]
    if len(names) > MOST_REGIONS:
        keys.append(("series-other", "other regions"))
    label = f"Stories by {unit} and region; the same figures stand in the table below"
    return Chart(width, height, label, tuple(parts), css="time", keys=tuple(keys))


def world_map(countries: Sequence[Row], places: Sequence[Row], names: Mapping[str, str]) -> Chart:
    """Return the world: countries by how many stories are on them, circles by deeds at a place."""
    counts = {row["country"]: row["n"] for row in countries}
    most = max(counts.values(), default=1)
    parts = []
    for country, path in shapes().items():
        n = counts.get(country, 0)
        called = f"{names[country]} ({country})" if country in names else country
        title = f"{called}: {n} {_plural(n, 'story', 'stories')}"
        tip = "" if n else title
        drawn = (Drawn("path", f"land land{_step(n, most)}", d=path, title=tip),)
        # A country leads to its row; one of which nothing is told is land and nothing more.
        parts.append(LinkedShapes(drawn, f"#country-{country}" if n else "", title))
    largest = max((row["n"] for row in places), default=1)
    for number, row in enumerate(places, start=1):
        x, y = project(row["longitude"], row["latitude"])
        radius = 3 + 13 * math.sqrt(row["n"] / largest)
        title = f"{row['place']}: {row['n']} {_plural(row['n'], 'event', 'events')}"
        css = f"place {_leaning(row)} {row['exactness']}"
        drawn = (Drawn("circle", css, (x, y, radius)),)
        parts.append(LinkedShapes(drawn, f"#place-{number}", title))
    label = "World map: countries by the number of stories on them, circles by events at a place"
    keys = (
        *((("land5", f"{most:,} {_plural(most, 'story', 'stories')}"),) if counts else ()),
        *((("land1", "1 story"),) if most > 1 else ()),
        ("land0", "no story"),
        ("cooperative", "events mostly cooperative"),
        ("mixed", "even"),
        ("conflictive", "mostly conflictive"),
        ("dashed", "known to the country only"),
    )
    return Chart(WIDTH, HEIGHT, label, tuple(parts), css="map", keys=keys)


def matrix(rows: Sequence[Row], names: Mapping[str, str]) -> Chart:
    """Return who (rows) acts towards whom (columns): the number in its colour, by what prevails."""
    order: dict[str, int] = {}
    for row in rows:
        for side in ("source", "target"):
            order[row[side]] = order.get(row[side], 0) + row["n"]
    states = sorted(order, key=lambda state: (-order[state], state))
    called = {state: f"{names[state]} ({state})" for state in states}
    # As wide as the longest name, whatever it is.
    left = 16 + _LETTER * max(map(len, called.values()), default=0)
    cell, top = 46.0, 34.0
    # Few states leave room to their right: they are drawn no larger than many.
    width = max(_LEAST_MATRIX, left + cell * len(states))
    height = top + cell * 0.62 * len(states)
    parts = []
    tall = cell * 0.62
    for index, state in enumerate(states):
        parts.append(
            LinkedShapes(
                (
                    Drawn(
                        "text", "end", (left - 8, top + tall * (index + 0.68)), text=called[state]
                    ),
                    Drawn("text", "middle", (left + cell * (index + 0.5), top - 10), text=state),
                )
            )
        )
    cells = {(row["source"], row["target"]): row for row in rows}
    for down, source in enumerate(states):
        for across, target in enumerate(states):
            found = cells.get((source, target))
            x, y = left + across * cell, top + down * tall
            box = (x + 1, y + 1, cell - 2, tall - 2)
            if found is None:
                parts.append(LinkedShapes((Drawn("rect", "empty", box),)))
                continue
            row = found
            title = f"{called[source]} towards {called[target]}: {quad_words(row)}"
            number = Drawn(
                "text", "middle strong", (x + cell / 2, y + tall * 0.68), text=str(row["n"])
            )
            drawn = (Drawn("rect", f"cell {_leaning(row)}", box), number)
            parts.append(LinkedShapes(drawn, f"#states-{source}-{target}", title))
    label = "Countries that act (rows) towards countries (columns), by number of events"
    keys = (
        ("cooperative", "mostly cooperative"),
        ("mixed", "even"),
        ("conflictive", "conflictive"),
    )
    return Chart(width, height, label, tuple(parts), css="matrix", keys=keys)


def balance(
    country: str, rows: Sequence[Row], buckets: Sequence[date], unit: Unit, label: str | None = None
) -> Chart:
    """Return cooperation above, conflict below a line, over time, of the events of one country.

    Each bar leads to `#series-COUNTRY-BUCKET`; `label` is what the chart is called instead.
    """
    width, height, bottom = 460.0, 150.0, 20.0
    by_bucket = {row["bucket"]: row for row in rows}
    up = max((row["quad1"] + row["quad2"] for row in rows), default=0)
    down = max((row["quad3"] + row["quad4"] for row in rows), default=0)
    # As wide as the longest figure, whatever it is.
    left = 6 + _DIGIT * max(3, len(f"{max(up, down):,}"))
    scale = (height - bottom - 12) / max(1, up + down)
    zero = 6 + up * scale
    step = (width - left) / max(1, len(buckets))
    parts = [
        LinkedShapes((Drawn("line", "axis", d=f"M{left} {zero:.1f}H{width}"),)),
        LinkedShapes((Drawn("text", "end", (left - 6, 14.0), text=f"{up:,}" if up else ""),)),
        LinkedShapes(
            (Drawn("text", "end", (left - 6, height - bottom), text=f"{down:,}" if down else ""),)
        ),
    ]
    for index, bucket in enumerate(buckets):
        row = by_bucket.get(bucket)
        if row is None:
            continue
        x, wide = left + index * step + step * _GAP / 2, max(1.0, step * (1 - _GAP))
        above, below, drawn = zero, zero, []
        for quad in (1, 2):
            tall = row[f"quad{quad}"] * scale
            above -= tall
            drawn.append(Drawn("rect", f"quad{quad}", (x, above, wide, tall)))
        for quad in (3, 4):
            tall = row[f"quad{quad}"] * scale
            drawn.append(Drawn("rect", f"quad{quad}", (x, below, wide, tall)))
            below += tall
        title = f"{bucket_words(bucket, unit)}: {quad_words(row)}"
        kept = tuple(shape for shape in drawn if shape.at[3] > 0)
        parts.append(LinkedShapes(kept, f"#series-{country}-{bucket}", title))
    parts += _time_axis(buckets, unit, left, step, height - 4, most=4)
    called = label or f"Cooperation and conflict over time, {country}"
    return Chart(width, height, called, tuple(parts))


def sparkline(trend: Mapping[date, int], buckets: Sequence[date]) -> Chart:
    """Return a small line of how many stories name something, over the report's time."""
    width, height = 120.0, 22.0
    most = max(trend.values(), default=1) or 1
    step = width / max(1, len(buckets))
    wide = max(1.0, step * 0.8)
    # One path for all bars: a page has many of them.
    bars = "".join(
        f"M{index * step:.1f} {height:.0f}v-{tall:.1f}h{wide:.1f}v{tall:.1f}z"
        for index, bucket in enumerate(buckets)
        if (tall := trend.get(bucket, 0) / most * (height - 2))
    )
    drawn = (Drawn("path", "spark", d=bars),) if bars else ()
    return Chart(width, height, "", (LinkedShapes(drawn),), css="sparkline")


def bucket_words(bucket: date, unit: Unit) -> str:
    """Return a day, week, month or year in ISO's form, a decade by its first year."""
    match unit:
        case "week":
            year, week, _ = bucket.isocalendar()
            return f"{year:04}-W{week:02}"
        case "decade":
            return f"{bucket.year // 10 * 10:04}s"
        case _:
            return bucket.isoformat()[: {"day": 10, "month": 7, "year": 4}[unit]]


def quad_words(row: Row) -> str:
    """Return in words how many events of each quad class a row counts."""
    counted = [
        f"{row[f'quad{quad}']} {name}" for quad, name in QUAD_CLASSES.items() if row[f"quad{quad}"]
    ]
    return ", ".join(counted)


def _leaning(row: Row) -> str:
    good, bad = row["quad1"] + row["quad2"], row["quad3"] + row["quad4"]
    if good == bad:
        return "mixed"
    return "cooperative" if good > bad else "conflictive"


def _step(n: int, most: int) -> int:
    """Return 0 for nothing, else 1 to 5, logarithmic: a few countries have most stories."""
    if not n:
        return 0
    return 1 + round((_STEPS - 1) * (math.log(n) / math.log(most) if most > 1 else 1))


def _round_up(most: int) -> int:
    """Return the next number that an axis may end with."""
    power: int = 10 ** int(math.log10(max(1, most)))
    steps = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
    ends = (int(step * power) for step in steps if (step * power).is_integer())
    return next(end for end in ends if end >= most)


def _grid(most: int, left: float, right: float, zero: float, scale: float) -> list[LinkedShapes]:
    lines = []
    for part in sorted({0, most // 2, most}):
        y = zero - part * scale
        lines.append(
            LinkedShapes(
                (
                    Drawn("line", "grid", d=f"M{left} {y:.1f}H{right}"),
                    Drawn("text", "end", (left - 6, y + 4), text=f"{part:,}"),
                )
            )
        )
    return lines


def _time_axis(  # noqa: PLR0917 (where it is drawn)
    buckets: Sequence[date], unit: Unit, left: float, step: float, y: float, most: int = 8
) -> list[LinkedShapes]:
    every = max(1, math.ceil(len(buckets) / most))
    return [
        LinkedShapes(
            (
                Drawn(
                    "text",
                    "middle",
                    (max(left + (index + 0.5) * step, _LETTER * len(text) / 2), y),
                    text=text,
                ),
            )
        )
        for index, text in enumerate(bucket_words(bucket_of(day, unit), unit) for day in buckets)
        if len(buckets) == 1 or (index % every == 0 and (len(buckets) - index - 0.5) * step > _EDGE)
    ]


def _plural(n: int, one: str, many: str) -> str:
    return one if n == 1 else many
