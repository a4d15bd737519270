"""A lake that an earlier version of the code has written; a clock that jumps, strange dates.

`tests/golden/lakes/COMMIT.tar.xz` was made by that commit's own job: see
`tests/support/older_lake.py`. 7f7c8f2 is the last one that knew neither compaction nor
reprocessing, nor ids of entities, contexts of events, topics and origins of stories; 41acbbc is of
0.2.0, with generations and seals, and lacks no column of today's but what is added from then on.
"""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from deltalake import DeltaTable

from pipeline import clock
from pipeline.model import Record
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.client import Listing
from pipeline.source.kafka.consumer import KafkaClient
from pipeline.source.kafka.groups import parse_source
from pipeline.source.kafka.publish import publish
from pipeline.store.commit.lake import Lake
from pipeline.store.read.snapshot import open_snapshot
from pipeline.store.schema.contract import TABLES, contract
from pipeline.store.upkeep.compact import Sizing, compact
from tests.integration.test_reprocess import assert_whole, rows, spoken
from tests.support.faults import record_fault
from tests.support.judge import judge_sent
from tests.support.kafka import Stepped, settings_for
from tests.support.older_lake import CURRENT, PARTITIONS
from tests.support.wire import copy

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
LAKES = Path(__file__).parents[2] / "golden" / "lakes"
WIDENED = "7f7c8f2"
"""A lake whose every table lacks columns of today's."""

ENRICHED = ("stories", "entities", "events")
OF_HEADERS = frozenset({"charset", "provider"})
"""Columns that may be null in every row: what a record's header says where its bytes do not."""
VIEWS = ("", "_entities", "_events")
FAR = timedelta(days=365)
LEAP_DAY = datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)
NEXT_WEEK = (LEAP_DAY + timedelta(days=7)).date()

STRANGE: dict[str, date | None] = {
    "1970-01-01T00:00:00Z": date(1970, 1, 1),
    "1969-12-31T23:59:59Z": date(1969, 12, 31),
    "1900-02-28T12:00:00Z": date(1900, 2, 28),
    "1900-02-29T12:00:00Z": None,
    "2024-02-29T23:59:59Z": date(2024, 2, 29),
    "2024-02-29T23:59:59-05:00": date(2024, 3, 1),
    "2023-02-29T12:00:00Z": None,
    "9999-12-31T23:59:59Z": None,
    "9999-12-31T23:59:59-05:00": None,
    "0000-05-05T12:00:00Z": None,
    "0001-01-01T00:00:00+05:00": None,
    f"{NEXT_WEEK}T12:00:00Z": NEXT_WEEK,
    "next week": None,
    "none": None,
    "": None,
}
"""What a story says of its day, and its partition: docs/formats.md, "Dates"."""

Place = tuple[str, int, int]


@pytest.fixture(params=[WIDENED, "41acbbc"])
def older(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Unpacked elsewhere first: the reader beside the test must not meet half a file."""
    unpacked = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(LAKES / f"{request.param}.tar.xz") as archive:
        archive.extractall(unpacked, filter="data")
    return unpacked.rename(tmp_path / request.param)


def published(root: Path) -> list[Record]:
    """What that version's job read, in order, by key."""
    files = sorted((root / "records").iterdir())
    return [
        Record("", 0, path.read_bytes(), key=path.name.partition("-")[2].encode()) for path in files
    ]


def keyed(values: Iterable[bytes]) -> list[Record]:
    """Records for each partition in turn."""
    return [
        Record("", 0, value, key=f"{n % PARTITIONS}".encode()) for n, value in enumerate(values)
    ]


def places_of(lake: Path) -> Counter[Place]:
    """How often each item of a topic stands in `stories` or `rejects`."""
    snapshot, columns = open_snapshot(str(lake)), ["source", "offset", "item"]
    return Counter(
        (row["source"], row["offset"], row["item"])
        for table in ("stories", "rejects")
        for row in snapshot.dataset(table).to_table(columns).to_pylist()
        if parse_source(row["source"])
    )


def columns_of(lake: Path, table: str) -> set[str]:
    return {field.name for field in DeltaTable(str(lake / table)).schema().fields}


def ids_of(lake: Path, table: str) -> set[str]:
    return {row["id"] for row in rows(lake, f"SELECT DISTINCT enrichment_id AS id FROM {table}")}


def filled(lake: Path, table: str, columns: Iterable[str], where: str) -> dict[str, int]:
    """How many of the rows have a value, by column."""
    counts = ", ".join(f"count({name}) AS {name}" for name in sorted(columns))
    (found,) = rows(lake, f"SELECT {counts} FROM {table} WHERE {where}")
    return found


def same_topic(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """Let the broker's topic be the one that `source` names: an embedded broker forgets its own."""
    named, asked = parse_source(source), KafkaClient.topics
    assert named is not None

    def topics(client: KafkaClient, wanted: Sequence[str]) -> Listing:
        listing = asked(client, wanted)
        known = tuple(replace(named, number=one.number) for one in listing.partitions)
        return replace(listing, partitions=known)

    monkeypatch.setattr(KafkaClient, "topics", topics)


def judged(name: str, lake: Path, expected: set[Place], records: int, resume_s: float) -> None:
    """Record the fault, with what is lost and what is there twice; prove the lake."""
    found = places_of(lake)
    again = sum(count - 1 for count in found.values()) + len(found.keys() - expected)
    record_fault(
        name,
        injected=1,
        records=records,
        lost=len(expected - found.keys()),
        duplicated=again,
        resume_s=resume_s,
    )
    assert found == Counter(expected)
    assert_whole(lake)


def test_a_lake_of_an_earlier_version_is_read_and_gone_on_with(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First read as it is, then read on where it ends, then enriched anew."""
    lake = older / "lake"
    assert_whole(lake)
    assert rows(lake, CURRENT) == json.loads((older / "current.json").read_text("utf-8"))
    before = {table: columns_of(lake, table) for table in TABLES}
    assert all(rows(lake, f"SELECT 1 FROM current{view} LIMIT 1") for view in VIEWS)
    old_places, old_ids = places_of(lake), ids_of(lake, "stories")
    sources = sorted({source for source, _, _ in old_places})
    ends = open_snapshot(str(lake)).committed("ledger", sources)

    old, new = published(older), keyed(copy(1, 41))
    same_topic(monkeypatch, sources[0])
    with EmbeddedBroker(topics={"wire": PARTITIONS}) as broker:
        publish([*old, *new], bootstrap_servers=broker.bootstrap_servers, topic="wire")
        with Stepped(settings_for([broker.bootstrap_servers], "wire", lake)) as job:
            resume_s = job.until(lambda: job.records() > len(old))
            job.until(lambda: job.records() >= len(old) + len(new))
            new_id = job.job.enricher.enrichment_id

    each = len(new) // PARTITIONS
    added = {(s, n, 0) for s, end in ends.items() for n in range(end, end + each)}
    judged("lake of an earlier version", lake, {*old_places, *added}, len(old + new), resume_s)
    assert rows(lake, "SELECT sum(skipped) AS n FROM ledger") == [{"n": 0}]

    (old_id,) = old_ids
    for table in TABLES:
        has = columns_of(lake, table)
        assert has == before[table] | set(contract(table).schema.names)
        assert has > before[table] or older.name != WIDENED
    for table in ENRICHED:
        assert ids_of(lake, table) == {old_id, new_id}
        more = columns_of(lake, table) - before[table] - OF_HEADERS
        if not more:
            continue
        assert not any(filled(lake, table, more, f"enrichment_id = '{old_id}'").values())
        assert any(filled(lake, table, more, f"enrichment_id = '{new_id}'").values())

    assert_enriched_anew(lake, old_id, new_id)
    compact(Lake(str(lake)), Sizing(min_files=2), clock.now())
    assert_whole(lake)
    assert places_of(lake) == Counter({*old_places, *added})


def assert_enriched_anew(lake: Path, old_id: str, new_id: str) -> None:
    """What stood under the old enrichment stands under the new one too, and the views show that."""
    revisions = "SELECT revision_id FROM stories WHERE enrichment_id = '{}' ORDER BY 1"
    old = rows(lake, revisions.format(old_id))
    shown = rows(lake, "SELECT revision_id FROM current ORDER BY 1")
    done = spoken("reprocess", "--lake", str(lake))
    assert (done["enrichment_id"], done["stories"], done["rejects"]) == (new_id, len(old), 0)
    assert rows(lake, revisions.format(old_id)) == old
    new = rows(lake, revisions.format(new_id))
    assert [row for row in new if row in old] == old
    for view in VIEWS:
        assert ids_of(lake, f"current{view}") == {new_id}
    assert rows(lake, "SELECT revision_id FROM current ORDER BY 1") == shown
    assert_whole(lake)


def test_the_clock_jumps_and_dates_are_strange(
    tmp_path: Path, broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A year back, a year ahead, and back again: between batches, upkeep and starts of the job."""
    lake, sent, slowest_s = tmp_path / "lake", list[bytes](), 0.0
    now = LEAP_DAY
    monkeypatch.setattr(clock, "now", lambda: now)
    # What a compaction replaces goes at once: chance decides how many files there are to compact.
    settings = settings_for([broker.bootstrap_servers], "wire", lake, lake={"retention_s": 0.0})
    for jump in (timedelta(), -FAR, 2 * FAR, -FAR):
        now += jump
        with Stepped(settings) as job:
            for said in (list(STRANGE)[::2], list(STRANGE)[1::2]):
                new = [told(len(sent) + n, when) for n, when in enumerate(said)]
                publish(new, bootstrap_servers=broker.bootstrap_servers, topic="wire")
                sent.extend(new)
                slowest_s = max(slowest_s, job.until(partial(has, job, len(sent))))
                job.job.clean()
                compact(job.job.lake, Sizing(min_files=2), clock.now())
            job.job.clean()
        assert_whole(lake)
    jumps = 3
    fault = "clock jumps and strange dates"
    judge_sent(lake, {fault: (jumps + len(STRANGE), slowest_s)}, sent)
    found = rows(lake, "SELECT headline, date, warnings FROM stories")
    assert len(found) == len(sent)
    for row in found:
        when = row["headline"].partition("dated ")[2]
        day = STRANGE["" if when == "nothing" else when]
        assert row["date"] == (None if day is None else day.isoformat()), row
        assert day is not None or row["warnings"] or when == "nothing", row
    days = {f"date={day.isoformat()}" for day in STRANGE.values() if day is not None}
    folders = {path.name for path in (lake / "stories").glob("date=*")}
    assert folders == days | {"date=__HIVE_DEFAULT_PARTITION__"}
    assert len(rows(lake, "SELECT DISTINCT date FROM ledger")) == jumps
    assert len(rows(lake, "SELECT * FROM current")) == len(sent)


def has(job: Stepped, records: int) -> bool:
    return job.records() >= records


def told(number: int, when: str) -> bytes:
    """A story of that date, unlike any other."""
    story = {
        "uri": f"urn:test:{number}",
        "type": "text",
        "version": "1",
        "versioncreated": when,
        "language": "en",
        "headline": f"Report {number} is dated {when or 'nothing'}",
        "body_text": f"France condemned attack number {number} on a convoy in Sudan.",
    }
    return json.dumps(story).encode()
