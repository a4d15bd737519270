"""The judge of a lake after a fault: every record once, byte for byte, and the check's own word."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.store.check import check
from pipeline.store.lake import Lake
from pipeline.store.rows import decompress
from tests.support.faults import record_fault
from tests.support.job import ended_at

WRITTEN_SOURCES = ("cluster/topic/0", "cluster/topic/1")
"""The sources that `tests.support.writing` writes."""


def assert_everything_once(lake: Path, sent: Sequence[bytes]) -> None:
    """What was sent is in `stories` or `rejects`, each record once, and the lake checks clean."""
    report = check(str(lake), strict=True)
    assert report.ok, report.findings
    tables = Lake(str(lake))
    found: Counter[str] = Counter()
    places: Counter[tuple[str, int, int]] = Counter()
    for table in ("stories", "rejects"):
        columns = ["source", "offset", "item", "raw"]
        for row in tables.dataset(table).to_table(columns).to_pylist():
            found[hashlib.sha256(decompress(row["raw"])).hexdigest()] += 1
            places[row["source"], row["offset"], row["item"]] += 1
    assert set(places.values()) == {1}
    assert found == Counter(hashlib.sha256(record).hexdigest() for record in sent)
    blocks = tables.dataset("ledger").to_table(["records"]).column(0).to_pylist()
    assert sum(blocks) == len(sent)


def judge_sent(
    lake: Path, faults: Mapping[str, tuple[int, float | None]], sent: Sequence[bytes]
) -> None:
    """Record faults (times injected, seconds to resume) over what was published; prove the lake."""
    missing = len(sent) - ended_at(lake)
    for name, (injected, resume_s) in faults.items():
        record_fault(
            name,
            injected=injected,
            records=len(sent),
            lost=max(0, missing),
            duplicated=max(0, -missing),
            resume_s=resume_s,
        )
    assert_everything_once(lake, sent)


def judge_written(
    url: str,
    fault: str,
    injected: int,
    records: int,
    *,
    resume_s: float | None = None,
    options: Mapping[str, str] | None = None,
) -> None:
    """Record a fault over `records` of each of `WRITTEN_SOURCES`; prove each there once."""
    tables = Lake(url, options)
    found: Counter[tuple[str, int]] = Counter()
    for table in ("stories", "rejects"):
        rows = tables.dataset(table).to_table(["source", "offset"]).to_pylist()
        found.update((row["source"], row["offset"]) for row in rows)
    expected = {(source, n) for source in WRITTEN_SOURCES for n in range(records)}
    record_fault(
        fault,
        injected=injected,
        records=len(expected),
        lost=len(expected - found.keys()),
        duplicated=sum(count - 1 for count in found.values()),
        resume_s=resume_s,
    )
    assert found == Counter(expected)
    report = check(url, options, strict=True)
    assert report.ok, report.findings
