"""What desks send, live and in replay: which version is shown, and what may not be shown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.beam.launch import replay_archives, run_epochs
from pipeline.config import Settings, load
from pipeline.job import forget
from pipeline.source.archive.archive import open_archive
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import connect, publish
from pipeline.store.read.query import query

pytestmark = pytest.mark.engine
_NOW = datetime(2050, 1, 1, tzinfo=UTC)
_FIRST, _LAST = "Three boats were lost.", "Four boats were lost."


def _text(head: str, dateline: str, body: str, embargo: str = "") -> str:
    return f"{head}\n\n{embargo}\n\n{dateline}{body}\n\nIt was windy, they said.\n"


def _nitf(at: str, body: str) -> str:
    return (
        f'<nitf><head><docdata><doc-id id-string="n1"/><date.issue norm="{at}"/></docdata></head>'
        "<body><body.head><hedline><hl1>Boats lost off Lund</hl1></hedline></body.head>"
        f"<body.content><p>{body}</p></body.content></body></nitf>"
    )


def _rss(at: str, body: str) -> str:
    return (
        "<rss version='2.0'><channel><title>N</title><item><guid>https://n.example/r1</guid>"
        f"<title>Boats lost off Rand</title><pubDate>{at}</pubDate>"
        f"<description>{body}</description></item></channel></rss>"
    )


def _wire(stamp: str, body: str) -> str:
    return (
        f"\x01bdt0417 4 vm 31  dpa 0991\r\n\r\nSchiffe/Norland/\r\n\x02Boote verloren =\r\n"
        f"   Norrby (dpa) - {body}\r\n\x03\r\n{stamp}\r\n\x04"
    )


# In the order of their names: of each family the first, then the last version.
_KYODO = "TOKYO, Oct. 5, Kyodo - "
_SENT = {
    "a1.txt": _text("Boats lost off Aone", _KYODO, _FIRST),
    "a2.txt": _text("Boats lost off Aone", _KYODO, _LAST),
    "b1.txt": _text("Boats lost off Bay", "LUND, Oct. 5, 2026 (AP) - ", _FIRST),
    "b2.txt": _text("UPDATE 2-Boats lost off Bay", "LUND, Oct. 5, 2026 (AP) - ", _LAST),
    # the later version was sent first
    "c1.json": json.dumps({"id": "j", "headline": "J", "date": "2026-10-05T14:00", "body": _LAST}),
    "c2.json": json.dumps({"id": "j", "headline": "J", "date": "2026-10-05T10:00", "body": _FIRST}),
    "d1.xml": _nitf("20261005T140000Z", _LAST),
    "d2.xml": _nitf("20261005T100000Z", _FIRST),
    "e1.xml": _rss("Mon, 05 Oct 2026 10:00:00 GMT", _FIRST),
    "e2.xml": _rss("Mon, 05 Oct 2026 14:00:00 GMT", _LAST),
    "f1.iptc": _wire("051200 Okt 26", _FIRST),
    "f2.iptc": _wire("051400 Okt 26", _LAST),
    # none of these may be shown
    "g1.txt": _text("Held one", "LUND, Oct 5, 2026 (AP) - ", _LAST, "EMBARGOED UNTIL 1000 XST"),
    "g2.txt": _text("Held two", "LUND, Oct 5, 2026 (dpa) - ", _LAST, "Sperrfrist: Redebeginn"),
    "g3.txt": _text("Held three", "LUND, Oct 5, 2026 (AP) - ", _LAST, "FOR RELEASE OCT. 6, 2099"),
    "g4.json": json.dumps({"guid": "w", "headline": "W", "body_text": _LAST, "type": "text",
                           "pubstatus": "withheld"}),
    "h1.txt": _text("Boats lost off Hook", "LUND, Oct. 5, 2026 (AP) - ", _FIRST),
    "h2.txt": _text("KILL-Boats lost off Hook", "LUND, Oct. 5, 2026 (AP) - ", _LAST),
}  # fmt: skip
_SHOWN = ["Boats lost off Aone", "Boats lost off Lund", "Boats lost off Rand", "Boote verloren"]
_SHOWN += ["J", "UPDATE 2-Boats lost off Bay"]


def _settings(lake: Path, **kafka: object) -> Settings:
    facts = {"lake": {"url": str(lake)}, "enrich": {"mode": "none"}, "kafka": kafka}
    return load(None, {**facts, "batch": {"flush_interval_s": 0.2}})


def test_the_last_version_is_shown_and_nothing_that_is_held_back(
    tmp_path: Path, broker: EmbeddedBroker
) -> None:
    """Kyodo's versions have no time of their own: the order in which they were sent tells them."""
    archive = tmp_path / "archive"
    archive.mkdir()
    for name, text in _SENT.items():
        (archive / name).write_bytes(text.encode())
    servers = broker.bootstrap_servers
    publish(open_archive(archive).records(), bootstrap_servers=servers, topic="wire")
    live = _settings(tmp_path / "live", bootstrap_servers=[servers], topics=["wire"])
    replay = _settings(tmp_path / "replay")
    try:
        assert run_epochs(live, [0], until_caught_up=True) == "caught_up"
        replay_archives(replay, [str(archive)])
    finally:
        forget(live)
        forget(replay)
    for way in ("live", "replay"):
        sql = "SELECT headline, body FROM current ORDER BY headline"
        rows = query(str(tmp_path / way), None, sql, _NOW).to_pylist()
        assert [row["headline"] for row in rows] == _SHOWN, way
        assert all(row["body"].startswith(_LAST) for row in rows), (way, rows)
        held = query(str(tmp_path / way), None, "SELECT headline FROM withheld ORDER BY 1", _NOW)
        assert held.column(0).to_pylist() == ["Held one", "Held two", "W"], way


_AT_MS = 1_791_187_200_000
_VERSIONS = [
    json.dumps({"id": "j", "headline": "J", "date": "2026-10-05T14:00", "body": body}).encode()
    for body in (_FIRST, _LAST)
]


def _shown_live(lake: Path, servers: str, topic: str, sent: list[tuple[bytes, int]]) -> str:
    """Return what `current` shows after a run over `sent`: each version in a partition of its own,
    at so many milliseconds of Kafka's time."""
    producer = connect(servers, {}, 30.0)
    for partition, (value, at_ms) in enumerate(sent):
        producer.send(topic, value, partition=partition, timestamp_ms=_AT_MS + at_ms)
    producer.flush(30.0)
    producer.close(timeout=1)
    live = _settings(lake, bootstrap_servers=[servers], topics=[topic])
    try:
        assert run_epochs(live, [0], until_caught_up=True) == "caught_up"
    finally:
        forget(live)
    return _shown(lake)


def _shown_replayed(lake: Path, versions: list[bytes]) -> str:
    """Return what it shows after a replay of archives of one version each, in their order."""
    lake.mkdir()
    files = [lake / f"{number}.json" for number in range(len(versions))]
    for file, value in zip(files, versions, strict=True):
        file.write_bytes(value)
    replay = _settings(lake / "lake")
    try:
        replay_archives(replay, [str(file) for file in files])
    finally:
        forget(replay)
    return _shown(lake / "lake")


def _shown(lake: Path) -> str:
    (row,) = query(str(lake), None, "SELECT body FROM current", _NOW).to_pylist()
    assert query(str(lake), None, "SELECT 1 FROM stories", _NOW).num_rows == 2
    return str(row["body"])


def test_versions_of_two_sources_go_by_kafkas_time_live_and_by_their_order_in_replay(
    tmp_path: Path,
) -> None:
    """Archives read in the order in which Kafka got what they hold show the same as the live run;
    which partition or archive has which version is nothing to it, nor what the hashes are."""
    with EmbeddedBroker(topics={"onward": 2, "back": 2}) as broker:
        servers = broker.bootstrap_servers
        for topic, sent in (("onward", _VERSIONS), ("back", _VERSIONS[::-1])):
            timed = [(sent[0], 0), (sent[1], 1)]
            later = json.loads(sent[1])["body"]
            assert _shown_live(tmp_path / topic, servers, topic, timed) == later
            assert _shown_replayed(tmp_path / f"{topic}-files", sent) == later


def test_of_two_partitions_in_one_millisecond_the_content_decides(tmp_path: Path) -> None:
    """Nothing tells which came later: whichever has which version, the answer is one."""
    with EmbeddedBroker(topics={"onward": 2, "back": 2}) as broker:
        servers = broker.bootstrap_servers
        shown = {
            _shown_live(tmp_path / topic, servers, topic, [(value, 0) for value in sent])
            for topic, sent in (("onward", _VERSIONS), ("back", _VERSIONS[::-1]))
        }
    assert len(shown) == 1, shown
