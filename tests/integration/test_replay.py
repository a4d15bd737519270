"""Archives: the same rows as live, once, whatever is replayed how often."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.beam.launch import replay_archives, run_epochs
from pipeline.config import Settings, load
from pipeline.job import forget
from pipeline.samples import samples
from pipeline.source.archive.archive import open_archive
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.schema.contract import TABLES
from pipeline.store.schema.rows import decompress

pytestmark = pytest.mark.engine
NOT_CONTENT = {"source", "offset", "item", "received_at"}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The sample stories as files."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for name, data in samples():
        (folder / name).write_bytes(data)
    return folder


def settings_for(lake: Path, **kafka: Any) -> Settings:
    return load(
        None, {"lake": {"url": str(lake)}, "kafka": kafka, "batch": {"flush_interval_s": 0.2}}
    )


def replayed(lake: Path, *paths: Path) -> None:
    settings = settings_for(lake)
    try:
        replay_archives(settings, [str(path) for path in paths])
    finally:
        forget(settings)


def content(lake: Path, table: str) -> list[str]:
    """The rows without coordinates and times of arrival, in an order of their own."""
    rows = Lake(str(lake)).dataset(table).to_table().to_pylist()
    return sorted(
        repr(sorted((k, v) for k, v in row.items() if k not in NOT_CONTENT)) for row in rows
    )


def counts(lake: Path) -> dict[str, int]:
    return {table: Lake(str(lake)).dataset(table).count_rows() for table in TABLES}


def test_replaying_twice_adds_no_row(tmp_path: Path, archive: Path) -> None:
    """Also under another name: an archive is known by its content."""
    lake = tmp_path / "lake"
    replayed(lake, archive)
    before = counts(lake)
    assert before["stories"] > 15
    assert before["entities"] > before["stories"]
    assert before["events"] > 5
    replayed(lake, archive)
    archive.rename(archive.with_name("moved"))
    replayed(lake, archive.with_name("moved"))
    assert counts(lake) == before
    assert check(str(lake), strict=True).ok


def test_replay_and_live_give_the_same_rows(
    tmp_path: Path, archive: Path, broker: EmbeddedBroker
) -> None:
    """Ids included; coordinates and times of arrival aside."""
    records = open_archive(archive).records()
    publish(records, bootstrap_servers=broker.bootstrap_servers, topic="wire")
    settings = settings_for(
        tmp_path / "live", bootstrap_servers=[broker.bootstrap_servers], topics=["wire"]
    )
    try:
        assert run_epochs(settings, [0], until_caught_up=True) == "caught_up"
    finally:
        forget(settings)
    replayed(tmp_path / "replay", archive)
    for table in ("stories", "entities", "events"):
        live = content(tmp_path / "live", table)
        assert live == content(tmp_path / "replay", table)
        assert live
    rejects = [
        sorted(
            (row["kind"], row["message"], row["raw"])
            for row in Lake(str(tmp_path / name)).dataset("rejects").to_table().to_pylist()
        )
        for name in ("live", "replay")
    ]
    assert rejects[0] == rejects[1]
    assert rejects[0]


def test_bad_input_lands_in_rejects_and_the_job_goes_on(tmp_path: Path) -> None:
    """Empty, 20 MB, random bytes, truncated, wrong encoding: each with its kind and its bytes."""
    folder = tmp_path / "in"
    folder.mkdir()
    _name, good = samples()[0]
    truncated = (
        b'<REUTERS TOPICS="NO" NEWID="2">\n<DATE>26-FEB-1987 15:02:20.00</DATE>\n<TEXT>\n<TITLE>A'
    )
    bad = {
        "a-empty": b"",
        "b-huge": b"word " * 4_000_000,
        "c-noise": bytes((n * n * 37 + n * 11) % 256 for n in range(5000)),
        "d-truncated": truncated,
    }
    for file, data in {**bad, "e-good": good}.items():
        (folder / file).write_bytes(data)
    (folder / "f-latin1").write_bytes(good.decode().replace("a", "á").encode("latin-1"))
    lake = tmp_path / "lake"
    replayed(lake, folder)
    rows = Lake(str(lake)).dataset("rejects").to_table().to_pylist()
    found = {row["offset"]: row for row in rows}
    assert [found[n]["kind"] for n in range(4)] == [
        "empty",
        "too_large",
        found[2]["kind"],
        "malformed",
    ]
    assert found[2]["kind"] in {"undecodable", "unknown_format"}
    for n, data in enumerate(bad.values()):
        assert found[n]["message"]
        assert found[n]["stage"] == "parse"
        assert decompress(found[n]["raw"]) == data
    stories = Lake(str(lake)).dataset("stories").to_table(["offset", "body"]).to_pylist()
    assert sorted(row["offset"] for row in stories) == [4, 5]
    assert "á" in next(row["body"] for row in stories if row["offset"] == 5)
    assert check(str(lake), strict=True).ok
