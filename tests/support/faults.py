"""The record of a fault run: what was injected, and what became of the records.

A test of a fault calls `record_fault` once for what it did; faults of one name add up. At the end
of the session `tests/integration/faults/conftest.py` prints the table, and writes it as a page
where `DATELINE_FAULTS_PAGE` names one (`make test-faults` does): a run of some faults replaces
their rows. `DATELINE_FAULTS=long` asks for the long form.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil

LONG = os.environ.get("DATELINE_FAULTS") == "long"
"""Whether the long form runs: more moments, more records."""

PAGE = os.environ.get("DATELINE_FAULTS_PAGE")
"""Where the page of results is written, relative to the repository; None to print it only."""

_COLUMNS = ("fault", "times injected", "records", "lost", "duplicated", "seconds to resume")
_PAGE = (*_COLUMNS, "run")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: how often, over how many records, and the longest time until work went on."""

    name: str
    injected: int
    records: int
    lost: int
    duplicated: int
    resume_s: float | None


_faults: dict[str, Fault] = {}
_opened: list[int] = []


def record_opened(files: int) -> None:
    """Note that a reader beside a fault opened so many data files, as they appeared, all whole."""
    _opened.append(files)


def record_fault(
    name: str,
    *,
    injected: int,
    records: int,
    lost: int,
    duplicated: int,
    resume_s: float | None = None,
) -> None:
    """Note that fault `name` was injected, and what was found afterwards.

    Call it before asserting that `lost` and `duplicated` are zero, so that the table tells. Counts
    of one name add up; of `resume_s` (None where nothing had to resume) the longest stays.
    """
    old = _faults.get(name, Fault(name, 0, 0, 0, 0, None))
    times = [s for s in (old.resume_s, resume_s) if s is not None]
    _faults[name] = Fault(
        name,
        old.injected + injected,
        old.records + records,
        old.lost + lost,
        old.duplicated + duplicated,
        max(times) if times else None,
    )


def recorded() -> list[Fault]:
    """All faults so far, by name."""
    return sorted(_faults.values(), key=lambda fault: fault.name)


def table_of(faults: Sequence[Fault]) -> str:
    """The faults as a Markdown table."""
    return _table(_COLUMNS, [_cells(fault) for fault in faults])


def page_of(faults: Sequence[Fault], at: datetime, before: str = "") -> str:
    """The page `docs/reliability.md`; of the page as it was `before`, rows of other faults stay.

    So does all below its first heading of a section.
    """
    memory = psutil.virtual_memory().total / 1024**3
    machine = f"{psutil.cpu_count()} cores, {memory:.0f} GiB"
    run = f"{at.astimezone(UTC):%Y-%m-%d}, {'long' if LONG else 'short'}, {machine}"
    rows = {row[0]: row for row in map(_split, before.splitlines()) if len(row) == len(_PAGE)}
    rows |= {fault.name: (*_cells(fault), run) for fault in faults}
    for head in (_PAGE[0], "---"):
        rows.pop(head, None)
    _, heading, sections = before.partition("\n## ")
    return f"""# Reliability

What was broken on purpose, and what became of the records. Made by `make test-faults` (the tests
in `tests/integration/faults/`; `ARGS="-k broker"` runs some of them): the last column says when a
row was measured, in which form, on what machine. After each fault `dateline lake check --strict`
has proved the lake.

*Records* are those that were published or written, *lost* are missing in the lake, *duplicated*
are there more than once, *seconds to resume* is the longest time from the repair (or the restart)
until work went on, where something had to resume.

Beside every fault runs a reader that opens each data file as soon as a plain glob
(`TABLE/date=*/region=*/*.parquet`) finds it. In the last run it opened {sum(_opened):,} files, none
of them broken.

{_table(_PAGE, [rows[name] for name in sorted(rows)])}
{heading}{sections}"""


def _cells(fault: Fault) -> tuple[str, ...]:
    resume = "" if fault.resume_s is None else f"{fault.resume_s:.1f}"
    counts = (fault.injected, fault.records, fault.lost, fault.duplicated)
    return (fault.name, *map(str, counts), resume)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [_row(columns), "|---|" + "---:|" * (len(columns) - 1)]
    return "\n".join([*lines, *map(_row, rows)])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _split(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
