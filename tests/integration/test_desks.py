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
from pipeline.source.kafka.publish import publish
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
