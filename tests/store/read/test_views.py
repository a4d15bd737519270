from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from pipeline.model import EnrichedStory, Story
from pipeline.store.read.query import query
from pipeline.store.read.views import AS_OF, VIEWS, latest_select, view_select, view_text
from pipeline.store.schema.contract import LINKS, contract
from pipeline.store.schema.rows import entity_rows, event_rows, ledger_row, story_row, table_of
from tests.support.laws import law
from tests.support.rows import (
    ENRICHMENT,
    NOON,
    SOURCE,
    a_batch,
    a_story,
    an_entity,
    an_event,
    enriched,
    forced,
    written,
)

HOUR = timedelta(hours=1)


def revision(offset: int, **fields: Any) -> EnrichedStory:
    fields.setdefault("version_time", NOON)
    return enriched(a_story(offset, story_id="family", **fields))


def current(*stories: EnrichedStory, as_of: datetime = NOON) -> list[int]:
    """Offsets that `current` shows of stories that arrive in this order, each in its own block."""
    return [row["record_offset"] for row in shown(stories, ledger(ENRICHMENT), as_of)]


def ledger(*enrichment_ids: str, sources: tuple[str, ...] = ()) -> pa.Table:
    """A ledger in which these enrichments began one hour after the other, of these sources."""
    block = a_batch([enriched(a_story())]).blocks[0]
    named = sources or (block.source,) * len(enrichment_ids)
    rows = [
        ledger_row(
            replace(block, source=named[n]),
            stories=1,
            rejects=0,
            skipped=0,
            entities=None,
            events=None,
            enrichment_id=name,
            writer="w",
            committed_at=NOON + n * HOUR,
        )
        for n, name in enumerate(enrichment_ids)
    ]
    return table_of("ledger", rows)


def shown(
    stories: tuple[EnrichedStory, ...] | list[EnrichedStory], blocks: pa.Table, as_of: datetime
) -> list[dict[str, Any]]:
    table = table_of("stories", [story_row(s, "a_model", "0") for s in stories])
    with duckdb.connect() as connection:
        connection.register("stories", table)
        connection.register("ledger", blocks)
        current = view_select("current", as_of)
        rows: list[dict[str, Any]] = (
            connection.sql(f"SELECT * FROM ({current}) ORDER BY record_source, record_item")
            .to_arrow_table()
            .to_pylist()
        )
    return rows


def test_the_later_time_wins_over_the_greater_version() -> None:
    first, second = revision(0, version=2), revision(1, version=1, version_time=NOON + HOUR)
    assert current(first, second) == current(second, first) == [1]


def test_the_greater_version_wins_at_one_time() -> None:
    assert current(revision(0, version=3), revision(1, version=2)) == [0]


def test_an_add_does_not_replace_its_story() -> None:
    """A part shows only where its family has nothing else; a kill takes both back."""
    whole = revision(0)
    add = revision(1, version=2, version_time=NOON + HOUR, is_partial=True)
    kill = revision(2, status="canceled", version=2)
    assert current(whole, add) == current(add, whole) == [0]
    assert current(add) == [1]
    assert current(whole, add, kill) == []


def test_between_equals_the_one_that_arrived_later_wins() -> None:
    """By the offset within a source, whatever Kafka's clock says, and whatever the hashes are."""
    stories = [revision(n, content_hash=h, revision_id=h) for n, h in enumerate("acb")]
    assert current(*stories) == current(*reversed(stories)) == [2]
    back = [revision(0, received_at=NOON + HOUR), revision(1, keywords=("b",), received_at=NOON)]
    assert current(*back) == [1]


def test_between_sources_kafkas_time_tells_what_came_later() -> None:
    """An archive, which has none, comes before every topic; between archives the ledger tells."""

    def of(source: str, offset: int, **fields: Any) -> EnrichedStory:
        story = a_story(offset, source=source, story_id="family", version=2, **fields)
        return enriched(story)

    late, early = of("a", 0, received_at=NOON + HOUR), of("b", 7, keywords=("b",))
    archive = of("z", 9, received_at=None)
    rows = shown([archive, late, early], ledger(ENRICHMENT), NOON)
    assert [row["record_source"] for row in rows] == ["a"]
    rows = shown([archive, early], ledger(ENRICHMENT), NOON)
    assert [row["record_source"] for row in rows] == ["b"]
    other = replace(archive, story=replace(archive.story, source="y", revision_id="other"))
    for first, second in (("y", "z"), ("z", "y")):
        blocks = ledger(ENRICHMENT, ENRICHMENT, sources=(first, second))
        rows = shown([archive, other], blocks, NOON)
        assert [row["record_source"] for row in rows] == [second]


def test_what_is_read_or_enriched_again_did_not_come_later() -> None:
    """A retried reject stands where it was delivered; a reprocessed row where it first stood."""
    retried = enriched(
        a_story(
            3,
            source="retry/x",
            story_id="family",
            version=2,
            origin=(SOURCE, 4, 0),
            keywords=("r",),
        )
    )
    before, after = (revision(n, version=2, keywords=(str(n),)) for n in (3, 5))
    assert current(before, retried) == [3]
    rows = shown([before, retried], ledger(ENRICHMENT), NOON)
    assert [row["record_source"] for row in rows] == ["retry/x"]
    assert current(before, retried, after) == [5]
    again = replace(before, story=replace(before.story, source="reprocess/e/x", offset=9))
    again = replace(again, enrichment_id="e")
    blocks = ledger(ENRICHMENT, "e")
    assert [r["record_offset"] for r in shown([before, again], blocks, NOON)] == [9]
    assert [r["record_offset"] for r in shown([before, again, after], blocks, NOON)] == [5]


def test_the_latest_time_that_is_stated_stands_for_the_version_time() -> None:
    first = revision(0, version_time=None, published_at=NOON + HOUR)
    second = revision(1, version_time=None, published_at=NOON)
    updated = revision(2, version_time=None, published_at=NOON, updated_at=NOON + 2 * HOUR)
    versioned = revision(3, version_time=NOON + 3 * HOUR, published_at=NOON)
    assert current(first, second) == [0]
    assert current(first, updated, second) == [2]
    assert current(versioned, updated, first, second) == [3]


@pytest.mark.parametrize("received_at", [NOON, None], ids=["live", "replay"])
def test_what_arrived_in_one_millisecond_is_told_apart_by_content(
    received_at: datetime | None,
) -> None:
    """Whatever the names of the partitions, or of archives that were read at once, are.

    Within a source the offset tells, there too: what has the greatest hash takes those before it
    in its own source along.
    """

    def of(source: str, offset: int, name: str, **fields: Any) -> EnrichedStory:
        ids = {"content_hash": name, "revision_id": name}
        facts = {"version": 1, "received_at": received_at, **ids, **fields}
        return enriched(a_story(offset, source=source, story_id="family", **facts))

    for one, other in (("p0", "p1"), ("p1", "p0")):
        arrived = [of(one, 3, "b"), of(one, 4, "a"), of(other, 9, "c"), of(other, 7, "0")]
        blocks = ledger(ENRICHMENT, ENRICHMENT, sources=(one, other))
        place = blocks.schema.get_field_index("committed_at")
        at_once = pa.array([NOON, NOON], blocks.schema.field(place).type)
        blocks = blocks.set_column(place, "committed_at", at_once)
        later = of(one, 5, "9", received_at=NOON + HOUR)
        for stories, shows in (
            (arrived, "c"),
            (arrived[::-1], "c"),
            (arrived[:2], "a"),
            ([*arrived, later], "9"),
        ):
            rows = shown(stories, blocks, NOON)
            assert [row["revision_id"] for row in rows] == [shows]


def test_a_mark_comes_before_what_arrived_later() -> None:
    assert current(revision(0, version=2, revision_mark="CORRECTED"), revision(1, version=2)) == [0]


def test_of_a_day_without_an_hour_the_day_alone_is_compared() -> None:
    """A kill that gives the day only takes back the story of that day's afternoon."""
    morning = {"published_at": NOON - 12 * HOUR, "published_precision": "day"}
    story = revision(0, version_time=None, published_at=NOON + 3 * HOUR)
    kill = revision(1, version_time=None, version=2, status="canceled", **morning)
    assert current(story, kill) == current(kill, story) == []
    tomorrow = revision(2, version_time=None, published_at=NOON + 24 * HOUR)
    assert current(story, kill, tomorrow) == [2]


def test_without_any_time_a_revision_stands_where_it_arrived() -> None:
    untimed: dict[str, Any] = {"version_time": None, "published_at": None}
    timed = {"version_time": None, "published_at": NOON + HOUR}
    assert current(revision(0, **timed), revision(1, **untimed)) == [1]
    assert current(revision(0, **untimed), revision(1, **timed)) == [1]
    assert current(revision(0, **timed), revision(1, status="canceled", **untimed)) == []
    assert current(revision(0, status="canceled", **untimed), revision(1, **timed)) == []
    later = revision(2, version_time=None, published_at=NOON + 2 * HOUR)
    kill = revision(1, status="canceled", **untimed)
    assert current(revision(0, **timed), kill, later) == [2]


@pytest.mark.parametrize("status", ["canceled", "withheld"])
def test_a_kill_hides_its_story(status: str) -> None:
    """Also when it arrives first, and at the same time and version as its story."""
    kill = revision(1, status=status, version=2)
    same = revision(1, status=status)
    for one in (kill, same):
        assert current(revision(0), one) == current(one, revision(0)) == []


def test_a_late_arrival_does_not_lift_a_kill() -> None:
    """What the provider sent before the kill stays hidden, whenever it arrives."""
    kill = revision(0, status="canceled", version=3, version_time=NOON + HOUR)
    assert current(kill, revision(1, version=2)) == []


def test_a_release_after_a_kill_is_shown() -> None:
    kill = revision(0, status="canceled", version=2)
    assert current(revision(1, version=3), kill, revision(2)) == [1]


def test_an_embargoed_revision_leaves_the_one_before_in_force() -> None:
    """It is chosen from the moment that the embargo ends, to the microsecond."""
    later = revision(1, version=2, embargo_until=NOON)
    before = NOON - timedelta(microseconds=1)
    assert current(revision(0), later, as_of=before) == [0]
    assert current(revision(0), later, as_of=NOON) == [1]


def test_the_moment_is_compared_across_time_zones() -> None:
    embargoed = revision(0, embargo_until=NOON)
    assert current(embargoed, as_of=datetime.fromisoformat("2026-03-04T13:59:00+02:00")) == []
    assert current(embargoed, as_of=datetime.fromisoformat("2026-03-04T14:00:00+02:00")) == [0]


def test_a_repeat_is_shown_at_its_smallest_coordinates() -> None:
    stories = [revision(5), revision(3), replace(revision(0), story=a_story(4, story_id="family"))]
    twice = revision(3)
    again = replace(twice, story=replace(twice.story, source="z/archive", offset=0))
    assert current(stories[0], again, twice) == [3]


def test_the_newest_enrichment_is_shown() -> None:
    """Newest is what began last in the ledger, not what sorts last, nor what is not there yet."""
    old, new = revision(0), replace(revision(1), enrichment_id="a-later-one")
    coming = replace(revision(2), enrichment_id="zzz-not-in-the-ledger")
    blocks = ledger(ENRICHMENT, "a-later-one", ENRICHMENT)
    assert [row["record_offset"] for row in shown([coming, new, old], blocks, NOON)] == [1]


def test_what_a_newer_enrichment_reads_anew_counts() -> None:
    """An embargo, a status, a family that only the newer code sees holds for the revision."""
    blocks = ledger(ENRICHMENT, "b")
    old = revision(0)
    for change in (
        {"embargo_until": NOON + HOUR},
        {"status": "canceled"},
    ):
        fields: dict[str, Any] = {"revision_id": old.story.revision_id, **change}
        new = replace(revision(1, **fields), enrichment_id="b")
        assert shown([old, new], blocks, NOON) == []
    moved = replace(
        enriched(a_story(1, story_id="other", revision_id=old.story.revision_id)),
        enrichment_id="b",
    )
    assert [row["story_id"] for row in shown([old, moved], blocks, NOON)] == ["other"]


def test_entities_and_events_are_those_of_the_shown_rows(tmp_path: Path) -> None:
    """None of an earlier revision, and none twice where a revision is there twice."""
    first = revision(0, version=1)
    second = replace(revision(1, version=2), entities=(an_entity("B"), an_entity("C")))
    again = replace(second, story=replace(second.story, source="z/archive", offset=0))
    lake = tmp_path / "lake"
    written(lake, a_batch([first, second]))
    forced(lake, "stories", [story_row(again, "a_model", "0")])
    forced(lake, "entities", entity_rows(again))
    forced(lake, "events", event_rows(again))

    def ask(sql: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = query(str(lake), None, sql, NOON).to_pylist()
        return rows

    assert ask("SELECT count(*) AS n FROM entities") == [{"n": 5}]
    assert ask("SELECT name, record_source, record_offset FROM current_entities ORDER BY name") == [
        {"name": "B", "record_source": SOURCE, "record_offset": 1},
        {"name": "C", "record_source": SOURCE, "record_offset": 1},
    ]
    assert ask("SELECT count(*) AS n FROM current_events") == [{"n": 1}]


def test_an_event_is_there_once_a_day_with_who_tells_it(tmp_path: Path) -> None:
    """Told twice by one provider, once by another, once the day after, and once denied."""
    told = [("A", NOON, False), ("A", NOON + HOUR, False), ("B", NOON, False)]
    told += [("C", NOON + 24 * HOUR, False), ("D", NOON, True), ("E", None, False)]
    stories = [
        enriched(
            a_story(n, provider=provider, published_at=at),
            events=(an_event(negated=negated, place="Yerevan"),),
        )
        for n, (provider, at, negated) in enumerate(told)
    ]
    lake = tmp_path / "lake"
    written(lake, a_batch(stories))

    def ask(sql: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = query(str(lake), None, sql, NOON).to_pylist()
        return rows

    days = ask("SELECT * FROM distinct_events ORDER BY date")
    counts = [(row["times"], row["stories"], row["providers"]) for row in days]
    assert counts == [(3, 3, 2), (1, 1, 1)]
    assert days[0] | {
        "source": "Ann Example", "root": "CONSULT", "target": "Yerevan", "place": "Yerevan",
        "target_country": "ARM", "first_told_at": NOON,
    } == days[0]  # fmt: skip
    rows = ask("SELECT * FROM told_events ORDER BY provider, published_at")
    assert [(r["provider"], r["told_by_stories"], r["told_by_providers"]) for r in rows] == [
        ("A", 3, 2), ("A", 3, 2), ("B", 3, 2), ("C", 1, 1), ("D", None, None), ("E", None, None),
    ]  # fmt: skip
    assert {row["headline"] for row in rows} == {a_story().headline}
    for view in ("current_events", "current_entities"):
        told_by = f"SELECT provider, headline, language, published_at FROM {view} ORDER BY ALL"
        assert ask(told_by) == ask(
            "SELECT provider, headline, language, published_at FROM current ORDER BY ALL"
        )


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_names_the_coordinates_of_its_record(tmp_path: Path, view: str) -> None:
    """No `source` that could be taken for who acts; all else is called as in the table."""
    lake = tmp_path / "lake"
    written(lake, a_batch([revision(0)]))
    shown = query(str(lake), None, f"SELECT * FROM {view}", NOON).schema.names
    table = {
        "current_entities": "entities",
        "current_events": "events",
        "told_events": "events",
        "open_rejects": "rejects",
    }
    if view in ("current_entities", "current_events", "told_events"):
        of_the_story = ["published_at", "provider", "headline", "language"]
        assert shown[len(contract(table[view]).schema.names) :][:4] == of_the_story
        shown = shown[: len(contract(table[view]).schema.names)]
    elif view == "distinct_events":
        assert shown[:5] == ["date", "source", "root", "target", "place"]
        return
    if view == "current_links":
        expected = [*contract(LINKS).schema.names, *shown[-4:]]
    else:
        names = contract(table.get(view, "stories")).schema.names
        expected = [f"record_{n}" if n in ("source", "offset", "item") else n for n in names]
        assert "record_source" in shown
    assert shown == expected


@pytest.mark.parametrize("view", VIEWS)
def test_the_shipped_text_is_one_plain_select(view: str) -> None:
    """No dialect's own: comment lines, then one SELECT without a closing semicolon or quotes."""
    code = view_select(view, NOON)
    assert code.startswith("SELECT")
    assert '"' not in code
    assert "::" not in code
    assert ";" not in code
    assert AS_OF not in code
    assert view_text(view).startswith(f"-- {view}: ")


times = st.none() | st.integers(0, 2).map(lambda n: NOON + n * HOUR)
revisions = st.builds(
    lambda family, version, time, status, embargo, region: (
        family,
        {
            "version": version,
            "version_time": time,
            "published_at": time,
            "status": status,
            "embargo_until": embargo,
        },
        region,
    ),
    st.sampled_from("ab"),
    st.integers(1, 3),
    times,
    st.sampled_from(["usable", "usable", "canceled"]),
    times,
    st.sampled_from(["western-asia", "unknown"]),
)


def arrive(order: list[tuple[str, dict[str, Any], str]]) -> list[EnrichedStory]:
    return [
        enriched(a_story(offset, story_id=family, **fields), region=region)
        for offset, (family, fields, region) in enumerate(order)
    ]


def as_set(rows: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(row["story_id"], row["revision_id"]) for row in rows}


laws = law(40, suppress_health_check=[HealthCheck.too_slow])


def told_apart(revision: tuple[str, dict[str, Any], str]) -> tuple[object, ...]:
    """By what the provider tells a revision from the others of its family."""
    family, fields, _ = revision
    return family, fields["version_time"], fields["version"], fields["status"] == "usable"


@laws
@given(
    st.lists(
        revisions.filter(lambda r: r[1]["version_time"] is not None),
        min_size=1,
        max_size=7,
        unique_by=told_apart,
    ).flatmap(lambda order: st.tuples(st.just(order), st.permutations(order))),
    times,
)
def test_the_order_of_arrival_never_matters_where_the_provider_tells(
    orders: tuple[list[tuple[str, dict[str, Any], str]], list[tuple[str, dict[str, Any], str]]],
    as_of: datetime | None,
) -> None:
    """Live and replay, one partition or many: the same revisions are in force."""
    at = as_of or NOON
    blocks = ledger(ENRICHMENT)
    one, other = (shown(arrive(order), blocks, at) for order in orders)
    assert as_set(one) == as_set(other)


def in_force(stories: list[Story]) -> Story:
    """The last revision of a family, by the rule of the view, written a second time."""
    told: dict[int, datetime | None] = {}
    before: datetime | None = None
    for story in stories:
        own = story.version_time or story.published_at
        before = max(filter(None, (before, own)), default=None)
        told[story.offset] = own or before
    first = min(filter(None, told.values()), default=NOON)
    return max(
        stories,
        key=lambda s: (told[s.offset] or first, s.version, s.status != "usable", s.offset),
    )


@laws
@given(st.lists(revisions, min_size=1, max_size=7), times)
def test_current_is_what_the_rule_says(
    order: list[tuple[str, dict[str, Any], str]], as_of: datetime | None
) -> None:
    """The view and the rule, written a second time in Python, agree."""
    at = as_of or NOON
    expected = set()
    stories = [e.story for e in arrive(order)]
    for family in {s.story_id for s in stories}:
        free = [
            s
            for s in stories
            if s.story_id == family and (s.embargo_until is None or s.embargo_until <= at)
        ]
        # Of one revision that is there twice the smallest coordinates speak for it.
        firsts = {s.revision_id: s for s in reversed(free)}
        if not free:
            continue
        last = in_force(sorted(firsts.values(), key=lambda s: s.offset))
        if last.status == "usable":
            expected.add((family, last.revision_id))
    assert as_set(shown(arrive(order), ledger(ENRICHMENT), at)) == expected


@laws
@given(st.lists(revisions, max_size=6), st.data())
def test_a_kill_hides_all_that_is_not_later(
    order: list[tuple[str, dict[str, Any], str]], data: st.DataObject
) -> None:
    """Whatever else is there, and wherever the kill arrives in it."""
    kill = ("a", {"version": 3, "version_time": NOON + 2 * HOUR, "status": "canceled"}, "unknown")
    place = data.draw(st.integers(0, len(order)))
    rows = shown(
        arrive([*order[:place], kill, *order[place:]]), ledger(ENRICHMENT), NOON + 9 * HOUR
    )
    assert "a" not in {row["story_id"] for row in rows}


@laws
@given(st.lists(revisions, min_size=1, max_size=7), times)
def test_no_embargoed_row_is_shown(
    order: list[tuple[str, dict[str, Any], str]], as_of: datetime | None
) -> None:
    at = as_of or NOON
    for row in shown(arrive(order), ledger(ENRICHMENT), at):
        assert row["embargo_until"] is None or row["embargo_until"] <= at


def test_withheld_is_current_but_for_the_status_that_it_shows() -> None:
    """The order is written out in both files, as each is to be used alone."""
    shows = view_select("current", NOON).replace(
        "p.at_status = 'usable'", "p.at_status = 'withheld'"
    )
    assert view_select("withheld", NOON) == shows


def test_latest_is_current_before_it_hides_anything() -> None:
    story = revision(0)
    kill = revision(1, status="canceled", version=2, embargo_until=NOON + HOUR)
    table = table_of("stories", [story_row(s, "a_model", "0") for s in (story, kill)])
    with duckdb.connect() as connection:
        connection.register("stories", table)
        connection.register("ledger", ledger(ENRICHMENT))
        for condition, offset in (("b.story_id = 'family'", 1), ("b.version = 1", 0)):
            found = connection.sql(latest_select(condition)).to_arrow_table().to_pylist()
            assert [row["offset"] for row in found] == [offset]


def test_times_in_the_text_are_utc() -> None:
    text = view_select("current", datetime(2026, 3, 4, tzinfo=UTC))
    assert "'2026-03-04 00:00:00.000000+00:00'" in text
