"""An export holds what may be shown, the same in each form; again it takes what changed."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from pipeline.errors import UsageError
from pipeline.store.export.export import Exported, export_lake
from pipeline.store.export.scope import EXPORTED, ExportScope
from pipeline.store.export.targets import MANIFEST, VIEWS_OF_EXPORT, _Duckdb
from pipeline.store.read.query import json_rows, query
from pipeline.store.schema.rows import story_row
from tests.support.copies import made_once
from tests.support.laws import sample
from tests.support.rows import (
    ENRICHMENT,
    NOON,
    a_batch,
    a_story,
    an_entity,
    an_event,
    enriched,
    forced,
    written,
)

NAMES = {"parquet": "out", "csv": "out", "duckdb": "out.duckdb", "sqlite": "out.sqlite"}
SECRET = "Never to be told"
LATER = NOON + timedelta(days=1)


def hidden(*, offset: int = 10, **fields: Any) -> Any:
    story = a_story(offset, headline=SECRET, paragraphs=(SECRET,), **fields)
    entities, events = (an_entity(SECRET),), (an_event(sentence=SECRET),)
    return enriched(story, entities=entities, events=events)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    _filled(tmp_path / "lake")
    return tmp_path / "lake"


@made_once
def _filled(root: Path) -> None:
    """What may be shown of three days, one of them none; what may not, in every way."""
    shown = [
        enriched(a_story(0, headline="Oil rises")),
        enriched(a_story(1, published_at=NOON + timedelta(days=1))),
        enriched(a_story(2, published_at=None), region="unknown"),
        enriched(a_story(3, story_id="twice", version=1, headline="First")),
        enriched(a_story(4, story_id="twice", version=2, headline="Last word")),
    ]
    kept_back = [
        hidden(story_id="killed", version=1),
        hidden(offset=11, story_id="killed", version=2, status="canceled"),
        hidden(offset=12, embargo_until=LATER),
        hidden(offset=13, status="withheld"),
        hidden(offset=14, story_id="reborn", version=1),
        hidden(offset=15, story_id="reborn", version=2, status="canceled"),
        enriched(a_story(16, story_id="reborn", version=3, headline="Corrected")),
    ]
    written(root, a_batch([*shown, *kept_back])).close()


def exported(lake: Path, form: str, **given: Any) -> Exported:
    as_of = given.pop("as_of", NOON)
    path = given.pop("path", lake.parent / NAMES[form])
    return export_lake(str(lake), None, path, as_of, now=as_of, form=form, **given)


def rows(lake: Path, form: str, table: str) -> list[dict[str, Any]]:
    path = lake.parent / NAMES[form]
    if form == "parquet":
        found: list[dict[str, Any]] = ds.dataset(path / table).to_table().to_pylist()
        return found
    if form == "csv":
        files = sorted((path / table).glob("*.csv"))
        return [row for file in files for row in csv.DictReader(file.open(encoding="utf-8"))]
    if form == "duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            found = connection.sql(f"SELECT * FROM {table}").to_arrow_table().to_pylist()
        return found
    connection_ = sqlite3.connect(path)
    connection_.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection_.execute(f"SELECT * FROM {table}")]
    finally:
        connection_.close()


def headlines(lake: Path, form: str) -> list[tuple[str, bool]]:
    told = ((row["headline"], row["is_current"]) for row in rows(lake, form, "stories"))
    return sorted((headline, current in (True, 1, "1", "true")) for headline, current in told)


@pytest.mark.parametrize("form", sample(list(NAMES)))
def test_what_may_be_shown_is_there_and_nothing_else(lake: Path, form: str) -> None:
    done = exported(lake, form)
    assert headlines(lake, form) == [
        ("Corrected", True),
        ("First", False),
        ("Last word", True),
        ("Minister visits Yerevan", True),
        ("Minister visits Yerevan", True),
        ("Oil rises", True),
    ]
    assert done.rows == {"stories": 6, "entities": 5, "events": 5, "links": 0}
    assert (done.days, done.anew) == (3, True)
    for table in EXPORTED:
        assert len(rows(lake, form, table)) == done.rows[table]


@pytest.mark.parametrize("form", sample(list(NAMES)))
def test_not_a_byte_of_what_is_hidden_is_in_the_files(lake: Path, form: str) -> None:
    exported(lake, form)
    exported(lake, form)
    path = lake.parent / NAMES[form]
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    assert files
    assert not any(SECRET.encode() in file.read_bytes() for file in files)


@pytest.mark.parametrize("form", sample(list(NAMES)))
def test_exporting_again_writes_the_days_that_changed(lake: Path, form: str) -> None:
    """Nothing where nothing changed; a kill takes its story away."""
    exported(lake, form)
    assert exported(lake, form).days == 0
    writer = written(lake, starts={"cluster/topic/0": 17})
    kill = a_story(17, story_id="twice", version=3, status="canceled", headline="Kill")
    writer.write(a_batch([enriched(kill, entities=(), events=())]))
    writer.close()
    path = lake.parent / NAMES[form]
    before = {file: file.stat().st_mtime_ns for file in path.rglob("*-*.*") if path.is_dir()}
    done = exported(lake, form)
    assert (done.days, done.anew) == (1, False)
    touched = {
        file for file, at in before.items() if file.exists() and at != file.stat().st_mtime_ns
    }
    assert {file.stem for file in touched} <= {"2026-03-04", Path(MANIFEST).stem}
    sizes = [path] if path.is_file() else [file for file in touched if file.name != MANIFEST]
    assert done.written_bytes == sum(file.stat().st_size for file in sizes)
    assert "Last word" not in [headline for headline, _ in headlines(lake, form)]
    assert len(headlines(lake, form)) == 4
    left = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    assert not any(b"Last word" in file.read_bytes() for file in left)
    assert not [*path.parent.glob(".out*")]


def test_an_earlier_revision_is_the_row_that_the_view_takes(lake: Path) -> None:
    """Of two enrichments of a revision the export takes the one that `current` chose among."""
    writer = written(lake, starts={"cluster/topic/0": 17})
    first = enriched(a_story(18, story_id="enriched twice", version=1))
    last = enriched(a_story(19, story_id="enriched twice", version=2))
    writer.write(a_batch([first, last], spans={"cluster/topic/0": (17, 20)}))
    writer.close()
    again = replace(first, story=replace(first.story, offset=17), enrichment_id="not in the ledger")
    forced(lake, "stories", [story_row(again, "a_model", "0")])
    exported(lake, "parquet")
    told = [
        (row["version"], row["enrichment_id"], row["is_current"])
        for row in rows(lake, "parquet", "stories")
        if row["story_id"] == "enriched twice"
    ]
    assert sorted(told) == [(1, ENRICHMENT, False), (2, ENRICHMENT, True)]


def test_an_embargo_ends_by_time_alone(lake: Path) -> None:
    """Exported again after its end the story is there; a moment of the future is refused."""
    exported(lake, "parquet")
    done = exported(lake, "parquet", as_of=LATER)
    assert done.days == 1
    assert (SECRET, True) in headlines(lake, "parquet")
    with pytest.raises(UsageError, match="future"):
        export_lake(str(lake), None, lake.parent / "x", LATER, now=NOON)


@pytest.mark.parametrize("form", sample(list(NAMES)))
def test_a_selection_holds_for_every_table(lake: Path, form: str) -> None:
    """Another one writes all anew; the undated ones have no day to be asked for."""
    exported(lake, form)
    day = date(2026, 3, 5)
    done = exported(lake, form, scope=ExportScope(since=day, until=day))
    assert done.anew
    assert {table: len(rows(lake, form, table)) for table in EXPORTED} == {
        "stories": 1,
        "entities": 1,
        "events": 1,
        "links": 0,
    }
    done = exported(lake, form, scope=ExportScope(regions=("unknown",)))
    assert done.rows["stories"] == 1


def test_events_answer_without_a_join(lake: Path) -> None:
    exported(lake, "duckdb")
    event = next(row for row in rows(lake, "duckdb", "events") if row["headline"] == "Oil rises")
    assert (event["published_at"], event["language"]) == (NOON, "en")
    assert "provider" in event
    story = rows(lake, "duckdb", "stories")[0]
    assert story["committed_at"] == NOON
    assert "raw" not in story


@pytest.mark.parametrize("form", sample(list(NAMES)))
def test_codes_are_decoded_without_the_lake(lake: Path, form: str) -> None:
    exported(lake, form)
    if form == "csv":
        at = lake.parent / NAMES[form] / "codes" / "roles.csv"
        found = list(csv.DictReader(at.open(encoding="utf-8")))
    elif form == "parquet":
        found = pq.read_table(lake.parent / NAMES[form] / "codes" / "roles.parquet").to_pylist()
    else:
        found = rows(lake, form, "code_roles")
    assert {"role": "COP", "meaning": "police and other forces within a country"} in found


@pytest.mark.parametrize("form", ["duckdb", "sqlite"])
def test_views_of_a_database_say_what_the_lakes_say(tmp_path: Path, form: str) -> None:
    """An act told by two agencies, a denied one, one without a day; by the names of the lake."""
    lake = tmp_path / "lake"
    denied, undated = (an_event(negated=True),), a_story(3, published_at=None)
    stories = [
        enriched(a_story(0, provider="AFP")),
        enriched(a_story(1, provider="AP")),
        enriched(a_story(2, provider="dpa"), events=denied),
        enriched(undated, region="unknown"),
    ]
    written(lake, a_batch(stories)).close()
    exported(lake, form)
    for view in VIEWS_OF_EXPORT:
        wanted = json_rows(query(str(lake), None, f"SELECT * FROM {view}", NOON))
        found = rows(lake, form, view)
        assert len(found) == len(wanted), view
        if view in ("distinct_events", "told_events"):
            names = wanted[0].keys() - {"contexts", "first_told_at", "published_at"}
            assert _by_text(found, names) == _by_text(wanted, names)
    told = {(row["provider"], row["told_by_providers"]) for row in rows(lake, form, "told_events")}
    assert told == {("AFP", 2), ("AP", 2), ("dpa", None), (undated.provider, None)}


def _by_text(found: list[dict[str, Any]], names: Collection[str]) -> list[tuple[str, ...]]:
    """The values as text, booleans as SQLite has them, in an order of their own."""

    def text(value: object) -> str:
        return str(int(value) if isinstance(value, bool) else value)

    return sorted(tuple(text(row[name]) for name in sorted(names)) for row in found)


def test_sqlite_searches_words(lake: Path) -> None:
    exported(lake, "sqlite")
    with sqlite3.connect(lake.parent / "out.sqlite") as connection:
        sql = "SELECT s.headline FROM stories_search AS f JOIN stories AS s ON s.rowid = f.rowid"
        sql += " WHERE stories_search MATCH 'oil'"
        assert connection.execute(sql).fetchall() == [("Oil rises",)]
        (regions,) = connection.execute("SELECT regions FROM stories LIMIT 1").fetchone()
    assert json.loads(regions) == ["western-asia"]


def test_duckdb_searches_words_without_an_extension(lake: Path) -> None:
    """The rarer and the more of the words, the better; in one field alone, or all of the words."""
    exported(lake, "duckdb")
    asked = "SELECT fts_main_stories.match_bm25(revision_id, {}) AS score, headline FROM current"
    config = {"autoload_known_extensions": "false", "autoinstall_known_extensions": "false"}
    with duckdb.connect(str(lake.parent / "out.duckdb"), True, config) as connection:

        def found(given: str) -> list[str]:
            rows = f"SELECT headline FROM ({asked.format(given)}) WHERE score IS NOT NULL"
            sql = f"{rows} ORDER BY score DESC, headline"
            return [headline for (headline,) in connection.execute(sql).fetchall()]

        assert found("'OIL visits'")[0] == "Oil rises"
        assert len(found("'oil visits'")) == 3
        assert found("'visits oil', conjunctive := true") == []
        assert found("'oíl rises', conjunctive := true") == ["Oil rises"]
        assert found("'rises', fields := 'headline'") == ["Oil rises"]
        assert found("'rises', fields := 'body'") == []
        assert found("'soup'") == []


def test_a_duckdb_file_is_made_within_its_memory(lake: Path) -> None:
    """Not within four fifths of the machine's, which is DuckDB's own limit."""
    target = _Duckdb(lake.parent / "out.duckdb", 300)
    found = target._open.execute("SELECT current_setting('memory_limit')").fetchall()
    target.close()
    assert found == [("300.0 MiB",)]
    assert exported(lake, "duckdb", memory_mb=300).rows["stories"] == 6


@pytest.mark.parametrize("form", sample(list(NAMES)))
def test_what_is_no_export_is_left_alone(lake: Path, form: str) -> None:
    path = lake.parent / NAMES[form]
    if form in ("parquet", "csv"):
        path.mkdir()
        mine = path / "mine.txt"
    else:
        mine = path
    mine.write_text("mine")
    with pytest.raises(UsageError):
        exported(lake, form)
    assert mine.read_text() == "mine"


def test_a_folder_keeps_its_form(lake: Path) -> None:
    exported(lake, "parquet")
    with pytest.raises(UsageError, match="another format"):
        exported(lake, "csv")


def test_what_died_half_way_is_written_again(lake: Path) -> None:
    """The manifest of a folder is written last."""
    exported(lake, "parquet")
    manifest = lake.parent / "out" / MANIFEST
    told = json.loads(manifest.read_text())
    del told["days"]["stories"]["2026-03-05"]
    manifest.write_text(json.dumps(told))
    (lake.parent / "out" / "stories" / "2026-03-05.parquet").unlink()
    assert exported(lake, "parquet").days == 1
    assert len(headlines(lake, "parquet")) == 6


def test_a_database_that_died_half_way_leaves_nothing(lake: Path) -> None:
    """Neither its copy nor the folder that DuckDB spilled into."""
    spilled = lake.parent / ".out.duckdb.part.tmp"
    spilled.mkdir()
    for rest in (spilled / "block", lake.parent / ".out.duckdb.new"):
        rest.write_bytes(b"half")
    exported(lake, "duckdb")
    assert [*lake.parent.glob(".out*")] == []
    assert len(headlines(lake, "duckdb")) == 6
