"""Stories that would make the model slow or large: bounded, and never in the way of the others."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest

from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from pipeline.store.check.judge import check
from pipeline.store.read.snapshot import open_snapshot
from tests.support.faults import LONG, record_fault
from tests.support.kafka import Stepped, settings_for
from tests.support.wire import a_text

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]
GROWTH_MB = 1500
MAX_CHARS = 100_000 if LONG else 20_000


def a_story(title: str, body: str) -> bytes:
    day = "2024-03-05"
    return f" date {day} {title}\n\n{day}\n{title}\n{title}\n\n{body}\n\nAFP\n".encode()


POISON = {
    "ten megabytes": a_story(
        "Ten megabytes", "President Ann Example met the minister of Kenya. " * 210_000
    ),
    "100,000 entities": a_story(
        "Many names",
        " ".join(f"Mr. Peter Name{n} of Paris met Acme{n} Corp." for n in range(100_000)),
    ),
    "one endless sentence": a_story(
        "One sentence", "the minister of Kenya said that " * 60_000 + "it rained"
    ),
    "one endless word": a_story("One word", "a" * 2_000_000),
    "only brackets": a_story("Brackets", "((" * 500_000),
}


def test_a_story_too_large_for_the_model_is_cut_and_lands(
    tmp_path: Path, broker: EmbeddedBroker
) -> None:
    """Each between two others on one partition: all land, what was read in part says so, and time
    and memory stay bounded."""
    broker.create_topics({"poison": 1})
    sent: list[bytes] = []
    for n, poison in enumerate(POISON.values()):
        sent += [a_text(2 * n), poison]
    sent.append(a_text(99))
    publish(sent, bootstrap_servers=broker.bootstrap_servers, topic="poison")
    settings = settings_for(
        (broker.bootstrap_servers,), "poison", tmp_path, enrich={"max_text_chars": MAX_CHARS}
    )
    with Stepped(settings) as job:
        job.job.enricher.enrich(())
        before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        begin_s = time.monotonic()
        job.until(lambda: job.records() == len(sent), 600)
        seconds = time.monotonic() - begin_s
    grown_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before_mb
    report = check(str(tmp_path), strict=True)
    assert report.ok, report.findings
    rows = {
        row["headline"]: row
        for row in open_snapshot(str(tmp_path))
        .dataset("stories")
        .to_table(["headline", "enrichment_status", "body"])
        .to_pylist()
    }
    rejects = open_snapshot(str(tmp_path)).dataset("rejects").count_rows()
    record_fault(
        "story too large for the model",
        injected=len(POISON),
        records=len(sent),
        lost=len(sent) - len(rows) - rejects,
        duplicated=0,
        resume_s=seconds,
    )
    assert len(rows) == len(sent)
    for title in ("Ten megabytes", "Many names", "One sentence"):
        assert rows[title]["enrichment_status"] == "truncated", title
    # Nothing in them is of any language.
    for title in ("One word", "Brackets"):
        assert rows[title]["enrichment_status"] in ("truncated", "no_model"), title
    assert len(rows["Ten megabytes"]["body"]) > 10_000_000
    assert all(
        row["enrichment_status"] == "enriched"
        for title, row in rows.items()
        if title.startswith("Report")
    )
    assert grown_mb < GROWTH_MB
