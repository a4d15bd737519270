"""XML and the other packaged formats: safety, round trips, the standard's examples, damage."""

from __future__ import annotations

from collections import Counter
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Record, Reject, Story
from pipeline.parse import ParseLimits, parse_record
from tests.parse.golden import cases, one, record
from tests.support.data import DATA, needs_data
from tests.support.laws import law

G2 = DATA / "newsml-g2"


@needs_data("newsml-g2")
def test_the_standards_examples() -> None:
    """Every file gives its items: stories with ids, skips with a reason, and fragments refused."""
    counts: Counter[str] = Counter()
    for path in sorted(G2.glob("*.xml")):
        for item in parse_record(record(path.read_bytes())):
            if isinstance(item, Story):
                counts[item.format] += 1
                assert item.format == "nitf" or item.provider_id, path
            else:
                counts[item.kind] += 1
                assert item.message, path
    assert counts == {"newsml-g2": 22, "nitf": 1, "skipped.not_a_story": 12, "malformed": 4}


@needs_data("newsml-g2")
def test_a_whole_example() -> None:
    """The text document of the standard's quick start gives its fields."""
    story = one((G2 / "LISTING_2_NewsML-G2_Text_Document.xml").read_bytes())
    assert story.headline == 'Fed to halt QE to avert "bubble"'
    assert (story.version, story.status, story.language) == (11, "usable", "en")
    assert (story.slugline, story.bylines) == ("US-Finance-Fed", ("Meredith Jameson",))
    assert [c.name for c in story.codes if c.role == "topic"] == [
        "economy, business and finance",
        "central bank",
        "money and monetary policy",
    ]
    assert story.utc_offset_min == -300
    assert len(story.paragraphs) == 2


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE nitf [<!ENTITY x SYSTEM "file:///etc/passwd">]><nitf><body>&x;</body></nitf>',
        b'<!DOCTYPE nitf [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><nitf><body>&b;</body></nitf>',
        b"<nitf><body>" + b"<p>" * 400 + b"</p>" * 400 + b"</body></nitf>",
        b'<?xml version="1.0"?><rss version="2.0"><channel>',
    ],
)
def test_unsafe_or_cut_xml_is_malformed(data: bytes) -> None:
    """Entities, endless nesting and cut documents are refused with a reason."""
    (item,) = parse_record(record(data))
    assert isinstance(item, Reject)
    assert (item.kind, item.raw) == ("malformed", data)


def test_an_external_file_is_never_read() -> None:
    """A document type that points elsewhere is not followed."""
    data = (
        b'<!DOCTYPE nitf SYSTEM "file:///etc/hostname">'
        b"<nitf><body><body.content><p>Just this.</p></body.content></body></nitf>"
    )
    assert one(data).paragraphs == ("Just this.",)


def test_depth_has_a_bound() -> None:
    """The configured bound holds."""
    data = b"<nitf><body><body.content><p><b><i>x</i></b></p></body.content></body></nitf>"
    (item,) = parse_record(record(data), ParseLimits(max_depth=5))
    assert isinstance(item, Reject) and item.kind == "malformed"


LETTERS = st.text("abcdefghijklmnopqrstuvwxyzäéñøß&<>\"'", min_size=2, max_size=9)
WORD = LETTERS.filter(lambda w: w[0].isalpha() and w[-1].isalpha())
TITLE = st.lists(WORD, min_size=2, max_size=6).map(lambda w: "On " + " ".join(w))
SENTENCE = st.lists(WORD, min_size=3, max_size=12).map(lambda w: "So " + " ".join(w) + ".")
BODY = st.lists(SENTENCE, min_size=1, max_size=5)


def _marked(body: list[str]) -> str:
    return "".join(f"<p>{escape(p)}</p>" for p in body)


def _write(name: str, title: str, body: list[str]) -> bytes:
    text, head = _marked(body), escape(title)
    lines = "\n".join(f"<P>\n{escape(p)}\n</P>" for p in body)
    forms = {
        "newsml-g2": '<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="urn:x">'
        f"<contentMeta><headline>{head}</headline></contentMeta><contentSet><inlineXML>"
        f"<html><body>{text}</body></html></inlineXML></contentSet></newsItem>",
        "newsml1": f"<NewsML><NewsItem><NewsComponent><NewsLines><HeadLine>{head}</HeadLine>"
        f"</NewsLines><ContentItem><DataContent>{text}</DataContent></ContentItem>"
        "</NewsComponent></NewsItem></NewsML>",
        "nitf": f"<nitf><body><body.head><hedline><hl1>{head}</hl1></hedline></body.head>"
        f"<body.content>{text}</body.content></body></nitf>",
        "feed": f'<rss version="2.0"><channel><item><title>{escape(head)}</title>'
        f"<description>{escape(text)}</description></item></channel></rss>",
        "atom": f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>{head}</title><content '
        f'type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{text}</div></content></entry></feed>',
        "mail": f"From: wire@example.org\nSubject: {title}\nContent-Type: text/plain; "
        "charset=utf-8\n\n" + "\n\n".join(body) + "\n",
        "rcv1": f'<newsitem itemid="9"><headline>{head}</headline><text>{text}</text></newsitem>',
        "gigaword": f'<DOC id="XIN_ENG_20020202.0001" type="story">\n<HEADLINE>\n{head}'
        f"\n</HEADLINE>\n<TEXT>\n{lines}\n</TEXT>\n</DOC>\n",
        "iptc7901": "\x16\x16\x01AFP12 3 I 100\r\nslug-of-it\r\n\x02"
        + title + "\r\n\r\n" + "\r\n\r\n".join(body) + "\r\n\x03061530 GMT MAR 13\r\n\x04",
    }  # fmt: skip
    return forms[name].encode()


@pytest.mark.parametrize(
    "name", ["newsml-g2", "newsml1", "nitf", "feed", "atom", "mail", "rcv1", "gigaword", "iptc7901"]
)
@law(60)
@given(title=TITLE, body=BODY)
def test_a_written_story_is_read_back(name: str, title: str, body: list[str]) -> None:
    """Write a story in the format, parse it: the same headline and paragraphs."""
    story = one(_write(name, title, body))
    assert story.format == {"atom": "feed"}.get(name, name)
    assert (story.headline, story.paragraphs) == (title, tuple(body))


GOLDEN = [case.read_bytes() for case in cases()]


@law(600)
@given(
    st.sampled_from(GOLDEN),
    st.integers(0, 2500),
    st.integers(0, 200),
    st.binary(max_size=12) | st.sampled_from([b"<", b"&", b"]]>", b"\x00", b"<!--", b"\x01", b'"']),
)
def test_damaged_inputs_give_items(data: bytes, start: int, cut: int, put: bytes) -> None:
    """Golden inputs with bytes cut out and put in never raise, and lose no bytes."""
    damaged = data[:start] + put + data[start + cut :]
    items = parse_record(Record("test", 0, damaged))
    assert [i.item for i in items] == list(range(len(items)))
    for item in items:
        assert isinstance(item, Story) or item.kind != "parse_failed", item.message
        assert item.raw is not None or item.kind.startswith("skipped.")
