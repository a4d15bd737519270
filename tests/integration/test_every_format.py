"""Every wire format, live and in replay: the golden inputs through the broker and from files."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pipeline.beam.launch import replay_archives, run_epochs
from pipeline.config import Settings, load
from pipeline.job import forget
from pipeline.model import Record
from pipeline.source.archive.archive import open_archive
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from tests.parse.golden import GOLDEN, cases
from tests.support.command import dateline

pytestmark = pytest.mark.engine
# Of a revision that two inputs hold, a text and a document, the first one's bytes are kept: which
# that is depends on the partitions.
_NOT_CONTENT = {"source", "offset", "item", "received_at", "raw", "raw_bytes"}
_OWN = {"fields": {"headline": "kop", "body": "wortlaut", "id": "nr"}, "when": {"has": ["kop"]}}
_ODD = json.dumps({"kop": "Boats sold", "wortlaut": "The boats were sold at noon.", "nr": "77"})


def _settings(lake: Path, formats: dict[str, Any], **kafka: Any) -> Settings:
    facts = {"lake": {"url": str(lake)}, "kafka": kafka, "formats": formats}
    return load(None, {**facts, "batch": {"flush_interval_s": 0.2}})


def _live(lake: Path, broker: EmbeddedBroker, formats: dict[str, Any]) -> None:
    kafka = {"bootstrap_servers": [broker.bootstrap_servers], "topics": ["wire"]}
    settings = _settings(lake, formats, **kafka)
    try:
        assert run_epochs(settings, [0], until_caught_up=True) == "caught_up"
    finally:
        forget(settings)


def _rows(lake: Path, table: str, names: tuple[str, ...] = ()) -> list[str]:
    rows = Lake(str(lake)).dataset(table).to_table().to_pylist()
    if names:
        return sorted(repr([row[name] for name in names]) for row in rows)
    return sorted(
        repr(sorted((k, v) for k, v in row.items() if k not in _NOT_CONTENT)) for row in rows
    )


@pytest.mark.long
def test_every_format_gives_the_same_rows_live_and_in_replay(
    tmp_path: Path, broker: EmbeddedBroker
) -> None:
    """Stories, entities, events and rejects; a mapping of the configuration is used by both."""
    archive = tmp_path / "archive"
    archive.mkdir()
    for case in cases():
        shutil.copy(case, archive / "-".join(case.relative_to(GOLDEN).parts))
    (archive / "odd.json").write_text(_ODD, "utf-8")
    records = open_archive(archive).records()
    publish(records, bootstrap_servers=broker.bootstrap_servers, topic="wire")
    _live(tmp_path / "live", broker, {"odd": _OWN})
    settings = _settings(tmp_path / "replay", {"odd": _OWN})
    try:
        replay_archives(settings, [str(archive)])
    finally:
        forget(settings)
    told = {"rejects": ("kind", "message", "raw")}
    for table in ("stories", "entities", "events", "rejects"):
        live, replayed = (
            Counter(_rows(tmp_path / way, table, told.get(table, ()))) for way in ("live", "replay")
        )
        assert live and (live - replayed, replayed - live) == (Counter(), Counter())
    formats = set(_rows(tmp_path / "live", "stories", ("format",)))
    assert len(formats) >= 20 and "['json']" in formats
    assert any("'Boats sold'" in row for row in _rows(tmp_path / "live", "stories", ("headline",)))
    for name in ("live", "replay"):
        assert check(str(tmp_path / name), strict=True).ok


@pytest.mark.long
def test_what_has_no_mapping_is_refused_until_the_job_has_one(
    tmp_path: Path, broker: EmbeddedBroker
) -> None:
    """`[formats.NAME]` holds for what comes after the job knows it."""
    record = Record("test", 0, _ODD.encode())
    publish([record], bootstrap_servers=broker.bootstrap_servers, topic="wire")
    _live(tmp_path / "lake", broker, {})
    (reject,) = _rows(tmp_path / "lake", "rejects", ("kind", "message"))
    assert "unknown_format" in reject and "wortlaut" in reject
    publish([record], bootstrap_servers=broker.bootstrap_servers, topic="wire")
    _live(tmp_path / "lake", broker, {"odd": _OWN})
    (story,) = _rows(tmp_path / "lake", "stories", ("headline", "format_version", "parse_id"))
    assert "Boats sold" in story and "mapping odd/" in story
    assert check(str(tmp_path / "lake"), strict=True).ok


@pytest.mark.long
def test_run_reads_by_the_mappings_of_the_command_line(
    tmp_path: Path, broker: EmbeddedBroker
) -> None:
    """`run --map FILE` holds live for records of a foreign shape, beside those of known ones."""
    (tmp_path / "odd.toml").write_text(
        'description = "odd"\n[when]\nhas = ["kop"]\n'
        '[fields]\nheadline = "kop"\nbody = "wortlaut"\nid = "nr"\n',
        "utf-8",
    )
    known = json.dumps({"headline": "Fog closes airport", "body": "Fog closed it."}).encode()
    records = [Record("test", 0, _ODD.encode()), Record("test", 1, known)]
    publish(records, bootstrap_servers=broker.bootstrap_servers, topic="wire")
    lake = tmp_path / "lake"
    done = dateline(
        *("run", "--until-caught-up", "--bootstrap-servers", broker.bootstrap_servers),
        *("--topic", "wire", "--lake", str(lake), "--map", str(tmp_path / "odd.toml")),
        env={"DATELINE_ENRICH__MODE": "none"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    stories = _rows(lake, "stories", ("headline", "format_version"))
    assert len(stories) == 2 and "Boats sold" in stories[0] and "mapping odd/" in stories[0]
    assert _rows(lake, "rejects") == [] and check(str(lake), strict=True).ok
