"""The record of a fault run: what was injected, and what became of the records.

A test of a fault calls `record_fault` once for what it did; faults of one name add up. At the end
of the session `tests/integration/faults/conftest.py` prints the table, and writes it as a page
where `DATELINE_FAULTS_PAGE` names one (`make test-faults` does). `DATELINE_FAULTS=long` asks for
the long form.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil

LONG = os.environ.get("DATELINE_FAULTS") == "long"
"""Whether the long form runs: more moments, more records."""

PAGE = os.environ.get("DATELINE_FAULTS_PAGE")
"""Where the page of results is written, relative to the repository; None to print it only."""

_COLUMNS = ("fault", "times injected", "records", "lost", "duplicated", "seconds to resume")


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
    lines = ["| " + " | ".join(_COLUMNS) + " |", "|---|" + "---:|" * (len(_COLUMNS) - 1)]
    for f in faults:
        resume = "" if f.resume_s is None else f"{f.resume_s:.1f}"
        cells = (f.name, f.injected, f.records, f.lost, f.duplicated, resume)
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def page_of(faults: Sequence[Fault], at: datetime) -> str:
    """The page `docs/reliability.md`."""
    memory = psutil.virtual_memory().total / 1024**3
    machine = f"{psutil.cpu_count()} cores, {memory:.0f} GiB of memory"
    form = "long" if LONG else "short"
    return f"""# Reliability

What was broken on purpose, and what became of the records. Made by `make test-faults` (the tests
in `tests/integration/faults/`), {at.astimezone(UTC):%Y-%m-%d}, {form} form, on {machine}, Python
{platform.python_version()}. After each fault `dateline lake check --strict` has proved the lake.

*Records* are those that were published or written, *lost* are missing in the lake, *duplicated*
are there more than once, *seconds to resume* is the longest time from the repair (or the restart)
until work went on, where something had to resume.

Beside every fault ran a reader that opened each data file as soon as a plain glob
(`TABLE/date=*/region=*/*.parquet`) found it: {sum(_opened):,} files, none of them broken.

{table_of(faults)}
"""
