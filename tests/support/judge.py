"""The judge of a lake after a fault: every record once, byte for byte, and the check's own word."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.schema.rows import decompress
from tests.support.faults import record_fault

WRITTEN_SOURCES = ("cluster/topic/0", "cluster/topic/1")
"""The sources that `tests.support.writing` writes."""


def assert_everything_once(lake: Path, sent: Sequence[bytes]) -> None:
    """What was sent is in `stories` or `rejects`, each record once, and the lake checks clean."""
    _prove(lake, len(sent), _hashes(sent), *_contents(lake))


def _prove(
    lake: Path,
    records: int,
    expected: Counter[str],
    found: Counter[str],
    places: Counter[tuple[str, int, int]],
) -> None:
    report = check(str(lake), strict=True)
    assert report.ok, report.findings
    assert set(places.values()) == {1}
    assert found == expected
    blocks = Lake(str(lake)).dataset("ledger").to_table(["records"]).column(0).to_pylist()
    assert sum(blocks) == records


def judge_sent(
    lake: Path, faults: Mapping[str, tuple[int, float | None]], sent: Sequence[bytes]
) -> None:
    """Record faults (times injected, seconds to resume) over what was published; prove the lake."""
    found, places = _contents(lake)
    expected = _hashes(sent)
    again = sum(count - 1 for count in places.values())
    for name, (injected, resume_s) in faults.items():
        record_fault(
            name,
            injected=injected,
            records=len(sent),
            lost=(expected - found).total(),
            duplicated=max(again, (found - expected).total()),
            resume_s=resume_s,
        )
    _prove(lake, len(sent), expected, found, places)


def _contents(lake: Path) -> tuple[Counter[str], Counter[tuple[str, int, int]]]:
    """How often each content stands in the lake, and each (source, offset, item).

    Skips hold no bytes: they have a place, and no content.
    """
    tables = Lake(str(lake))
    found: Counter[str] = Counter()
    places: Counter[tuple[str, int, int]] = Counter()
    for table in ("stories", "rejects"):
        columns = ["source", "offset", "item", "raw"]
        for row in tables.dataset(table).to_table(columns).to_pylist():
            places[row["source"], row["offset"], row["item"]] += 1
            if row["raw"] is not None:
                found[hashlib.sha256(decompress(row["raw"])).hexdigest()] += 1
    return found, places


def _hashes(sent: Sequence[bytes]) -> Counter[str]:
    return Counter(hashlib.sha256(record).hexdigest() for record in sent)


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
