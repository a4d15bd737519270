"""Writes docs/performance.md and its picture from what `bench/performance.py` measured.

python bench/performance_page.py FILE.json PAGE.md PICTURE.svg
"""

from __future__ import annotations

import argparse
import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Goal:
    """What a measure is held against. `least` says that more is better."""

    words: str
    against: str
    must: float
    aim: float
    unit: str = ""
    least: bool = True

    @property
    def bounds(self) -> dict[str, float]:
        """The bounds by their names, the stricter one first."""
        return {"aim": self.aim, "must": self.must}


GOALS = {
    "enrichment_short": Goal(
        "enrichment, CPU a story, short wires",
        "stock `nlp.pipe` of the same model, all components, its best batch size", 4, 5,
    ),
    "enrichment_long": Goal("the same, long articles", "the same", 4, 5),
    "contest_entities": Goal(
        "Kafka → parse → entities → Parquet, CPU a story", "the best of the others", 3, 4
    ),
    "contest_none": Goal("the job without enrichment, CPU", "the best of the others", 1, 1.3),
    "whole_job": Goal("the whole job, one worker, CPU", "bare enrichment in a loop", 0.93, 0.97),
    "two_workers": Goal("two workers on two cores, stories a second", "one worker", 1.85, 1.95),
    "second_worker": Goal("memory of a second worker", "the first's", 150, 80, " MB", least=False),
    "freshness": Goal(
        "published until it can be queried, half load, p99",
        "flush interval", 1, 0.5, " s", least=False,
    ),
    "replay": Goal("replay, CPU a story", "the live job", 1, 1.1),
    "cold_query": Goal("a cold `dateline query`, CPU", "no other", 0.5, 0.5, " s", least=False),
    "cold_help": Goal("a cold `dateline --help`, CPU", "no other", 0.2, 0.2, " s", least=False),
    "growth_sources": Goal(
        "a batch of 500 with 1,000 sources", "with one", 1.15, 1.10, "", least=False
    ),
    "growth_files": Goal(
        "a batch of 500 with 10,000 data files a table", "with none", 1.15, 1.10, "", least=False
    ),
}  # fmt: skip

_LIMIT_US = 11.0
"""The recogniser's arithmetic a word at the machine's best rate: 0.9 MFLOP at 83 GFLOP/s."""
_INTRODUCTION = """\
What the job costs beside what else a user would build, and beside what bounds it. Only the ratios
are promised: seconds depend on the machine. `make bench` takes all of it anew and writes this page;
`make bench-check` holds a small sample against it."""
_UNFINISHED = """\
What is not measured, `make bench` takes: it wants a machine of its own for an hour."""
_CONTEST = """\
Each reads the same stories from Kafka by Dateline's parser and row builder and writes Parquet by
date and region. The others may land a story twice after a crash and keep no reject. CPU is that of
the contestant's processes, from its first commit to its last."""
_LIMIT = f"""\
The recogniser's arithmetic is some 0.9 MFLOP a word: {_LIMIT_US:.0f} µs at 83 GFLOP a second, the
limit of this model on such a core where everything else costs nothing."""
_HOW = """\
Two sides take turns round by round; a figure is the median of the rounds' ratios. CPU seconds where
the table says CPU, else the clock, which means something on an idle machine alone: the load before
each is below. Of a job counts what landed after its first quarter, in which words are met for the
first time, and before its last fifth, in which a worker waits for another. Growth is reckoned:
enrichment of a batch of 500 plus refresh and commit of its five tables, measured on logs of that
size."""
_ELSEWHERE = """\
A ratio of two programs hangs on the processor too: its rate of matrix products is named, its caches
are not."""
_COLOURS = ("#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377")


def page(told: Facts) -> Iterator[str]:
    """The lines of the page."""
    measures = with_second_worker(told["measures"])
    yield "# Performance"
    yield ""
    yield _INTRODUCTION
    yield ""
    yield f"Measured on {_machines(measures)}; one BLAS thread a process."
    yield ""
    yield "| measure | against | must | aim | found (least to greatest of the rounds) | |"
    yield "|---|---|---:|---:|---|---|"
    for name, goal in GOALS.items():
        if name in measures:
            yield _row(goal, measures[name])
        else:
            yield f"{_bounds(goal)} | not measured | |"
    yield ""
    for name in ("contest_none", "contest_entities"):
        if name in measures:
            yield from _contest(name, measures[name]["facts"])
    if not is_complete(measures):
        yield _UNFINISHED
        yield ""
    if "elsewhere" in told:
        yield from _elsewhere(told["elsewhere"])
    if "parts" in measures:
        yield from _parts(measures["parts"]["facts"]["us_a_word"])
    yield from _how(measures)


def _machines(measures: Facts) -> str:
    return "; ".join(dict.fromkeys(each["machine"] for each in measures.values()))


def _elsewhere(measures: Mapping[str, Sequence[Facts]]) -> Iterator[str]:
    yield "## On other machines"
    yield ""
    yield _ELSEWHERE
    yield ""
    yield "| measure | machine | taken | found |"
    yield "|---|---|---|---|"
    for name, taken in measures.items():
        for found in taken:
            goal, when = GOALS[name], found.get("at", "")
            middle, low, high = (_value(goal, found[key]) for key in ("value", "low", "high"))
            yield f"| {goal.words} | {found['machine']} | {when} | {middle} ({low} to {high}) |"
    yield ""


def is_complete(measures: Facts) -> bool:
    """Say whether every measure was taken."""
    return all(name in measures for name in GOALS)


def with_second_worker(measures: Facts) -> Facts:
    """The measures, with the second worker's memory taken out of that of two workers."""
    two = measures.get("two_workers")
    if two is None:
        return measures
    mb = sorted(two["facts"]["second_mb"])
    found = {"value": mb[len(mb) // 2], "low": mb[0], "high": mb[-1], "facts": {}}
    found["machine"] = two["machine"]
    return {**measures, "second_worker": found}


def reached(goal: Goal, value: float, bound: float) -> bool:
    """Say whether a value is as good as a bound."""
    return value >= bound if goal.least else value <= bound


def _row(goal: Goal, found: Facts) -> str:
    middle, low, high = (_value(goal, found[key]) for key in ("value", "low", "high"))
    reach = {bound: reached(goal, found["value"], value) for bound, value in goal.bounds.items()}
    verdict = next((bound for bound, is_so in reach.items() if is_so), "**missed**")
    return f"{_bounds(goal)} | {middle} ({low} to {high}) | {verdict} |"


def _bounds(goal: Goal) -> str:
    cells = (goal.words, goal.against, _value(goal, goal.must), _value(goal, goal.aim))
    return f"| {' | '.join(cells)}"


def _value(goal: Goal, value: float) -> str:
    digits = 0 if goal.unit == " MB" else 2
    return f"{value:.{digits}f}{goal.unit}"


def _contest(name: str, facts: Facts) -> Iterator[str]:
    work = {"contest_none": "without enrichment", "contest_entities": "with entities"}[name]
    yield f"## What users would build, {work}"
    yield ""
    yield _CONTEST
    yield ""
    yield "| | version | CPU ms a story | stories a second |"
    yield "|---|---|---:|---:|"
    cpu = facts["cpu_ms_a_story"]
    for contestant in sorted(cpu, key=lambda each: float(cpu[each])):
        version = facts["versions"].get(contestant) or ""
        speed = facts["stories_per_s"][contestant]
        yield f"| {contestant} | {version} | {cpu[contestant]:.2f} | {speed} |"
    yield ""


def _parts(us_a_word: Mapping[str, float]) -> Iterator[str]:
    yield "## Where the time goes"
    yield ""
    yield "![CPU of enrichment by its parts, beside the limit](pictures/performance.svg)"
    yield ""
    yield "| part of enrichment, short wires | µs a word | share |"
    yield "|---|---:|---:|"
    total = sum(us_a_word.values())
    for part, value in sorted(us_a_word.items(), key=lambda each: -each[1]):
        yield f"| {part} | {value:.1f} | {100 * value / total:.0f} % |"
    yield f"| all | {total:.1f} | 100 % |"
    yield ""
    yield _LIMIT
    yield ""


def _how(measures: Facts) -> Iterator[str]:
    yield "## How each was taken"
    yield ""
    yield _HOW
    yield ""
    yield "| measure | taken | load | rounds | more |"
    yield "|---|---|---:|---:|---|"
    for name, found in measures.items():
        if "at" not in found:
            continue
        more = "; ".join(
            f"{key} {value}"
            for key, value in found["facts"].items()
            if isinstance(value, int | float)
        )
        yield f"| `{name}` | {found['at']} | {found['load']} | {found['rounds']} | {more} |"


def picture(us_a_word: Mapping[str, float]) -> str:
    """A bar of the parts above one of the limit, as SVG."""
    width, left, bar = 640, 20, 34
    scale = (width - 2 * left) / max(sum(us_a_word.values()), _LIMIT_US)
    shapes, x = [], float(left)
    legend = []
    ordered = sorted(us_a_word.items(), key=lambda each: -each[1])
    for number, (part, value) in enumerate(ordered):
        colour = _COLOURS[number % len(_COLOURS)]
        wide = value * scale
        shapes.append(
            f'<rect x="{x:.1f}" y="30" width="{wide:.1f}" height="{bar}" fill="{colour}"/>'
        )
        column, row = number % 2, number // 2
        at = (left + 310 * column, 140 + 24 * row)
        label = html.escape(f"{part}: {value:.1f} µs")
        legend.append(
            f'<rect x="{at[0]}" y="{at[1] - 11}" width="13" height="13" fill="{colour}"/>'
        )
        legend.append(f'<text x="{at[0] + 20}" y="{at[1]}">{label}</text>')
        x += wide
    total = sum(us_a_word.values())
    height = 150 + 24 * ((len(ordered) + 1) // 2)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
            'font-family="system-ui, sans-serif" font-size="14">',
            "<title>CPU of enrichment a word, by its parts, beside the limit</title>",
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            f'<text x="{left}" y="22">enrichment: {total:.1f} µs a word</text>',
            *shapes,
            f'<text x="{left}" y="84">limit of the model\'s arithmetic: {_LIMIT_US:.0f} µs</text>',
            f'<rect x="{left}" y="92" width="{_LIMIT_US * scale:.1f}" height="16" fill="#888888"/>',
            *legend,
            "</svg>",
            "",
        )
    )


def main() -> None:
    """Write the page and the picture."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("measured", type=Path)
    options.add_argument("page", type=Path)
    options.add_argument("picture", type=Path)
    given = options.parse_args()
    told = json.loads(given.measured.read_text("utf-8"))
    given.page.write_text("\n".join(page(told)) + "\n", "utf-8")
    if "parts" in told["measures"]:
        shown = picture(told["measures"]["parts"]["facts"]["us_a_word"])
        given.picture.write_text(shown, "utf-8")


if __name__ == "__main__":
    main()
