"""What a lake says of itself: codes that cover what rows hold, and views without Dateline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import get_args

import duckdb
import pyarrow.parquet as pq
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from pipeline import __version__, clock, tsv
from pipeline.cli import app
from pipeline.enrich.entities.ner import KINDS
from pipeline.model import RejectKind
from pipeline.store import VIEWS, query
from pipeline.store.codes import codes
from pipeline.store.explain.explain import explain, explain_or_tell
from pipeline.store.schema.contract import contract
from tests.support.copies import made_once
from tests.support.rows import a_batch, a_reject, a_story, enriched, written


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    _filled(tmp_path / "lake")
    return tmp_path / "lake"


@made_once
def _filled(root: Path) -> None:
    """A killed family, an embargo, a withheld and an undated story, a reject; no links."""
    later = clock.now() + timedelta(days=1)
    items = [
        enriched(a_story(0)),
        enriched(a_story(1, story_id="k")),
        enriched(a_story(2, story_id="k", version=2, status="canceled")),
        enriched(a_story(3, embargo_until=later)),
        enriched(a_story(4, status="withheld")),
        enriched(a_story(5, published_at=None), region="unknown"),
    ]
    written(root, a_batch(items, [a_reject(6)])).close()


def in_the_lake(lake: Path, sql: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What a DuckDB that stands in the lake answers after views.sql, with nothing of ours."""
    (answer,) = all_in_the_lake(lake, [sql], monkeypatch)
    return answer


def all_in_the_lake(
    lake: Path, questions: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> list[list[tuple[object, ...]]]:
    """The same for several questions: reading views.sql takes most of the time."""
    monkeypatch.chdir(lake)
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute((lake / "views.sql").read_text("utf-8"))
        return [connection.execute(sql).fetchall() for sql in questions]


@pytest.mark.long
def test_the_views_say_without_us_what_they_say_with_us(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    explain(str(lake))
    names = ("stories", "events", "entities", "rejects", "ledger", "links", *VIEWS)
    counts = [f"SELECT count(*) AS n FROM {name}" for name in names]
    order = "SELECT record_offset FROM current ORDER BY 1"
    *theirs, shown = all_in_the_lake(lake, [*counts, order], monkeypatch)
    for name, sql, their in zip(names, counts, theirs, strict=True):
        (ours,) = query(str(lake), None, sql, clock.now()).to_pylist()
        assert their == [(ours["n"],)], name
    assert shown == [(0,), (5,)]


def test_a_table_without_files_has_its_columns(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    explain(str(lake))
    assert in_the_lake(lake, "SELECT similarity, date FROM links", monkeypatch) == []


def test_codes_decode_events(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    explain(str(lake))
    sql = "SELECT DISTINCT label FROM current_events JOIN code_cameo USING (cameo)"
    assert in_the_lake(lake, sql, monkeypatch) == [("Make a visit",)]


def test_what_is_equal_is_not_written_again(lake: Path) -> None:
    assert len(explain(str(lake))) == 2 + len(codes.CODES)
    assert explain(str(lake)) == []
    assert list(lake.rglob("*.part")) == []


def test_the_page_says_which_version_the_columns_have(lake: Path) -> None:
    explain(str(lake))
    page = (lake / "README.md").read_text("utf-8")
    assert f"Made by Dateline {__version__}." in page
    assert f"| `stories` | {contract('stories').version} | One revision of one article. |" in page


def test_what_somebody_else_wrote_stays(lake: Path) -> None:
    (lake / "README.md").write_text("# Our newsroom's lake\n", "utf-8")
    (lake / "views.sql").write_text("-- mine\n", "utf-8")
    assert not {"README.md", "views.sql"} & set(explain(str(lake)))
    assert (lake / "README.md").read_text("utf-8") == "# Our newsroom's lake\n"


def test_what_hinders_it_is_told_and_stops_nothing(tmp_path: Path) -> None:
    """A replay has landed all by then."""
    with capture_logs() as logs:
        explain_or_tell(str(tmp_path / "no lake"))
    assert [log["log_level"] for log in logs] == ["warning"]


def test_the_command_says_what_it_wrote(lake: Path) -> None:
    for said in ("Wrote README.md, views.sql, codes/", "Nothing has changed."):
        done = CliRunner().invoke(app, ["lake", "explain", "--lake", str(lake)])
        assert done.exit_code == 0, done.output
        assert said in done.output


def test_codes_cover_what_rows_hold() -> None:
    """Every CAMEO code, root and role that the coder knows, every region, every kind."""
    known = [row[0] for row in tsv.rows("pipeline.enrich", "events/data/cameo.tsv")][1:]
    labels = dict(tsv.rows("pipeline.store.codes", "data/cameo_labels.tsv"))
    assert set(labels) == set(known)
    cameo = codes.cameo().arrow().to_pylist()
    assert {row["root"] for row in cameo} == {
        row["root"] for row in codes.roots().arrow().to_pylist()
    }
    kinds = codes.reject_kinds().arrow().to_pylist()
    assert [row["kind"] for row in kinds] == list(get_args(RejectKind))
    assert all(row["is_failure"] != row["kind"].startswith("skipped.") for row in kinds)
    entity_kinds = codes.entity_kinds().arrow().to_pylist()
    assert {row["kind"] for row in entity_kinds} == set(KINDS)
    nouns = {row[0] for row in tsv.rows("pipeline.enrich", "events/data/roles.tsv")} - {"role"}
    assert {row["role"] for row in codes.roles().arrow().to_pylist()} == nouns
    agencies = {row["provider"]: row for row in codes.providers().arrow().to_pylist()}
    assert "Agence France-Presse" in agencies["AFP"]["signatures"]
    assert agencies["AFP"]["hosts"] == ["afp.com"]
    slugs = {row["region"] for row in codes.regions().arrow().to_pylist()}
    countries = codes.countries().arrow().to_pylist()
    assert {row["region"] for row in countries} <= slugs
    assert {"alpha3": "XKX", "alpha2": "XK", "numeric": None}.items() <= next(
        row.items() for row in countries if row["name"] == "Kosovo"
    )


def test_columns_say_what_they_mean(lake: Path) -> None:
    explain(str(lake))
    rows = pq.read_table(lake / "codes" / "columns.parquet").to_pylist()
    assert all(row["meaning"] for row in rows)
    assert {"table": "events", "column": "cameo", "type": "string"}.items() <= next(
        row.items() for row in rows if (row["table"], row["column"]) == ("events", "cameo")
    )


def test_a_region_is_called_by_its_words() -> None:
    assert codes.region_name("sub-saharan-africa") == "Sub-Saharan Africa"
    name = codes.region_name("latin-america-and-the-caribbean")
    assert name == "Latin America and the Caribbean"


def test_nothing_in_the_lake_minds_it(lake: Path) -> None:
    """The check has nothing to say of files that belong to no table."""
    explain(str(lake))
    done = CliRunner().invoke(app, ["lake", "check", "--strict", "--lake", str(lake)])
    assert done.exit_code == 0, done.output
