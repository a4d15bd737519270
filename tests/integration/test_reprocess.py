"""Enriching anew and replaying a range of a topic, with the real steps, processes and broker."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from pipeline.beam.launch import replay_archives, replay_ticks, run_epochs
from pipeline.cli import app
from pipeline.config import load
from pipeline.enrich import Enricher
from pipeline.errors import ConfigError
from pipeline.job import enricher_of, forget, job_of, stages_of
from pipeline.model import Record
from pipeline.parse import record as parsing
from pipeline.parse import stages as parse_stages
from pipeline.parse.draft import Draft, Hints, Part
from pipeline.parse.limits import ParseLimits
from pipeline.replay import Replay, Selected
from pipeline.samples import samples
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from pipeline.store.check.judge import check
from pipeline.store.read.query import json_rows, query
from pipeline.store.runs.reprocess import plan_reprocess
from tests.support import ready
from tests.support.command import dateline
from tests.support.job import until
from tests.support.rows import a_batch, a_story, enriched, written
from tests.support.wire import copy

pytestmark = pytest.mark.engine
COORDINATES = ("source", "offset", "item")
NOT_CONTENT = (
    *("enrichment_id", "generation"),
    *COORDINATES,
    *(f"record_{name}" for name in COORDINATES),
)


def spoken(*arguments: str) -> dict[str, Any]:
    """The JSON that a command prints."""
    done = dateline(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def rows(lake: Path, sql: str) -> list[dict[str, Any]]:
    return json_rows(query(str(lake), None, sql, datetime(2100, 1, 1, tzinfo=UTC)))


def content(lake: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a view or table without coordinates, in an order of their own."""
    out = ", ".join(f"'{name}'" for name in NOT_CONTENT)
    return sorted(rows(lake, f"SELECT COLUMNS(lambda c: c NOT IN ({out})) FROM {table}"), key=repr)


def assert_whole(lake: Path) -> None:
    report = check(str(lake), strict=True)
    assert report.ok, report.findings


@pytest.fixture
def old(tmp_path: Path, old_lake: Path) -> Path:
    """A lake of the sample stories and some copy, written under another enrichment than today's."""
    shutil.copytree(old_lake.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / "lake"


@pytest.fixture(scope="module")
def old_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That lake beside its archive, as they were written: to be copied, not to be touched."""
    home = tmp_path_factory.mktemp("old")
    folder = home / "archive"
    folder.mkdir()
    for name, data in samples():
        (folder / name).write_bytes(data)
    for number, data in enumerate(copy(1, 60)):
        (folder / f"copy-{number:03d}").write_bytes(data)
    lake = home / "lake"
    settings = load(None, {"lake": {"url": str(lake)}})
    # Another limit is another enrichment; of stories this short it finds the same.
    job_of(settings).enricher = Enricher(settings.enrich.model, max_chars=90_000)
    try:
        replay_archives(settings, [str(folder)])
    finally:
        forget(settings)
    return lake


@pytest.mark.long
def test_a_reprocessed_lake_shows_the_same_stories_under_todays_enrichment(old: Path) -> None:
    """Old rows stay; with nothing changed but the id, every column of the views is as before."""
    views = ("current", "current_entities", "current_events")
    before = {view: content(old, view) for view in views}
    (held,) = rows(old, "SELECT count(*) AS n, any_value(enrichment_id) AS id FROM stories")
    told = spoken("reprocess", "--lake", str(old), "--dry-run")
    assert told["left"] == held["n"]
    assert sum(told["regions"].values()) == held["n"]
    assert told["enrichments"] == {held["id"]: held["n"]}
    assert rows(old, "SELECT count(*) AS n FROM ledger WHERE source LIKE 'reprocess/%'") == [
        {"n": 0}
    ]
    done = spoken("reprocess", "--lake", str(old))
    assert (done["stories"], done["rejects"], done["skipped"]) == (held["n"], 0, 0)
    after = rows(old, "SELECT enrichment_id AS id, count(*) AS n FROM stories GROUP BY ALL")
    assert {row["id"]: row["n"] for row in after} == {
        held["id"]: held["n"],
        told["enrichment_id"]: held["n"],
    }
    assert rows(old, "SELECT DISTINCT enrichment_id AS id FROM current") == [
        {"id": told["enrichment_id"]}
    ]
    for view in views:
        assert content(old, view) == before[view]
        assert before[view]
    assert_whole(old)
    # Nothing is left; a replay of the same archive adds nothing either.
    again = spoken("reprocess", "--lake", str(old))
    assert (again["left"], again["stories"]) == (0, 0)
    (old.parent / "archive").rename(old.parent / "moved")
    assert spoken("replay", str(old.parent / "moved"), "--lake", str(old))["records"] == 0
    one = next(path for path in sorted((old.parent / "moved").iterdir()) if "copy" in path.name)
    assert spoken("replay", str(one), "--lake", str(old))["skipped"] == 1
    (new,) = rows(old, "SELECT count(*) AS n FROM stories")
    assert new["n"] == 2 * held["n"]
    assert_whole(old)


@pytest.mark.long
def test_a_run_that_is_killed_goes_on(old: Path) -> None:
    """SIGKILL once some of it is in the lake; the next run ends the same source."""
    done = "SELECT coalesce(sum(records), 0) AS n FROM ledger WHERE source LIKE 'reprocess/%'"
    config = old.parent / "small.toml"
    config.write_text("[batch]\nmax_records = 5\n[replay]\npart_records = 5\n")
    (held,) = rows(old, "SELECT count(DISTINCT revision_id) AS n FROM stories")
    copies, ended = (old.with_name(f"lake-{n}") for n in range(9)), held["n"]
    # A machine that is busy elsewhere may let a run end before it is killed.
    while ended == held["n"]:
        lake = shutil.copytree(old, next(copies))
        arguments = ("reprocess", "--lake", str(lake), "--config", str(config))
        process = ready.command(*arguments)
        try:
            until(lambda lake=lake: rows(lake, done)[0]["n"] >= 10, 300)  # type: ignore[misc]
        finally:
            process.kill()
            process.wait(60)
        ended = rows(lake, done)[0]["n"]
    spoken(*arguments)
    assert rows(lake, done)[0]["n"] == held["n"]
    sources = "SELECT DISTINCT source FROM ledger WHERE source LIKE 'reprocess/%'"
    assert len(rows(lake, sources)) == 1
    assert_whole(lake)


def repaired(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser that reads every headline otherwise, its formats' versions raised."""
    read_parts = parsing.read_parts

    def read(data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        for part in read_parts(data, hints, limits):
            is_draft = isinstance(part, Draft) and part.headline
            yield replace(part, headline=f"{part.headline} (read anew)") if is_draft else part

    raised = {name: version + 1 for name, version in parse_stages.FORMAT_VERSIONS.items()}
    monkeypatch.setattr(parsing, "read_parts", read)
    monkeypatch.setattr(parse_stages, "FORMAT_VERSIONS", raised)
    parse_stages.today_parse_id.cache_clear()
    parse_stages._format_stage.cache_clear()


@pytest.fixture
def fresh_parses() -> Iterator[None]:
    """No parse id of a repaired parser is left behind."""
    yield
    parse_stages.today_parse_id.cache_clear()
    parse_stages._format_stage.cache_clear()


def test_a_repaired_parser_reaches_the_lakes_past(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_parses: None
) -> None:
    """Nothing to do while no version is raised; then every row is parsed anew under its own ids."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for name, data in samples():
        (folder / name).write_bytes(data)
    lake = tmp_path / "lake"
    settings = load(None, {"lake": {"url": str(lake)}})
    stages = stages_of(enricher_of(settings), settings)
    try:
        replay_archives(settings, [str(folder)])
        assert plan_reprocess(str(lake), {}, stages).left == 0
        before = rows(lake, "SELECT revision_id, story_id, headline FROM current ORDER BY 1")
        forget(settings)
        repaired(monkeypatch)
        stages = stages_of(enricher_of(settings), settings)
        planned = plan_reprocess(str(lake), {}, stages)
        held = rows(lake, "SELECT count(*) AS n, sum(raw_bytes) AS size FROM stories")[0]
        assert (planned.left, planned.counted.raw_bytes) == (held["n"], held["size"])
        assert set(planned.counted.stages) == {"text", "reuters21578"}
        replay_ticks(settings, [Replay(Selected(planned.run))])
        assert plan_reprocess(str(lake), {}, stages).left == 0
    finally:
        forget(settings)
    after = rows(lake, "SELECT revision_id, story_id, headline FROM current ORDER BY 1")
    ids = ("revision_id", "story_id")
    assert [[row[k] for k in ids] for row in after] == [[row[k] for k in ids] for row in before]
    # One of the samples, a message without a headline, has none to change.
    anew = [r["headline"] and f"{r['headline']} (read anew)" for r in before]
    assert [row["headline"] for row in after] == anew
    assert_whole(lake)
    # The rows of another parse stand beside the old ones as they should: no note asks to drop them.
    assert check(str(lake), strict=True).counts == {}


@pytest.mark.long
def test_a_worker_under_another_enrichment_than_its_run_writes_nothing(old: Path) -> None:
    """As when the code is replaced between the plan and the start of a worker."""
    settings = load(None, {"lake": {"url": str(old)}})
    run = plan_reprocess(str(old), {}, stages_of(enricher_of(settings), settings)).run
    held = rows(old, "SELECT enrichment_id, count(*) AS n FROM stories GROUP BY 1")
    job_of(settings).enricher = Enricher(settings.enrich.model, max_chars=80_000)
    try:
        with pytest.raises(ConfigError, match="others than the run was planned under"):
            replay_ticks(settings, [Replay(Selected(run))])
    finally:
        forget(settings)
    assert rows(old, "SELECT enrichment_id, count(*) AS n FROM stories GROUP BY 1") == held
    assert_whole(old)


def test_a_run_says_beforehand_what_it_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many rows, how many bytes, which stages differ; with --json one object alone."""
    lake = tmp_path / "lake"
    written(lake, a_batch([enriched(a_story(0))])).close()

    def begun(*_: object, **__: object) -> dict[str, int]:
        typer.echo("begun")
        return {}

    monkeypatch.setattr("pipeline.cli.reprocess.read_to_end", begun)
    done = CliRunner().invoke(app, ["reprocess", "--lake", str(lake)])
    assert done.exit_code == 0, done.output
    beforehand, _, after = done.stdout.partition("begun")
    size = rows(lake, "SELECT sum(raw_bytes) AS size FROM stories")[0]["size"]
    assert f"1 stories ({size} bytes) to be read anew" in beforehand
    assert "stage that differs" in beforehand and not after.strip()
    done = CliRunner().invoke(app, ["reprocess", "--lake", str(lake), "--json"])
    assert done.stdout.startswith("begun\n{"), done.stdout


def test_wrong_use_is_one_line(tmp_path: Path) -> None:
    """A condition that is none, a lake that is none, times that are none."""
    lake = tmp_path / "lake"
    written(lake, a_batch([enriched(a_story(0))])).close()
    for arguments, word in (
        (("reprocess", "--lake", str(lake), "--where", "regio = 'x'"), "--where"),
        (("reprocess", "--lake", str(tmp_path / "none")), "no lake"),
        (("replay", "kafka", "--topic", "wire", "--from-time", "yesterday"), "--from-time"),
    ):
        done = dateline(*arguments)
        assert done.returncode == 2, done.stderr
        assert word in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.long
def test_a_range_of_a_topic_gives_the_rows_that_live_gave(
    tmp_path: Path, broker: EmbeddedBroker
) -> None:
    """Times of arrival included; the same range again, and one that overlaps it, add nothing."""
    servers = broker.bootstrap_servers
    sent = [
        Record("sent", n, value, key=b"%d" % n) for n, value in enumerate(copy(0, 60))
    ]  # with keys, so that each partition has something of both times
    publish(sent[:40], bootstrap_servers=servers, topic="wire")
    cut = datetime.now(UTC)
    until(lambda: (datetime.now(UTC) - cut).total_seconds() > 0.2, 60)
    middle = datetime.now(UTC)
    publish(sent[40:], bootstrap_servers=servers, topic="wire")
    live, other = tmp_path / "live", tmp_path / "other"
    kafka = {"bootstrap_servers": [servers], "topics": ["wire"]}
    settings = load(None, {"lake": {"url": str(live)}, "kafka": kafka})
    try:
        assert run_epochs(settings, [0], until_caught_up=True) == "caught_up"
    finally:
        forget(settings)
    place = ("replay", "kafka", "--bootstrap-servers", servers, "--topic", "wire")
    first = (*place, "--to-time", middle.isoformat(), "--lake", str(other))
    told = spoken(*first, "--dry-run")
    assert sum(part["end"] - part["start"] for part in told["ranges"]) == 40
    assert not other.exists()
    done = spoken(*first)
    assert (done["records"], done["stories"], done["rejects"]) == (40, 38, 2)
    assert spoken(*first)["records"] == 0
    rest = (*place, "--from-time", middle.isoformat(), "--lake", str(other))
    assert spoken(*rest)["records"] == 20
    for table in ("stories", "entities", "events"):
        assert content(live, table) == content(other, table)
        assert content(live, table)
    arrived = "SELECT revision_id, received_at FROM stories ORDER BY ALL"
    assert rows(live, arrived) == rows(other, arrived)
    everything = spoken(*place, "--lake", str(other))
    assert (everything["records"], everything["stories"], everything["skipped"]) == (60, 0, 57)
    assert_whole(other)
    failed = dateline("replay", "kafka", "--bootstrap-servers", servers, "--topic", "nope")
    assert failed.returncode == 10
    assert "nope" in failed.stderr
