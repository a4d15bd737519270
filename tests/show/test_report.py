"""`dateline report`: figures that equal the lake's, and a page that trusts no story."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import escape, unescape
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.testing import CliRunner

from pipeline import tsv
from pipeline.cli import app
from pipeline.errors import UsageError
from pipeline.model import Actor, EnrichedStory, Entity, Location, Mention
from pipeline.show.find import Shown
from pipeline.show.report import Figures, Scope, charts, figures, report_page
from pipeline.show.report.behind import Tables
from pipeline.show.report.cover import covering
from pipeline.show.report.listed import CountedParts, shown_spans
from pipeline.show.report.world import HEIGHT, WIDTH, project, shapes
from pipeline.store import query
from tests.support.browser import chromium, opened
from tests.support.rows import (
    NOON,
    a_batch,
    a_reject,
    a_story,
    an_entity,
    an_event,
    enriched,
    written,
)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AS_OF = NOON + timedelta(hours=1)
UNBROKEN = "Donaudampfschifffahrtsgesellschaft" * 12
HOSTILE = f'=cmd <script>alert(1)</script> "\u202e {UNBROKEN}'
SECRET = "Nobody may read this yet"


def a_deed(**fields: object) -> object:
    return an_event(
        **{
            "source": Actor("Armenia", "Armenia", "ARM", "government", label="Armenia"),
            "target": Actor("Georgia", "Georgia", "GEO", "government", label="Georgia"),
            **fields,
        }
    )


def stories() -> list[EnrichedStory]:
    """Two days of two regions, with what may not be shown and what is no deed."""
    return [
        enriched(a_story(0, provider="AFP"), events=(a_deed(),)),
        enriched(
            a_story(1, headline=HOSTILE, published_at=NOON - timedelta(days=1)),
            region="eastern-asia",
            countries=("JPN", "ARM"),
            events=(a_deed(root="ACCUSE", quad_class=3, cameo="110"), a_deed(negated=True)),
            entities=(an_entity(HOSTILE),),
        ),
        enriched(a_story(2, headline=f"{SECRET}: killed", story_id="k")),
        enriched(
            a_story(3, story_id="k", version=2, status="canceled", headline=f"{SECRET}: kill")
        ),
        enriched(a_story(4, headline=SECRET, embargo_until=AS_OF + timedelta(hours=1))),
        enriched(a_story(5, headline=f"{SECRET}: draft", status="withheld")),
        enriched(a_story(6, headline="Undated", published_at=None), region="unknown", countries=()),
    ]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("lake") / "lake"
    written(folder, a_batch(stories(), [a_reject(7)])).close()
    return str(folder)


@pytest.fixture(scope="module")
def found(lake: str) -> Figures:
    return figures(lake, None, Scope(), AS_OF)


def test_the_figures_are_those_of_sql(lake: str, found: Figures) -> None:
    def one(sql: str) -> object:
        return query(lake, None, sql, AS_OF).to_pylist()[0]["n"]

    deeds = "NOT negated AND NOT hypothetical AND NOT coalesce(historical, false)"
    assert found.total["stories"] == one("SELECT count(*) AS n FROM current") == 3
    assert found.total["undated"] == 1
    assert found.total["entities"] == one("SELECT count(*) AS n FROM current_entities")
    assert found.total["events"] == one(f"SELECT count(*) AS n FROM current_events WHERE {deeds}")
    assert {row["region"]: row["n"] for row in found.regions} == {
        "western-asia": 1,
        "eastern-asia": 1,
        "unknown": 1,
    }
    assert {row["country"]: row["n"] for row in found.countries} == {"ARM": 2, "JPN": 1}
    assert [(row["source"], row["target"], row["n"]) for row in found.states] == [("ARM", "GEO", 2)]
    (dyad, _) = found.dyads
    assert (dyad["source"], dyad["roots"], dyad["quad1"], dyad["quad3"]) == (
        *("Armenia", ["ACCUSE", "CONSULT"]),
        *(1, 1),
    )
    assert [(row["kind"], row["n"]) for row in found.rejects] == [("malformed", 1)]
    assert found.buckets == (date(2026, 3, 3), date(2026, 3, 4))


@pytest.mark.parametrize(
    ("scope", "n"),
    [
        (Scope(first=date(2026, 3, 4)), 1),
        (Scope(last=date(2026, 3, 3)), 1),
        (Scope(region="eastern-asia"), 1),
        (Scope(country="ARM"), 2),
        (Scope(country="ARM", region="western-asia"), 1),
        (Scope(country="FRA"), 0),
    ],
)
def test_a_scope_leaves_out_the_rest(lake: str, scope: Scope, n: int) -> None:
    found = figures(lake, None, scope, AS_OF)
    assert found.total["stories"] == len(found.stories) == n
    assert sum(row["n"] for row in found.regions) == n


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        (Scope(region="west-asia"), "western-asia"),
        (Scope(country="arm"), "no such country"),
        (Scope(first=date(2026, 3, 4), last=date(2026, 3, 3)), "before the first"),
    ],
)
def test_a_scope_that_cannot_be_is_a_clear_error(lake: str, scope: Scope, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        figures(lake, None, scope, AS_OF)


class _Page(HTMLParser):
    """Collects what a page links, names and loads."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name == "href":
                self.links.append(value or "")
            elif name in ("src", "srcset", "action", "data"):
                self.loads.append(value or "")
            elif name.startswith("on") or name == "style":
                self.handlers.append(name)


def parsed(text: str) -> _Page:
    page = _Page()
    page.feed(text)
    return page


def test_every_link_leads_somewhere_and_every_id_is_one(lake: str, found: Figures) -> None:
    page = parsed(report_page(found, lake))
    assert len(page.ids) == len(set(page.ids))
    inside = [link[1:] for link in page.links if link.startswith("#")]
    assert set(inside) <= set(page.ids)
    outside = [link for link in page.links if not link.startswith("#")]
    assert all(link.startswith("data:text/csv") for link in outside)


def test_what_may_not_be_shown_is_nowhere_in_the_page(lake: str, found: Figures) -> None:
    assert SECRET not in report_page(found, lake)


def test_what_a_story_says_is_text_and_nothing_is_loaded(lake: str, found: Figures) -> None:
    text = report_page(found, lake)
    page = parsed(text)
    assert page.loads == []
    assert page.handlers == []
    assert page.tags.count("script") == 1
    assert "<script>alert" not in text
    assert "\u202e" not in text
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    assert "unsafe-inline" not in policy
    assert "default-src &#39;none&#39;" in policy


def test_a_download_is_no_formula(lake: str, found: Figures) -> None:
    """A name that begins with `=` is text in a spreadsheet; a negative number stays one."""
    tables = Tables(found, {})
    assert "'=cmd" in unquote(tables.named("persons", found.persons).download)
    low = replace(found, dyads=({**found.dyads[0], "goldstein": -2.0},))
    assert ",-2.0," in unquote(Tables(low, {}).dyads().download)


def test_a_lake_without_stories_has_a_page(lake: str) -> None:
    empty = figures(lake, None, Scope(country="FRA"), AS_OF)
    text = report_page(empty, lake)
    assert "No story of the lake is in this scope" in text
    page = parsed(text)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_the_commands_that_pages_name_are_there() -> None:
    """What a page says leads further does so."""
    named = set()
    for path in files("pipeline.show").joinpath("templates").iterdir():
        if path.is_file():
            named |= set(re.findall(r"<code>dateline ((?:[a-z]+ )+)", path.read_text("utf-8")))
    assert len(named) >= 3
    for words in named:
        done = CliRunner().invoke(app, [*words.split(), "--help"])
        assert done.exit_code == 0, words


def test_a_page_stays_below_a_megabyte(tmp_path: Path) -> None:
    """Of many long stories and figures those stand in it that find room, and little is left."""
    paragraphs = tuple(f"Ann Example visited Yerevan, part {n}. " * 40 for n in range(8))
    states = ("ARM", "GEO", "AZE", "TUR", "IRN", "RUS")
    many = [
        enriched(
            a_story(n, story_id=f"s{n}", published_at=NOON - timedelta(days=n % 60),
                    paragraphs=paragraphs),
            events=tuple(
                a_deed(source=Actor(one, one, one, "government", label=one)) for one in states
            ),
        )
        for n in range(150)
    ]  # fmt: skip
    written(tmp_path / "lake", a_batch(many)).close()
    found = figures(str(tmp_path / "lake"), None, Scope(), AS_OF)
    assert len(found.stories) == 150
    text = report_page(found, "lake")
    assert 900_000 < len(text.encode()) < 1_000_000
    listed = re.findall(r'<details class="story".*?<span class="when">([^<]+)', text)
    assert len(listed) == 150
    assert listed == sorted(listed, reverse=True)
    assert '<td class="behind"><code>' not in text
    assert "Not all of the text" in text


def test_every_figure_leads_to_marks_though_there_is_no_room_for_texts(tmp_path: Path) -> None:
    """Of 400 long stories no whole text fits: each row leads to one that marks what was counted."""
    filling = "Nothing that counts is told in this sentence. " * 60
    countries = [row[0] for row in tsv.rows("pipeline.enrich", "data/countries.tsv")]
    many = []
    for n in range(400):
        one, other = countries[n % 200], countries[(7 * n + 3) % 200]
        sentence = f"{one} accused {other}."
        start = len("Minister visits Yerevan\n\n") + len(filling) + 2
        many.append(
            enriched(
                a_story(n, story_id=f"s{n}", published_at=NOON - timedelta(days=n % 60),
                        paragraphs=(filling, sentence, filling)),
                countries=(one, other),
                entities=(),
                events=(
                    a_deed(
                        source=Actor(one, one, one, "government", label=one),
                        target=Actor(other, other, other, "government", label=other),
                        sentence=sentence, trigger="accused", start=start + 4, end=start + 11,
                        root="ACCUSE", quad_class=3, cameo="112",
                    ),
                ),
            )
        )  # fmt: skip
    written(tmp_path / "lake", a_batch(many)).close()
    text = report_page(figures(str(tmp_path / "lake"), None, Scope(), AS_OF), "lake")
    assert len(text.encode()) < 1_000_000
    behind = re.findall(r'<td class="behind"><(a|code)', text)
    assert len(behind) > 300
    assert set(behind) == {"a"}
    stories_ = re.findall(r'<details class="story">.*?</details>', text, re.S)
    assert len(stories_) > 100
    assert all('<span class="trigger">accused</span>' in one for one in stories_)
    assert all("ACCUSE" in one for one in stories_)


def test_a_row_leads_to_a_text_that_shows_what_it_counts(tmp_path: Path) -> None:
    """Of a story with thirty deeds the last one's sentence stands there, and a headline's name."""
    filling = "Nothing that counts is told in this sentence. " * 200
    head, sentences = "Ann Example and the towns", [f"They met in Town {n}." for n in range(30)]
    paragraphs = (*sentences, *[filling] * 40)
    text = head + "\n\n" + "\n\n".join(paragraphs)
    deeds = [
        a_deed(
            sentence=told, sentence_index=n, trigger="met", place=f"Town {n}",
            start=text.index(told) + 5, end=text.index(told) + 8,
            place_location=Location("city", n + 1, 40.0, float(n)),
        )
        for n, told in enumerate(sentences)
    ]  # fmt: skip
    name = Entity(name="Ann Example", kind="PERSON", mentions=(Mention(0, 11, "Ann Example", 0),))
    told = [
        enriched(a_story(0, headline=head, paragraphs=paragraphs), events=deeds, entities=(name,)),
        # Long ones, so that no story has room for more than its sentences.
        *(
            enriched(a_story(n, story_id=f"s{n}", paragraphs=paragraphs), entities=())
            for n in range(1, 130)
        ),
    ]
    written(tmp_path / "lake", a_batch(told)).close()
    page = report_page(figures(str(tmp_path / "lake"), None, Scope(), AS_OF), "lake")
    stories_ = dict(re.findall(r'<article id="(story-\d+)"[^>]*>(.*?)</article>', page, re.S))
    (table,) = re.findall(r'id="table-places">.*?<tbody>(.*?)</tbody>', page, re.S)
    for row in re.findall(r"<tr.*?</tr>", table, re.S):
        (place, *_), (link, *_) = (
            re.findall(r"<td>(.*?)</td>", row),
            re.findall('#(story-.*?)"', row),
        )
        assert f"in {place}." in re.sub("<.*?>", "", stories_[link])
    (table,) = re.findall(r'id="table-persons">.*?<tbody>(.*?)</tbody>', page, re.S)
    for link in re.findall('#(story-.*?)"', table):
        assert re.search(r'<mark class="PERSON"[^>]*>(<[^>]+>)*Ann Example', stories_[link])


def test_rankings_end_where_no_story_has_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stories that have nothing in common: fewer rows, the first ones, and each leads somewhere."""
    words = "Nothing that counts is told in this sentence. " * 12
    many = [
        enriched(
            a_story(n, story_id=f"s{n}", provider=f"Agency {n:03}", headline=f"Told {n}: {words}"),
            entities=(), countries=(), region="unknown",
            events=(
                a_deed(
                    place=f"Town {n}", place_location=Location("city", n + 1, 40.0, float(n)),
                    source=Actor(f"One {n}", label=f"One {n}"),
                    target=Actor(f"Two {n}", label=f"Two {n}"),
                ),
            ),
        )
        for n in range(119)
    ]  # fmt: skip
    written(tmp_path / "lake", a_batch(many)).close()
    found = figures(str(tmp_path / "lake"), None, Scope(), AS_OF)
    whole = report_page(found, "lake")
    assert "Rankings are shorter" not in whole
    monkeypatch.setattr(sys.modules[report_page.__module__], "_MOST_BYTES", 320_000)
    text = report_page(found, "lake")
    assert len(text.encode()) < 320_000
    behind = re.findall(r'<td class="behind"><(a|code)', text)
    assert set(behind) == {"a"}
    assert len(behind) < len(re.findall(r'<td class="behind">', whole))
    assert "Rankings are shorter" in text
    for name in ("places", "providers"):
        (short, full) = (
            re.findall(rf'id="table-{name}">.*?</table>', one, re.S)[0] for one in (text, whole)
        )
        told = re.findall(r"<tr id[^>]*><td>(.*?)</td>", short)
        assert 9 < len(told) < 100
        assert told == re.findall(r"<tr id[^>]*><td>(.*?)</td>", full)[: len(told)]


def test_of_a_long_text_stands_what_was_counted(found: Figures) -> None:
    """The sentence of a deed, the words around a name; where nothing was counted, the beginning."""
    (shown,) = (one for one in found.stories if one.story["headline"] == "Minister visits Yerevan")
    paragraphs = (*(["Filling words, and more of them. " * 30] * 6), shown.story["body"])
    body = "\n\n".join(paragraphs)
    moved = len(body) - len(shown.story["body"])
    (event,) = shown.events
    at = {f"trigger_{end}": event[f"trigger_{end}"] + moved for end in ("start", "end")}
    mentions = [
        {**one, "start": one["start"] + moved, "end": one["end"] + moved}
        for one in shown.entities[0]["mentions"]
    ]
    long = Shown(
        {**shown.story, "body": body},
        ({**shown.entities[0], "mentions": mentions},),
        ({**event, **at, "source_start": None, "target_start": None},),
    )
    name = frozenset({shown.entities[0]["entity_id"] or "PERSON:Ann Example"})

    def told(one: Shown, names: frozenset[str]) -> list[str]:
        return [
            one.text[start:end] for start, end in shown_spans(one, CountedParts(names), "sentences")
        ]

    assert told(long, frozenset()) == [shown.story["body"]]
    (around,) = told(replace(long, events=()), name)
    assert "Ann Example visited" in around
    assert len(around) < 300
    (beginning,) = told(replace(long, events=()), frozenset())
    assert body.startswith(beginning)
    assert 200 < len(beginning) <= 240


@pytest.mark.parametrize("years", [(1, 9999), (1066, 1987)])
def test_dates_of_any_age_have_a_chart(tmp_path: Path, years: tuple[int, int]) -> None:
    two = [
        enriched(a_story(n, published_at=datetime(year, 6, 1, tzinfo=UTC)))
        for n, year in enumerate(years)
    ]
    written(tmp_path / "lake", a_batch(two)).close()
    found = figures(str(tmp_path / "lake"), None, Scope(), AS_OF)
    assert found.unit == "decade"
    assert {row["bucket"] for row in found.stories_by_time} <= set(found.buckets)
    text = report_page(found, "lake")
    assert "1980s" in text or years[0] == 1
    assert len(text.encode()) < 300_000


def test_no_name_makes_the_page_large(tmp_path: Path) -> None:
    """Providers without end, and names of a hundred thousand letters."""
    many = [
        enriched(
            a_story(n, story_id=f"s{n}", provider=f"Agency {n} " + "x" * 3000),
            entities=(an_entity("N" * 100_000),),
        )
        for n in range(150)
    ]
    written(tmp_path / "lake", a_batch(many)).close()
    found = figures(str(tmp_path / "lake"), None, Scope(), AS_OF)
    assert len(found.providers) == 100
    assert len(report_page(found, "lake").encode()) < 1_000_000


def test_few_stories_lead_to_all_figures() -> None:
    """The one that most figures share comes first, and none that leads to nothing new."""
    assert covering([{"a", "b"}, {"b", "c"}, {"c"}, {"b"}], 9) == ["b", "c"]
    assert covering([{"a"}, {"b"}, {"b"}], 1) == ["b"]
    assert covering([set()], 9) == []
    # One that takes three times the room has to lead to three times the figures.
    assert covering([{"a", "c"}, {"a", "b"}], 9, {"a": 3.0}) == ["b", "c"]


def test_actors_of_one_name_are_told_apart_by_their_countries(found: Figures) -> None:
    rows = [
        {**found.dyads[0], "source": "Gunmen", "source_country": country}
        for country in ("ARM", "GEO", None)
    ]
    tables = Tables(replace(found, dyads=tuple(rows)), {"GEO": "Georgia"})
    told = [row.cells[:3:2] for row in tables.dyads().rows]
    georgia = "Georgia (GEO)"
    assert told == [
        ("Gunmen, ARM", georgia), ("Gunmen, Georgia (GEO)", georgia), ("Gunmen", georgia)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("last", "unit"),
    [
        (datetime(2026, 3, 30, tzinfo=UTC), "day"),
        (datetime(2027, 3, 4, tzinfo=UTC), "month"),
        (datetime(2046, 3, 4, tzinfo=UTC), "year"),
    ],
)
def test_time_is_cut_by_how_long_it_is(tmp_path: Path, last: datetime, unit: str) -> None:
    two = [enriched(a_story(0)), enriched(a_story(1, published_at=last))]
    written(tmp_path / "lake", a_batch(two)).close()
    found = figures(str(tmp_path / "lake"), None, Scope(), last)
    assert found.unit == unit
    assert len(found.buckets) == len(set(found.buckets))
    assert {row["bucket"] for row in found.stories_by_time} <= set(found.buckets)
    assert f"Stories by {unit}" in report_page(found, "lake")


def test_the_command_writes_the_page(lake: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    done = CliRunner().invoke(app, ["report", "--lake", lake, "-o", str(path), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["page"] == str(path)
    assert path.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_page_that_is_written_anew_is_never_half_there(lake: str, tmp_path: Path) -> None:
    """The old one stands until the new one is whole; what was linked or protected stays so."""
    path, link = tmp_path / "report.html", tmp_path / "week.html"
    path.write_text("the page before")
    path.chmod(0o640)
    link.symlink_to(path)
    with path.open() as before:
        done = CliRunner().invoke(app, ["report", "--lake", lake, "-o", str(link)])
        assert done.exit_code == 0, done.output
        assert before.read() == "the page before"
    assert "stories, " in done.output
    assert link.is_symlink()
    assert path.read_text("utf-8").endswith("</html>")
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(one.name for one in tmp_path.iterdir()) == ["report.html", "week.html"]


@pytest.mark.parametrize("output", [".", "no/such/folder/report.html"])
def test_a_page_that_cannot_be_written_is_a_clear_error(
    lake: str, tmp_path: Path, output: str
) -> None:
    done = CliRunner().invoke(app, ["report", "--lake", lake, "-o", str(tmp_path / output)])
    assert isinstance(done.exception, UsageError)
    assert "the page cannot be written" in str(done.exception)


def points() -> Iterator[tuple[str, float, float]]:
    for country, path in shapes().items():
        for x, y in re.findall(r"([-\d.]+) ([-\d.]+)", path):
            yield country, float(x), float(y)


def test_the_figures_beside_bars_have_room() -> None:
    """However long they are: a digit is 9 units wide or less in the chart's 15."""
    row = {"bucket": date(2026, 3, 1), "quad1": 1_251_016, "quad2": 0, "quad3": 4, "quad4": 0}
    chart = charts.balance("ARM", [row], [date(2026, 3, 1)], "month")
    told = [shape for part in chart.parts for shape in part.shapes if shape.css == "end"]
    assert [shape.text for shape in told] == ["1,251,016", "4"]
    assert all(shape.at[0] >= 9 * len(shape.text) for shape in told)
    bars = [shape for part in chart.parts for shape in part.shapes if shape.kind == "rect"]
    assert all(shape.at[0] >= told[0].at[0] for shape in bars)


@pytest.mark.parametrize("n", [1, 7, 46, 62])
def test_words_beside_a_chart_have_room(n: int) -> None:
    """Dates below it and names left of it begin within the drawing, whatever stands there."""
    days = [date(2026, 1, 1) + timedelta(days=day) for day in range(n)]
    row = {"bucket": days[0], "quad1": 1, "quad2": 0, "quad3": 4, "quad4": 0, "n": 5}
    names = {"COD": "Democratic Republic of the Congo", "VCT": "St Vincent and the Grenadines"}
    drawn = [
        charts.balance("ARM", [row], days, "day"),
        charts.matrix([{**row, "source": "COD", "target": "VCT"}], names),
    ]
    for chart in drawn:
        for shape in (shape for part in chart.parts for shape in part.shapes):
            if shape.kind == "text":
                wide = 8.5 * len(shape.text)
                begins = shape.at[0] - (wide if shape.css == "end" else wide / 2)
                assert begins >= 0 or len(shape.text) < 2, shape


def test_every_country_lies_on_the_map() -> None:
    assert all(0 <= x <= WIDTH and -30 <= y <= HEIGHT for _, x, y in points())
    known = {row[0] for row in tsv.rows("pipeline.enrich", "data/countries.tsv")}
    assert set(shapes()) <= known
    assert len(shapes()) > 170


def test_no_outline_crosses_the_map() -> None:
    """A side as long as half the map would be one that was not cut at the 180th meridian."""
    for country, path in shapes().items():
        for ring in path.split("M")[1:]:
            xs = [float(x) for x in re.findall(r"([-\d.]+) [-\d.]+", ring)]
            steps = [abs(b - a) for a, b in zip(xs, [*xs[1:], xs[0]], strict=True)]
            assert max(steps) < WIDTH / 4, country


def test_towns_lie_in_their_countries() -> None:
    """Of known towns the outline of their country is around them: even-odd rule."""
    for country, longitude, latitude in (
        ("UKR", 34.1, 45.2),
        ("FRA", 2.35, 48.86),
        ("RUS", 177.5, 64.7),
        ("BRA", -47.9, -15.8),
    ):
        x, y = project(longitude, latitude)
        inside = False
        for ring in shapes()[country].split("M")[1:]:
            corners = [(float(a), float(b)) for a, b in re.findall(r"([-\d.]+) ([-\d.]+)", ring)]
            for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
                if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
                    inside = not inside
        assert inside, country


def _dom(
    page: Path, tmp_path: Path, *options: str, at: str = ""
) -> subprocess.CompletedProcess[str]:
    """What a browser makes of a page, once its scripts have come to rest."""
    return subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
         f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=60000", *options,
         "--dump-dom", f"{page.as_uri()}{at}"],
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip


DARK = "--blink-settings=preferredColorScheme=0"


@pytest.mark.browser
@pytest.mark.parametrize("options", [(), (DARK,), ("--window-size=360,800",)])
def test_axe_finds_nothing(
    lake: str, found: Figures, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Light, dark and as wide as a phone: axe-core's rules, those of contrast included."""
    text = report_page(found, lake)
    axe = files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
    ask = (
        "axe.run().then(told => { const said = document.createElement('pre'); said.id = 'axe';"
        "said.textContent = JSON.stringify(told.violations.map(rule => [rule.id, rule.impact,"
        "rule.nodes.map(node => node.html)])); document.body.append(said); });"
    )
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    opened = text.replace("<details ", "<details open ")
    path = tmp_path / "report.html"
    escaped = axe.replace("</script", "<\\/script")
    path.write_text(
        opened.replace("</body>", f"<script>{escaped}</script><script>{ask}</script></body>"),
        "utf-8",
    )
    (told,) = re.findall(r'<pre id="axe">(.*?)</pre>', _dom(path, tmp_path, *options).stdout, re.S)
    assert json.loads(unescape(told)) == []


@pytest.mark.browser
def test_a_phone_shows_the_page_without_scrolling_aside(
    lake: str, found: Figures, tmp_path: Path
) -> None:
    """At 360 pixels nothing but a table's own frame is wider than the window."""
    measure = (
        "<script>const wide = document.createElement('pre'); wide.id = 'wide';"
        "wide.textContent = document.documentElement.scrollWidth;"
        "document.body.append(wide)</script>"
    )
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", report_page(found, lake))
    # A headless window is never narrower than 500 pixels: a frame of 360 stands for the phone.
    inner, path = tmp_path / "inner.html", tmp_path / "outer.html"
    inner.write_text(text.replace("</body>", f"{measure}</body>"), "utf-8")
    path.write_text(
        f'<iframe width="360" height="800" srcdoc="{escape(inner.read_text("utf-8"))}"></iframe>'
        "<script>addEventListener('load', () => { document.title = document.querySelector('iframe')"
        ".contentDocument.getElementById('wide').textContent; })</script>",
        "utf-8",
    )
    (width,) = re.findall(r"<title>(\d+)</title>", _dom(path, tmp_path).stdout)
    assert int(width) <= 360


@pytest.mark.browser
def test_a_browser_runs_the_script_without_an_error(
    lake: str, found: Figures, tmp_path: Path
) -> None:
    """Its own script may run, a story's may not; a link opens the story that it leads to."""
    path = tmp_path / "report.html"
    path.write_text(report_page(found, lake), "utf-8")
    done = _dom(path, tmp_path, at="#story-2")
    assert "CONSOLE" not in done.stderr
    assert re.search(
        r'<details class="story" open="">(?:(?!<details).)*id="story-2"', done.stdout, re.S
    )
    assert '<p class="filter">' in done.stdout
    assert "<button" in done.stdout


@pytest.mark.browser
def test_a_reader_of_the_report_needs_no_mouse(lake: str, found: Figures, tmp_path: Path) -> None:
    """Tab and Enter alone: a sort, a story behind a figure, a filter that the address keeps."""
    path = tmp_path / "report.html"
    path.write_text(report_page(found, lake), "utf-8")
    with chromium() as browser, opened(browser, path.as_uri()) as seen:
        keys, sorted_by, behind = seen.page.keyboard, "", ""
        for _ in range(400):
            keys.press("Tab")
            told = seen.focused()
            if told == "button source" and not sorted_by:
                keys.press("Enter")
                sorted_by = str(seen.page.evaluate("document.activeElement.closest('th').ariaSort"))
            href = seen.page.evaluate("document.activeElement.getAttribute('href') || ''")
            if str(href).startswith("#story-"):
                behind = str(href)[1:]
                break
        assert sorted_by == "ascending"
        assert "#sort=table-dyads.0.up" in seen.page.url
        keys.press("Enter")
        # The page hears of the new address a moment after the key.
        seen.page.wait_for_function(f"document.getElementById('{behind}').closest('details').open")
        seen.page.focus(".filter input")
        keys.type("visited")
        seen.page.wait_for_url("**#with=visited")
        assert seen.errors == []
