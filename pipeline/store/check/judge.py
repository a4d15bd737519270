"""The judge of a lake: does it hold every item once, and does everything add up?

`check` pins the tables, works through the rules of `check_rules` in a DuckDB file that is thrown
away afterwards (so that memory stays bounded), then looks at the data files. It writes nothing to
the lake, and may be run beside live jobs: what stands between two commits is told as in flight.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.store.check.data_pages import check_codes, check_pages
from pipeline.store.check.derived import ParseBytes, check_notes, check_values
from pipeline.store.check.files import (
    OPEN_AT_ONCE,
    FileTotals,
    check_contract,
    check_files,
    has_links,
)
from pipeline.store.check.findings import EXAMPLES, MEANING, NOTES, Finding
from pipeline.store.check.log import check_log
from pipeline.store.check.rules import RULES, SOURCE_TOTALS, TABLE_ROWS
from pipeline.store.check.text_marks import check_text_marks
from pipeline.store.check.workbench import workbench
from pipeline.store.read.snapshot import Snapshot, open_snapshot
from pipeline.store.read.table_log import LogState
from pipeline.store.schema.contract import LINKS, TABLES

_UNREADABLE = frozenset({"no_table", "contract", "missing_file", "unreadable_file", "file_size"})

_FEW_ROWS = 1000
"""A lake of so many rows at most, over all tables, is checked without DuckDB's optimizer."""


@dataclass(frozen=True, slots=True)
class TableTotals:
    """One table: the version looked at, its rows, and its files with their size."""

    table: str
    version: int | None
    rows: int
    files: int
    size_bytes: int
    unreferenced: int
    replaced: int


@dataclass(frozen=True, slots=True)
class SourceTotals:
    """One source by its ledger; `in_flight` is how many offsets the foremost table is ahead."""

    source: str
    start: int
    end: int
    blocks: int
    records: int
    items: int
    stories: int
    rejects: int
    skipped: int
    gaps: int
    in_flight: int


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was found. `counts` has the number of findings of each kind, also beyond the examples.

    `ok` is whether there are none but notes (`check_findings.NOTES`), `glob_exact` whether a plain
    glob over the data files meets the rows of the tables and no others.
    """

    lake: str
    ok: bool
    glob_exact: bool
    counts: Mapping[str, int]
    findings: tuple[Finding, ...]
    tables: tuple[TableTotals, ...]
    sources: tuple[SourceTotals, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON holds it."""
        return {**asdict(self), "meaning": {kind: MEANING[kind] for kind in self.counts}}


def check(
    lake_url: str,
    options: Mapping[str, str] | None = None,
    *,
    strict: bool = False,
    deep: bool = False,
    parse: ParseBytes | None = None,
    memory_mb: int = 128,
    threads: int = 2,
) -> CheckReport:
    """Prove the lake, item by item (ARCHITECTURE.md, invariants 2 to 4).

    With `strict` a data file that no log refers to is an error; else it is a note, as a live job
    has such files. With `deep` every page of every column is read, and what was found in stories
    is held against their text; with `parse` each story's bytes are parsed anew. `memory_mb` is how
    much the work's database takes before it goes on on disk.

    Raises `UsageError` where there is no lake, `StoreError` where it cannot be read, or the memory
    is too little. A finding is never raised.
    """
    snapshot = open_snapshot(lake_url, options)
    counts: Counter[str] = Counter()
    findings: list[Finding] = []

    def report(found: Iterable[Finding]) -> None:
        for finding in found:
            counts[finding.kind] += 1
            if counts[finding.kind] <= EXAMPLES:
                findings.append(finding)

    files: dict[str, FileTotals] = {}
    logs: dict[str, LogState] = {}
    with ThreadPoolExecutor(OPEN_AT_ONCE) as pool:
        for table in (*TABLES, LINKS):
            if table == LINKS and not has_links(snapshot, logs["ledger"]):
                continue
            report(check_contract(snapshot, table))
            logs[table], found = check_log(snapshot, table, deep=deep)
            report(found)
            files[table], found = check_files(snapshot, table, logs[table].removed, pool)
            report(found)
            if deep:
                report(check_pages(snapshot, table))
    if deep:
        report(check_notes(snapshot))
        report(check_codes(snapshot))
    rows: dict[str, int] = {}
    sources: tuple[SourceTotals, ...] = ()
    # Where files cannot be read as the log says, nothing can be said about the rows.
    if not counts.keys() & _UNREADABLE:
        try:
            with workbench(snapshot, logs, memory_mb, threads) as work:
                rows = dict(work.ask(TABLE_ROWS))
                if sum(rows.values()) <= _FEW_ROWS:
                    work.run_plainly()
                work.prepare()
                for rule in work.broken(RULES):
                    total, examples = work.apply(rule)
                    counts[rule.kind] += total
                    findings += examples
                if deep:
                    total, examples = check_text_marks(work, snapshot)
                    counts["text_marks"] += total
                    findings += examples
                totals = work.ask(SOURCE_TOTALS)
                sources = tuple(SourceTotals(*row) for row in totals)
            report(check_values(snapshot, parse if deep else None))
        except (duckdb.Error, pa.ArrowException, OSError, UnicodeDecodeError) as error:
            # A whole footer over a damaged page: DuckDB passes on what Arrow says of the file.
            # Another tool's files may have types that it cannot compare: these are told of already.
            if not counts["foreign_file"]:
                report([Finding("unreadable_file", "", str(error))])
    notes = NOTES - {"unreferenced"} if strict else NOTES
    present = {kind: count for kind, count in counts.items() if count}
    return CheckReport(
        lake=lake_url,
        ok=present.keys() <= notes,
        glob_exact=not present.keys() & {"unreferenced", "replaced"},
        counts=present,
        findings=tuple(findings),
        tables=tuple(_totals(snapshot, t, rows.get(t, 0), files[t]) for t in files),
        sources=sources,
    )


def _totals(snapshot: Snapshot, table: str, rows: int, files: FileTotals) -> TableTotals:
    handle = snapshot.tables.get(table)
    version = None if handle is None else handle.version()
    return TableTotals(table, version, rows, **asdict(files))
