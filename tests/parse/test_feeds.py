"""RSS and Atom: what feedparser is given, what it must not see, and feeds that are broken."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.model import Reject, Story
from pipeline.parse import ParseLimits, parse_record
from tests.parse.golden import one, record

_MEDIA = 'xmlns:media="http://search.yahoo.com/mrss/"'


def _rss(item: str, names: str = "") -> bytes:
    return f'<rss version="2.0" {names}><channel><item>{item}</item></channel></rss>'.encode()


def _atom(entry: str, more: str = "") -> bytes:
    space = "http://www.w3.org/2005/Atom"
    return f'<feed xmlns="{space}" {more}><entry>{entry}</entry></feed>'.encode()


def test_a_caption_is_no_summary() -> None:
    """feedparser alone takes `media:description` for the entry's description, or its full text."""
    caption = (
        "<media:content url='x'><media:description>A beach</media:description></media:content>"
    )
    story = one(_rss(f"<title>T</title>{caption}<description>The text.</description>", _MEDIA))
    assert (story.paragraphs, story.captions) == (("The text.",), ("A beach",))
    assert story.summary is None


def test_keywords_are_no_codes() -> None:
    """They come from any namespace, commas between them."""
    words = "<keywords>cocoa, tea</keywords><category>Trade</category>"
    story = one(_rss(f"<title>T</title>{words}<description>The text.</description>"))
    assert story.keywords == ("cocoa", "tea")
    assert [code.value for code in story.codes] == ["Trade"]


@pytest.mark.parametrize("name", ["description", "content:encoded"])
def test_markup_that_is_not_escaped_keeps_its_blocks(name: str) -> None:
    """feedparser alone leaves out the `<div>`s of such markup, and joins what they part."""
    body = f"<{name}><div>One.</div><div>Two &amp; three.<br/>Four.</div></{name}>"
    names = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    assert one(_rss(f"<title>T</title>{body}", names)).paragraphs == (
        "One.",
        "Two & three.",
        "Four.",
    )


@pytest.mark.parametrize(
    "names",
    [
        "",
        'xmlns:content="http://purl.org/rss/1.0/modules/content"',
        'xmlns:content="https://purl.org/rss/1.0/modules/content/"',
    ],
)
def test_the_full_text_is_found_whatever_its_namespace(names: str) -> None:
    """A prefix that is not declared, or a namespace that is misspelt, hides no text."""
    full = "<description>Short.</description><content:encoded>&lt;p>Long.&lt;/p></content:encoded>"
    story = one(_rss(f"<title>T</title>{full}", names))
    assert (story.paragraphs, story.summary) == (("Long.",), "Short.")


def test_a_feed_in_a_namespace_of_its_own() -> None:
    """The elements are matched on their local names."""
    data = b"""<x:rss xmlns:x="urn:wrong" version="2.0"><x:channel><x:item><x:title>T</x:title>
        <x:description>The text.</x:description></x:item></x:channel></x:rss>"""
    assert one(data).paragraphs == ("The text.",)


def test_an_excerpt_is_not_the_full_text() -> None:
    """Exports of WordPress have an `excerpt:encoded` besides, even an empty one."""
    names = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:excerpt="http://w/excerpt/"'
    )
    item = "<excerpt:encoded>Cut</excerpt:encoded><content:encoded>All of it.</content:encoded>"
    assert one(_rss(f"<title>T</title>{item}", names)).paragraphs == ("All of it.",)


def test_text_that_atom_calls_text_is_text() -> None:
    """RFC 4287, 3.1.1.1: a `<b>` in it is what the reader sees."""
    story = one(_atom("<id>1</id><title>The &lt;b&gt; tag&lt;/b&gt;</title><content>x.</content>"))
    assert story.headline == "The <b> tag</b>"


def test_languages_are_inherited() -> None:
    """The entry's own before the feed's."""
    text = "<title>T</title><summary>S.</summary>"
    assert one(_atom(f"<id>1</id>{text}", 'xml:lang="fr-CA"')).language == "fr"
    own = '<id>1</id><title xml:lang="de">T</title><summary>S.</summary>'
    assert one(_atom(own, 'xml:lang="fr"')).language == "de"


def test_a_feed_that_is_cut_off_gives_its_whole_entries() -> None:
    """Each with a warning; what is left of the last one is malformed, with its bytes."""
    whole = "".join(f"<item><title>T{n}</title><link>http://x/{n}</link></item>" for n in range(2))
    data = f'<rss version="2.0"><channel>{whole}<item><title>Half a st'.encode()
    first, second, rest = parse_record(record(data))
    assert isinstance(first, Story) and isinstance(second, Story) and isinstance(rest, Reject)
    assert [first.headline, second.headline] == ["T0", "T1"]
    assert "the feed is cut off" in first.warnings
    assert (rest.kind, rest.raw) == ("malformed", b"<item><title>Half a st")
    for story in (first, second):
        assert one(story.raw).revision_id == story.revision_id


def test_a_cut_feed_of_one_whole_entry() -> None:
    """Nothing but its ends is missing: one story, whose raw bytes are the closed feed."""
    data = b'<rss version="2.0"><channel><title>W</title><item><title>T</title></item></chan'
    story = one(data)
    assert one(story.raw).revision_id == story.revision_id
    assert story.raw.endswith(b"</rss>")


def test_an_entry_alone_reads_as_within_its_feed() -> None:
    """What the feed says of all (language, rights, provider) stays with each."""
    items = "".join(f"<item><title>T{n}</title><guid>{n}</guid></item>" for n in range(3))
    head = "<title>Reuters</title><language>de</language><copyright>(c)</copyright>"
    data = f'<rss version="2.0"><channel>{items}{head}</channel></rss>'.encode()
    for item in parse_record(record(data)):
        assert isinstance(item, Story)
        assert (item.provider, item.language, item.rights) == ("Reuters", "de", "(c)")
        assert one(item.raw).revision_id == item.revision_id


def test_nothing_is_opened_or_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for a feed whose links, bases and contents point elsewhere."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr("urllib.request.OpenerDirector.open", refuse)
    monkeypatch.setattr("socket.create_connection", refuse)
    monkeypatch.setattr("feedparser.http.get", refuse)
    entry = '<id>1</id><title>T</title><content src="http://x/a" type="text/html">S.</content>'
    assert one(_atom(entry, 'xml:base="http://x/"')).paragraphs == ("S.",)


def test_many_entries_under_a_long_head_end_at_the_limit() -> None:
    """The bytes that the raw forms take together are bounded."""
    items = "".join(f"<item><title>T{n}</title></item>" for n in range(200))
    data = f"<rss><channel><title>{'x' * 20_000}</title>{items}</channel></rss>".encode()
    *stories, last = parse_record(record(data), ParseLimits(max_decompressed_bytes=1_000_000))
    assert isinstance(last, Reject) and last.kind == "too_large"
    assert len(stories) == 49


def test_entries_that_share_an_id_and_have_no_links_are_families_by_their_titles() -> None:
    """Else the last one alone would be shown; a later version of one keeps the id."""
    two = [("T1", "One story."), ("T2", "Another.")]
    for titles, families in ((two, 2), ([("T1", "One story."), ("UPDATE 2-T1", "More.")], 1)):
        items = "".join(
            f"<item><title>{title}</title><guid>news</guid><description>{text}</description></item>"
            for title, text in titles
        )
        feed = f"<rss version='2.0'><channel><title>F</title>{items}</channel></rss>"
        stories = parse_record(record(feed.encode()))
        assert all(isinstance(story, Story) for story in stories)
        assert len({story.story_id for story in stories if isinstance(story, Story)}) == families
        warned = [s.warnings for s in stories if isinstance(s, Story)]
        warning = ("other entries have this id too, so none is taken: news",)
        assert warned == [warning if families == 2 else ()] * 2


def _channel(home: str, guid: str, more: str = "") -> bytes:
    entry = f"<title>T</title><guid>{guid}</guid><description>The text.</description>{more}"
    channel = f"<title>News</title><link>{home}</link><item>{entry}</item>"
    return f'<rss version="2.0"><channel>{channel}</channel></rss>'.encode()


def test_a_site_that_no_table_knows_is_told_by_its_host() -> None:
    """Sites count their entries from one: without a provider two sites' first were one family."""
    ours, theirs = (
        one(_channel(home, "1"))
        for home in ("https://www.pier.example/news", "http://quay.example")
    )
    assert (ours.provider, theirs.provider) == ("pier.example", "quay.example")
    assert ours.story_id != theirs.story_id


def test_the_source_that_an_entry_names_is_its_provider() -> None:
    """Also where no table knows it: the link is that of whoever collects."""
    source = '<source url="https://pier.example">The Pier</source>'
    assert one(_channel("https://collects.example", "1", source)).provider == "The Pier"


def test_an_agencys_host_is_its_name() -> None:
    assert one(_channel("https://www.reuters.com/world", "1")).provider == "Reuters"


@pytest.mark.parametrize("name", ["description", "content:encoded"])
def test_cdata_that_is_escaped_once_more_is_read(name: str) -> None:
    """HTML would take it for a comment, up to its first tag's end."""
    text = (
        "The keeper lit the old lamp on the pier again, and all ships of the coast saw it at once."
    )
    story = one(
        "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>"
        "<title>N</title><link>https://n.example</link><item><title>Lamp lit</title><guid>g</guid>"
        f"<{name}>&lt;![CDATA[&lt;p&gt;{text}&lt;/p&gt;]]&gt;</{name}></item></channel></rss>".encode()
    )
    assert (story.paragraphs, story.warnings) == ((text,), ())


def test_the_time_of_a_change_of_a_post_is_that_of_its_version() -> None:
    """Two exports of WordPress hold the same post: the one changed later is shown."""
    export = (
        '<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>C</title>'
        "<item><title>Pier shut</title><guid>http://coast.example/?p=1</guid>"
        "<pubDate>Tue, 06 Oct 2026 08:00:00 +0000</pubDate><description>It is shut.</description>"
        "<wp:post_modified_gmt>{changed}</wp:post_modified_gmt><wp:status>publish</wp:status>"
        "<wp:post_type>post</wp:post_type></item></channel></rss>"
    )
    story = one(export.format(changed="2026-10-06 09:30:00").encode())
    assert story.version_time == datetime(2026, 10, 6, 9, 30, tzinfo=UTC)
    assert one(export.format(changed="0000-00-00 00:00:00").encode()).version_time is None


@pytest.mark.parametrize("word", ["sharedaddy sd-sharing", "jp-relatedposts", "addtoany_share"])
def test_what_plug_ins_put_below_a_text_is_not_of_it(word: str) -> None:
    """Buttons and links to other texts; nothing else is lost by that."""
    links = "<h3>Share this:</h3><ul><li>Click to share on a network of people and boats</li></ul>"
    tail = "<p>The post <a href='x'>Pier kept</a> appeared first on <a href='y'>Norrby</a>.</p>"
    item = (
        "<title>Pier kept</title><guid>1</guid>"
        f"<description><![CDATA[<p>The pier.</p>{tail}]]></description>"
        f"<content:encoded><![CDATA[<p>The pier is kept.</p><div class='{word}'>{links}</div>"
        f"<p>Nobody knew.</p>{tail}]]></content:encoded>"
    )
    story = one(_rss(item, "xmlns:content='http://purl.org/rss/1.0/modules/content/'"))
    assert story.paragraphs == ("The pier is kept.", "Nobody knew.")
    assert (story.summary, story.warnings) == ("The pier.", ())
    around = f"<title>Pier kept</title><description>&lt;div class='{word}'&gt;It is.&lt;/div&gt;"
    assert one(_rss(f"{around}</description><guid>1</guid>")).paragraphs == ("It is.",)
