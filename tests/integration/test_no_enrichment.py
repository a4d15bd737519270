"""`enrich.mode = none`: stories land as they were parsed, and a reprocess enriches them."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.beam.launch import replay_archives
from pipeline.cli import app
from pipeline.config import load
from pipeline.job import forget
from pipeline.samples import samples
from pipeline.store.check.judge import check
from pipeline.store.read.query import json_rows, query

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample stories as files."""
    folder = tmp_path_factory.mktemp("archive")
    for name, data in samples():
        (folder / name).write_bytes(data)
    return folder


def _land(lake: Path, archive: Path, mode: str) -> None:
    settings = load(None, {"lake": {"url": str(lake)}, "enrich": {"mode": mode}})
    try:
        replay_archives(settings, [str(archive)])
    finally:
        forget(settings)


def _rows(lake: Path, sql: str) -> list[dict[str, Any]]:
    return json_rows(query(str(lake), None, sql, datetime(2100, 1, 1, tzinfo=UTC)))


def _shown(lake: Path) -> list[dict[str, Any]]:
    sql = "SELECT revision_id, enrichment_status, region, entity_count FROM current"
    return sorted(_rows(lake, sql), key=repr)


@pytest.mark.long
def test_what_landed_unenriched_is_shown_enriched_once_it_was_reprocessed(
    tmp_path: Path, archive: Path
) -> None:
    """The same rows as a job that enriches at once gives; and it loads no model before."""
    lake = tmp_path / "lake"
    _land(lake, archive, "none")
    (landed,) = _rows(
        lake,
        "SELECT count(*) AS n, count(*) FILTER (enrichment_status = 'not_enriched' AND region ="
        " 'unknown' AND generation IS NULL) AS bare, any_value(model) AS model FROM stories",
    )
    assert landed["n"] == landed["bare"] > 0 and landed["model"] == ""
    assert check(str(lake), strict=True, deep=True).ok
    told = CliRunner().invoke(app, ["reprocess", "--lake", str(lake), "--dry-run", "--json"])
    assert told.exit_code == 0 and '"not enriched": ' in told.stdout
    done = CliRunner().invoke(app, ["reprocess", "--lake", str(lake)])
    assert done.exit_code == 0, done.output
    _land(tmp_path / "at-once", archive, "full")
    assert _shown(lake) == _shown(tmp_path / "at-once")
    assert check(str(lake), strict=True, deep=True).ok


def test_a_story_enriched_before_stays_so_when_the_mode_changes(
    tmp_path: Path, archive: Path
) -> None:
    """The mode may change at any time: of one revision an enriched row goes before."""
    lake = tmp_path / "lake"
    _land(lake, archive, "full")
    before = _shown(lake)
    other = tmp_path / "other"
    other.mkdir()
    for file in archive.iterdir():
        (other / f"again-{file.name}").write_bytes(file.read_bytes())
    extra = b'{"headline": "Ferry sinks", "body": "A ferry sank off Crete on Monday."}'
    (other / "new.json").write_bytes(extra)
    _land(lake, other, "none")
    after = _shown(lake)
    assert [row for row in after if row["enrichment_status"] != "not_enriched"] == before
    assert len(after) == len(before) + 1
    assert check(str(lake), strict=True).ok


@pytest.mark.long
def test_the_job_loads_no_model(tmp_path: Path) -> None:
    """Neither when it gets ready nor when it writes: what such a worker saves in memory."""
    program = f"""
import sys
from pipeline.beam.launch import replay_archives
from pipeline.config import load
from pipeline.job import job_of
lake = {{"url": {str(tmp_path / "lake")!r}}}
settings = load(None, {{"lake": lake, "enrich": {{"mode": "none"}}}})
job = job_of(settings)
job.enricher.load()
replay_archives(settings, [{str(_story(tmp_path))!r}])
print(job.lake.dataset("stories").count_rows())
print([name for name in ("spacy", "thinc", "lingua", "pycountry") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.splitlines()[-2:] == ["1", "[]"], done.stderr[-2000:]


def _story(folder: Path) -> Path:
    file = folder / "new.json"
    file.write_text('{"headline": "Ferry sinks", "body": "A ferry sank off Crete on Monday."}')
    return file
