"""`dateline show`: the story that an id names, and its two renderings."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from pipeline import clock
from pipeline.cli import app
from pipeline.errors import UsageError
from pipeline.model import Mention, RegionEvidence
from pipeline.show.facts import beginning
from pipeline.show.find import Shown, find_story
from pipeline.show.marks import marks, paragraphs, segments
from pipeline.show.story_page import page
from pipeline.show.terminal import render_story
from tests.support.rows import HEADLINE, a_batch, a_story, an_entity, an_event, enriched, written

HOSTILE = 'Minister <script>alert(1)</script> & "quotes" \x1b[31m\u202evisits'
MOVED = len(HOSTILE) - len(HEADLINE)
"""How far the body begins behind where the builders' own headline has it."""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A family of two revisions, the later one killed; and a story that a page must not trust."""
    evidence = (RegionEvidence("body", "<b>Yerevan</b>", "ARM", 1.5),)
    items = [
        enriched(a_story(0, story_id="aa11")),
        enriched(a_story(1, story_id="aa11", version=2, status="canceled", headline="KILL")),
        enriched(
            a_story(2, story_id="bb22", headline=HOSTILE, bylines=("<i>Ann</i>",)),
            entities=(
                an_entity("<img src=x>", mentions=(Mention(0, 8, "Minister", 0),)),
                an_entity(
                    kind="Q' onclick='x", mentions=(Mention(42 + MOVED, 53 + MOVED, "Ann", 1),)
                ),
            ),
            events=(an_event(start=54 + MOVED, end=61 + MOVED),),
            region_evidence=evidence,
        ),
    ]
    folder = tmp_path_factory.mktemp("lake") / "lake"
    written(folder, a_batch(items)).close()
    return str(folder)


def shown(lake: str, wanted: str) -> Shown:
    return find_story(lake, None, wanted, clock.now())


def test_a_story_is_found_by_its_ids_and_their_beginnings(lake: str) -> None:
    """A family's id gives its latest revision, killed or not; a revision's id that revision."""
    assert shown(lake, "aa11").story["headline"] == "KILL"
    assert shown(lake, "aa").story["headline"] == "KILL"
    ids = {shown(lake, name).story["revision_id"] for name in ("aa11", "bb22")}
    for revision in ids:
        assert shown(lake, revision).story["revision_id"] == revision
        assert shown(lake, revision[:20]).story["revision_id"] == revision
    found = shown(lake, "bb22")
    assert [row["name"] for row in found.entities] == ["<img src=x>", "Ann Example"]
    assert [row["trigger"] for row in found.events] == ["visited"]
    assert "raw" not in found.story


@pytest.mark.parametrize("wanted", ["", "zz", "' OR true --", "aa11%"])
def test_an_unknown_id_is_a_clear_error(lake: str, wanted: str) -> None:
    """And nothing in an id is SQL."""
    with pytest.raises(UsageError, match="id"):
        shown(lake, wanted)


def test_an_ambiguous_beginning_names_the_stories(tmp_path: Path) -> None:
    """So that the next try can be right."""
    stories = [enriched(a_story(n, story_id=f"cc{n}")) for n in range(3)]
    written(tmp_path / "lake", a_batch(stories)).close()
    with pytest.raises(UsageError, match=r"several stories.*cc0, cc1, cc2"):
        shown(str(tmp_path / "lake"), "cc")


def test_the_pieces_are_the_text_with_all_marks(lake: str) -> None:
    """Put together they are the headline and the paragraphs; each mark ends once."""
    found = shown(lake, "bb22")
    ranges = [(0, len(found.story["headline"])), *paragraphs(found)]
    cut = [segment for begin, end in ranges for segment in segments(found, begin, end)]
    text = "".join(found.text[segment.start : segment.end] for segment in cut)
    assert text == found.story["headline"] + found.story["body"]
    assert [mark for segment in cut for mark in segment.ends] == list(marks(found))
    sides = {m.layer: found.text[m.start : m.end] for m in marks(found)}
    assert (sides["trigger"], sides["source"], sides["target"]) == (
        "visited",
        "Ann Example",
        "Yerevan",
    )


class _Reader(HTMLParser):
    """Every element and attribute of a page, and its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_what_a_story_says_is_text_in_the_page(lake: str) -> None:
    """No element, attribute or address comes from the wire, and none loads anything."""
    html = page(shown(lake, "bb22"))
    reader = _Reader()
    reader.feed(html)
    assert '<script>alert(1)</script> & "quotes"' in reader.words
    assert not {"script", "img", "i", "link", "iframe", "object"} & set(reader.tags)
    names = {name for name, _ in reader.attributes}
    assert not names & {"src", "onclick", "onload", "action", "background"}
    assert all(value.startswith("#") for name, value in reader.attributes if name == "href")
    assert not re.search(r"url\(|@import|https?:", html)
    assert {"default-src 'none'", "base-uri 'none'", "form-action 'none'"} <= {
        rule.strip() for _, value in reader.attributes for rule in value.split(";")
    }
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "visited" in reader.words


def test_each_table_of_a_page_has_a_name_of_its_own(lake: str) -> None:
    """Whoever hears the page goes from one to another by their names."""
    names = re.findall(r'role="region" aria-label="([^"]*)"', page(shown(lake, "bb22")))
    assert len(names) == 3
    assert len(set(names)) == 3


def test_a_terminal_obeys_nothing_of_a_story(lake: str) -> None:
    """Escapes of the wire are shown as marks; the words stand as they are, markup included."""
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    console.print(render_story(shown(lake, "bb22")))
    text = console.export_text()
    assert "\x1b" not in text
    assert "<script>alert(1)</script>" in text
    assert "Ann Example" in text
    assert "CONSULT" in text or "ENGAGE" in text


def test_the_command(lake: str, tmp_path: Path) -> None:
    """Prints, writes a page, prints JSON; a page that cannot be written is a usage error."""
    run = CliRunner()
    plain = run.invoke(app, ["show", "bb22", "--lake", lake])
    assert plain.exit_code == 0, plain.output
    assert "Entities" in plain.output
    target = tmp_path / "story.html"
    assert run.invoke(app, ["show", "bb22", "--lake", lake, "--html", str(target)]).exit_code == 0
    assert target.read_text().startswith("<!DOCTYPE html>")
    data = json.loads(run.invoke(app, ["show", "bb22", "--lake", lake, "--json"]).output)
    assert data["story"]["story_id"] == "bb22"
    missing = tmp_path / "no" / "story.html"
    failed = run.invoke(app, ["show", "bb22", "--lake", lake, "--html", str(missing)])
    assert isinstance(failed.exception, UsageError)


@pytest.mark.browser
def test_a_browser_renders_the_page_and_runs_nothing(lake: str, tmp_path: Path) -> None:
    """The DOM that a browser builds holds the headline as text and no script."""
    path = tmp_path / "story.html"
    path.write_text(page(shown(lake, "bb22")))
    done = subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu",
         f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", path.as_uri()],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in done.stdout
    assert "<script" not in done.stdout
    assert "Ann Example" in done.stdout


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Short and whole.", "Short and whole."),
        ("Two\nlines, one.", "Two lines, one."),
        ("x" * 30 + " " + "y" * 30 + " " + "z" * 30, "x" * 30 + " " + "y" * 30 + " …"),
        ("漢" * 100, "漢" * 80 + " …"),
        ("a" * 80 + " b", "a" * 80 + " …"),
    ],
)
def test_the_beginning_of_a_story_ends_with_a_word(body: str, words: str) -> None:
    """And shows that it goes on; writing without blanks is cut anywhere."""
    assert beginning(body) == words
