"""The table of near-duplicates: found across providers, replaced day by day, never half."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.errors import StoreError
from pipeline.store.check.findings import NOTES
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.links import near_duplicates
from pipeline.store.links.near_duplicates import Linked, LinkRule, link
from pipeline.store.read.query import query
from pipeline.store.schema.contract import LINKS
from pipeline.store.upkeep.clean_up import clean_up
from pipeline.store.upkeep.compact import Sizing, compact
from tests.support.copies import made_once
from tests.support.laws import sample
from tests.support.rows import NOON, SOURCE, a_batch, a_story, enriched, forced, written

RULE = LinkRule()
DAY = timedelta(days=1)


class Killed(BaseException):
    """Stands for SIGKILL."""


def text(seed: int, sentences: int = 12) -> tuple[str, ...]:
    rng = random.Random(seed)
    return tuple(
        " ".join(f"w{rng.randrange(5000)}" for _ in range(15)) + "." for _ in range(sentences)
    )


def edited(seed: int, changed: int) -> tuple[str, ...]:
    """The text of `seed` with its first `changed` sentences rewritten."""
    return (*text(seed + 1000)[:changed], *text(seed)[changed:])


def story(offset: int, paragraphs: tuple[str, ...], provider: str | None = "AFP", **fields: Any):  # type: ignore[no-untyped-def]
    values = {"story_id": f"family-{offset}", **fields}
    return enriched(a_story(offset, paragraphs=paragraphs, provider=provider, **values))


def linked(root: Path, rule: LinkRule = RULE, **options: Any) -> Linked:
    return link(Lake(str(root)), rule, NOON, **options)


def links(root: Path) -> list[dict[str, Any]]:
    sql = "SELECT * FROM links ORDER BY left_revision_id, right_revision_id"
    rows: list[dict[str, Any]] = query(str(root), None, sql, NOON).to_pylist()
    return rows


def families(root: Path) -> set[frozenset[str]]:
    return {frozenset((row["left_story_id"], row["right_story_id"])) for row in links(root)}


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    _filled(tmp_path / "lake")
    return tmp_path / "lake"


@made_once
def _filled(root: Path) -> None:
    """A story, its reprint the next day, a cut reprint, and others that are not alike."""
    later = {"provider": "Times", "format": "nitf", "published_at": NOON + DAY}
    written(
        root,
        a_batch(
            [
                story(0, text(1)),
                story(1, edited(1, 2), **later),
                story(2, text(1)[:5], "Post", published_at=NOON + 2 * DAY),
                story(3, text(2), "Times"),
                story(4, edited(1, 7), "Echo"),
            ]
        ),
    )


def test_reprints_are_linked_with_their_similarity(lake: Path) -> None:
    """The earlier one left, in the later one's partition; half rewritten is another story."""
    done = linked(lake)
    assert (done.days, done.revisions, done.links) == (3, 5, 2)
    first = next(r for r in links(lake) if r["right_story_id"] == "family-1")
    assert first["left_story_id"] == "family-0"
    assert (first["left_provider"], first["right_provider"]) == ("AFP", "Times")
    assert first["date"] == first["right_date"] == date(2026, 3, 5)
    assert first["left_date"] == date(2026, 3, 4)
    assert 0.6 < first["similarity"] < 0.8
    union = first["left_shingles"] + first["right_shingles"] - first["shared_shingles"]
    assert first["similarity"] == first["shared_shingles"] / union
    assert families(lake) >= {frozenset(("family-0", "family-2"))}
    assert not any("family-3" in pair or "family-4" in pair for pair in families(lake))
    report = check(str(lake), strict=True)
    assert report.ok, report.findings


def test_the_earlier_story_is_the_left_one_whatever_the_ids(tmp_path: Path) -> None:
    ids = ("a", "z")
    for n, (early, late) in enumerate((ids, ids[::-1])):
        root = tmp_path / str(n)
        one = story(0, text(1), revision_id=early)
        other = story(1, text(1), "Times", revision_id=late, published_at=NOON + DAY)
        written(root, a_batch([one, other]))
        linked(root)
        assert [(r["left_revision_id"], r["similarity"]) for r in links(root)] == [(early, 1.0)]


@pytest.mark.parametrize(
    ("other", "is_linked"),
    [
        ({"provider": "AFP"}, False),
        ({"provider": "AFP", "format": "nitf"}, True),
        ({"provider": None}, True),
        ({"provider": "Times", "story_id": "family-0"}, False),
        ({"provider": "Times", "published_at": NOON + 3 * DAY}, True),
        ({"provider": "Times", "published_at": NOON + 4 * DAY}, False),
        ({"provider": "Times", "published_at": None}, False),
    ],
)
def test_which_pairs_are_looked_at(tmp_path: Path, other: dict[str, Any], is_linked: bool) -> None:
    """Across providers, formats and within the window; never revisions of one family."""
    written(tmp_path, a_batch([story(0, text(1)), story(1, text(1), **other)]))
    done = linked(tmp_path)
    assert len(links(tmp_path)) == is_linked
    assert done.undated == (1 if other.get("published_at", NOON) is None else 0)


def test_same_provider_is_a_choice(tmp_path: Path) -> None:
    """Another rule computes everything anew, and going back does so again."""
    written(tmp_path, a_batch([story(0, text(1)), story(1, text(1))]))
    for same, count in ((False, 0), (True, 1), (False, 0)):
        assert linked(tmp_path, LinkRule(same_provider=same)).days == 1
        assert len(links(tmp_path)) == count


def test_a_second_run_does_nothing_and_all_gives_the_same_rows(lake: Path) -> None:
    linked(lake)
    before = links(lake)
    version = Lake(str(lake)).handle(LINKS).version()
    assert linked(lake) == Linked(days=0, up_to_date=3)
    assert Lake(str(lake)).handle(LINKS).version() == version
    assert linked(lake, all_days=True).days == 3
    assert links(lake) == before


def test_new_stories_change_only_the_days_around_them(lake: Path) -> None:
    """And the result is that of computing everything."""
    linked(lake)
    far = NOON + 9 * DAY
    more = [story(5, text(1), "Wire"), story(6, text(7), published_at=far)]
    written(lake, a_batch(more, spans={SOURCE: (5, 7)}), starts={SOURCE: 0})
    assert linked(lake).days == 4
    incremental = links(lake)
    assert frozenset(("family-5", "family-0")) in families(lake)
    linked(lake, all_days=True)
    assert links(lake) == incremental


def test_days_can_be_chosen(lake: Path) -> None:
    day = date(2026, 3, 5)
    assert linked(lake, first=day, last=day).days == 1
    assert {row["date"] for row in links(lake)} == {day}


def test_a_stopped_run_goes_on_where_it_ended(lake: Path) -> None:
    assert linked(lake, is_stopped=lambda: True).days == 1
    assert linked(lake).days == 2
    assert len(links(lake)) == 2


@pytest.mark.parametrize(
    "moment", sample(["links.begin", "file.staged", "links.file", "links.log"])
)
def test_a_death_before_the_log_leaves_the_old_rows(lake: Path, moment: str) -> None:
    """What it left on disk goes with the next clean-up after the next run."""
    linked(lake)
    before = links(lake)
    with pytest.raises(Killed):
        link(Lake(str(lake), on_point=dying_at(moment)), RULE, NOON, all_days=True)
    assert links(lake) == before
    pq.read_table(lake / LINKS, partitioning="hive")
    linked(lake, all_days=True)
    assert links(lake) == before
    assert clean_up(Lake(str(lake)), NOON + DAY).kept == 0
    report = check(str(lake), strict=True)
    assert report.ok, report.findings


def test_a_death_after_the_log_leaves_the_new_rows(lake: Path) -> None:
    with pytest.raises(Killed):
        link(Lake(str(lake), on_point=dying_at("links.done")), RULE, NOON)
    assert len(links(lake)) == 2
    assert linked(lake).days == 0


def dying_at(moment: str):  # type: ignore[no-untyped-def]
    def on_point(name: str) -> None:
        if name == moment:
            raise Killed

    return on_point


def test_of_two_runs_at_once_one_counts(lake: Path) -> None:
    """The second to commit computes again: no link is there twice."""
    meddled = False

    def on_point(name: str) -> None:
        nonlocal meddled
        if name == "links.log" and not meddled:
            meddled = True
            linked(lake)

    link(Lake(str(lake), on_point=on_point), RULE, NOON, all_days=True)
    assert len(links(lake)) == 2
    report = check(str(lake))
    assert report.ok, report.findings


def test_replaced_files_go_with_clean_up(lake: Path) -> None:
    """Not before their time: readers may hold an older snapshot."""
    linked(lake)
    linked(lake, all_days=True)
    files = set((lake / LINKS).glob("date=*/*.parquet"))
    assert len(files) == 4
    assert check(str(lake), strict=True).counts == {"replaced": 2}
    assert clean_up(Lake(str(lake)), NOON, retention_s=3600).held == 2
    assert clean_up(Lake(str(lake)), NOON + DAY, retention_s=3600).removed == 2
    assert len(set((lake / LINKS).glob("date=*/*.parquet"))) == 2
    assert len(links(lake)) == 2


def test_a_revision_counts_once_in_its_newest_enrichment(tmp_path: Path) -> None:
    """Enriched again, or there twice: one link a pair."""
    one, other = story(0, text(1)), story(1, text(1), "Times")
    again = enriched(
        a_story(
            0,
            source="other",
            **{
                f: getattr(one.story, f)
                for f in ("story_id", "revision_id", "paragraphs", "provider")
            },
        ),
        enrichment_id="enrichment-2",
    )
    written(tmp_path, a_batch([one, other]), a_batch([again], enrichment_id="enrichment-2"))
    linked(tmp_path)
    assert len(links(tmp_path)) == 1


def test_current_links_shows_what_may_be_shown(tmp_path: Path) -> None:
    """Links of killed or embargoed revisions are in the table, and not in the view."""
    killed = story(2, text(1)[:3], "AFP", story_id="family-0", version=2, status="canceled")
    secret = story(3, text(2), "AFP", embargo_until=NOON + DAY)
    written(
        tmp_path,
        a_batch(
            [
                *(story(0, text(1)), story(1, text(1), "Times"), story(5, text(3)), killed, secret),
                *(story(4, text(2), "Times"), story(6, text(3), "Echo", headline="Reprinted")),
            ]
        ),
    )
    linked(tmp_path)
    sql = "SELECT left_headline, right_headline, similarity FROM current_links"
    shown = query(str(tmp_path), None, sql, NOON).to_pylist()
    assert len(links(tmp_path)) > 2
    assert [sorted((r["left_headline"], r["right_headline"])) for r in shown] == [
        ["Minister visits Yerevan", "Reprinted"]
    ]


def test_a_link_to_nothing_is_found_by_the_check(lake: Path) -> None:
    """By itself a note; that the day has a link more than was computed for it is an error."""
    linked(lake)
    row = {**links(lake)[0], "right_revision_id": "gone"}
    forced(lake, LINKS, [row])
    report = check(str(lake))
    assert report.counts == {"dangling_link": 1, "link_count": 1}
    assert "dangling_link" in NOTES
    assert not report.ok


@pytest.mark.parametrize("table", ["stories", "ledger"])
def test_a_lake_that_cannot_be_read_is_a_store_error(lake: Path, table: str) -> None:
    """Not an empty table, and no bare error of the system."""
    next((lake / table).glob("date=*/**/*.parquet")).unlink()
    with pytest.raises(StoreError):
        linked(lake)
    assert links(lake) == []


def test_a_ledger_that_is_compacted_meanwhile_is_read_anew(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clean-up has removed the files that it was about to read."""
    source = "cluster/topic/1"
    written(lake, a_batch([story(0, text(7), source=source)]))
    ages, done = near_duplicates._enrichment_ages, []

    def outrun(opened: Lake) -> dict[str, int]:
        if not done:
            done.append(compact(Lake(str(lake)), Sizing(min_files=2), NOON))
            assert clean_up(Lake(str(lake)), NOON + DAY).removed > 0
        return ages(opened)

    monkeypatch.setattr(near_duplicates, "_enrichment_ages", outrun)
    assert linked(lake).links == 2
    assert linked(lake).days == 0
