"""Input that is meant to harm, on a partition that ordinary stories share: nothing is lost."""

from __future__ import annotations

import resource
from collections import Counter
from pathlib import Path

import pytest

from pipeline.model import Record
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from tests.support import hostile
from tests.support.faults import LONG, record_fault
from tests.support.kafka import Stepped, settings_for
from tests.support.wire import a_text

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]
GROWTH_MB = 1500
PACKAGE_ITEMS = 10_000
KINDS = {"empty", "too_large", "undecodable", "unknown_format", "malformed", "no_text"}
REPEATED = {"skipped.repeat"}


def _harm() -> dict[str, Record]:
    """Each hostile record by name; the long form has a second package, of another format."""
    records = {
        name: Record("", 0, data, headers=headers)
        for name, (data, headers) in hostile.hostile().items()
    }
    records["package"] = Record("", 0, hostile.package(PACKAGE_ITEMS))
    if LONG:
        records["lines"] = Record("", 0, hostile.lines(PACKAGE_ITEMS))
    return records


def test_every_hostile_record_is_accounted_for(tmp_path: Path, broker: EmbeddedBroker) -> None:
    """Each stands between ordinary stories on one partition: all stories land, each record has its
    rows, none twice, and memory stays bounded."""
    harm = _harm()
    sent: list[bytes | Record] = []
    for number, record in enumerate(harm.values()):
        sent += [a_text(number), record]
    sent.append(a_text(len(harm)))
    broker.create_topics({"hostile": 1})
    publish(sent, bootstrap_servers=broker.bootstrap_servers, topic="hostile")
    settings = settings_for((broker.bootstrap_servers,), "hostile", tmp_path)
    with Stepped(settings) as job:
        job.job.enricher.enrich(())
        before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        job.until(lambda: job.records() >= len(sent), 600)
    grown_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before_mb
    lake = Lake(str(tmp_path))
    stories = lake.dataset("stories").to_table(["source", "offset", "item", "headline"]).to_pylist()
    rejects = lake.dataset("rejects").to_table(["source", "offset", "item", "kind"]).to_pylist()
    places = Counter((row["source"], row["offset"], row["item"]) for row in (*stories, *rejects))
    lost = set(range(len(sent))) - {offset for _, offset, _ in places}
    repeated = {place: count for place, count in places.items() if count > 1}
    record_fault(
        "hostile input",
        injected=len(harm),
        records=len(sent),
        lost=len(lost),
        duplicated=sum(repeated.values()) - len(repeated),
    )
    assert not lost
    assert not repeated
    ledger = lake.dataset("ledger").to_table(["records"]).column(0).to_pylist()
    assert sum(ledger) == len(sent)
    ordinary = [row["offset"] for row in stories if row["headline"].startswith("Report ")]
    assert sorted(ordinary) == list(range(0, len(sent), 2))
    package = 2 * list(harm).index("package") + 1
    assert sum(row["offset"] == package for row in stories) == PACKAGE_ITEMS
    assert {row["kind"] for row in rejects} <= KINDS | REPEATED
    report = check(str(tmp_path), strict=True)
    assert report.ok, report.findings
    assert grown_mb < GROWTH_MB
