"""The check sees into the table of links: none is gone, none is there twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.store.check import judge
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.write import LINKED, is_source
from pipeline.store.links.links_table import LinksTable
from pipeline.store.links.near_duplicates import LinkRule, link
from pipeline.store.read.snapshot import Snapshot, open_snapshot
from pipeline.store.schema.contract import LINKS
from tests.support.rows import NOON, a_batch, a_story, altered, enriched, written

TEXT = tuple(
    f"The harbour of the old town was shut for {n} hours after a ferry ran aground there."
    for n in range(30)
)


def linked(root: Path) -> Path:
    stories = [
        enriched(a_story(n, provider=f"agency {n}", headline="Ferry aground", paragraphs=TEXT))
        for n in range(3)
    ]
    written(root, a_batch(stories))
    assert link(Lake(str(root)), LinkRule(), NOON).links > 0
    assert check(str(root), strict=True).counts == {}
    return root


def test_lost_links_are_an_error(tmp_path: Path) -> None:
    altered(linked(tmp_path), LINKS, lambda _: [])
    assert check(str(tmp_path)).counts == {"link_count": 1}


def test_doubled_links_are_an_error(tmp_path: Path) -> None:
    altered(linked(tmp_path), LINKS, lambda rows: [*rows, *rows])
    assert set(check(str(tmp_path)).counts) == {"link_count", "duplicate_link"}


def test_a_link_to_another_family_is_an_error(tmp_path: Path) -> None:
    """As one of another day is: both follow from the revision that it names."""
    altered(linked(tmp_path), LINKS, lambda rows: [{**row, "left_story_id": "no"} for row in rows])
    assert check(str(tmp_path)).counts == {"wrong_story": 1}


@pytest.mark.parametrize("gone", ["links", "links/_delta_log"])
def test_links_that_are_gone_whole_are_an_error_and_made_anew(tmp_path: Path, gone: str) -> None:
    """The ledger's log says that there were some, the files that are left do too."""
    lake = linked(tmp_path)
    shutil.rmtree(lake / gone)
    report = check(str(lake))
    assert not report.ok
    assert report.counts["no_table"] == 1
    (told,) = (one.message for one in report.findings if one.kind == "no_table")
    assert "`dateline lake link`" in told
    assert link(Lake(str(lake)), LinkRule(), NOON).links > 0
    assert check(str(lake)).ok


def test_files_of_links_without_a_log_are_an_error_by_themselves(tmp_path: Path) -> None:
    """So also in a lake that was linked before the ledger's log told of it."""
    links = tmp_path / LINKS / "date=2026-03-04"
    written(tmp_path, a_batch([enriched(a_story(0))]))
    assert check(str(tmp_path)).counts == {}
    links.mkdir(parents=True)
    (links / "links-0-00000001-0.parquet").write_bytes(b"PAR1")
    assert check(str(tmp_path)).counts["no_table"] == 1


def test_nothing_is_claimed_of_a_lake_that_an_older_version_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its ledger says nothing of links, until a run that finds nothing to do says it."""
    with monkeypatch.context() as older:
        older.setattr(LinksTable, "_marked", lambda _: True)
        lake = linked(tmp_path / "lake")
    shutil.copytree(lake, tmp_path / "removed")
    shutil.rmtree(tmp_path / "removed" / LINKS)
    assert check(str(tmp_path / "removed"), strict=True).counts == {}
    assert link(Lake(str(lake)), LinkRule(), NOON).days == 0
    shutil.rmtree(lake / LINKS)
    assert check(str(lake)).counts == {"no_table": 1}


def test_what_the_ledger_says_of_links_is_said_once_and_names_no_source(tmp_path: Path) -> None:
    lake = linked(tmp_path)
    version = Lake(str(lake)).handle("ledger").version()
    link(Lake(str(lake)), LinkRule(), NOON, all_days=True)
    assert Lake(str(lake)).handle("ledger").version() == version
    assert not is_source(LINKED)
    assert LINKED not in {one.source for one in check(str(lake)).sources}


def test_a_table_of_links_made_while_the_check_begins_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check pins the links before the ledger, which says by then that there are some."""
    lake = linked(tmp_path)
    whole = open_snapshot(str(lake))
    tables = {name: handle for name, handle in whole.tables.items() if name != LINKS}
    before = Snapshot(whole.url, whole.options, tables)
    monkeypatch.setattr(judge, "open_snapshot", lambda *_: before)
    assert check(str(lake)).counts == {}


def test_a_run_that_meets_another_one_says_it_too(tmp_path: Path) -> None:
    """The log of the ledger refuses the second; it looks again, and goes on."""
    stories = [
        enriched(a_story(n, provider=f"agency {n}", headline="Ferry aground", paragraphs=TEXT))
        for n in range(3)
    ]
    written(tmp_path, a_batch(stories))
    other = Lake(str(tmp_path))
    met: list[str] = []

    def meet(point: str) -> None:
        if point == "ledger.log" and not met:
            met.append(point)
            link(other, LinkRule(), NOON)

    assert link(Lake(str(tmp_path), on_point=meet), LinkRule(), NOON, all_days=True).links > 0
    assert met
    assert check(str(tmp_path)).ok
