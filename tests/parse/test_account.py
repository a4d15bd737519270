"""Text that a record delivered and its story does not hold is named."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import zipfile
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.model import Reject, Story
from pipeline.parse import account, parse_record
from pipeline.parse.draft import Draft, replace
from tests.parse.golden import one, record

_LETTERS = "bcdfghklmnprstvw"


def sentence(number: int, words: int = 20) -> str:
    """A sentence whose words stand in no other one."""
    stem = _LETTERS[number % 16] + "aeiou"[number % 5] + _LETTERS[number // 16 % 16]
    made = (f"{stem}{_LETTERS[n % 16]}{'aeiou'[n // 16 % 5]}x" for n in range(words))
    return " ".join(made).capitalize() + "."


def test_a_field_that_nobody_reads_is_named_with_its_path() -> None:
    """The story stands, and its warning says where the rest of the text is."""
    extra = {"background": {"text": sentence(3)}}
    story = one(
        json.dumps({"headline": "Town keeps its ferry", "body": sentence(1), **extra}).encode()
    )
    assert story.paragraphs == (sentence(1),)
    assert [w for w in story.warnings if w.startswith("not read: $.background.text (20 words)")]


def test_a_headline_above_text_that_nobody_reads_is_a_reject_that_names_the_fields() -> None:
    """A shape that is not known must not become a story that lost its text."""
    data = json.dumps({"headline": "Town keeps its ferry", "wortlaut": sentence(1)}).encode()
    (item,) = parse_record(record(data))
    assert isinstance(item, Reject) and item.kind == "unknown_format"
    assert "wortlaut" in item.message


def test_short_values_and_what_was_read_are_not_named() -> None:
    """Names, addresses and labels are no text; a body in another order is read all the same."""
    item = {
        "headline": "Town keeps its ferry",
        "body": f"<p>{sentence(1)}</p><p>{sentence(2)}</p>",
        "desk": "Domestic news, night shift",
        "url": "https://www.example.com/" + "a" * 400,
        "copy": sentence(2),
    }
    assert one(json.dumps(item).encode()).warnings == ()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 255), min_size=1, max_size=8, unique=True), st.integers(0, 7))
def test_words_that_go_in_come_out_or_are_named(numbers: list[int], cut: int) -> None:
    """NITF: each sentence is in the story, or its element is in a warning."""
    inside = "".join(f"<p>{sentence(n)}</p>" for n in numbers[:cut])
    beside = "".join(f"<x{n}>{sentence(n)}</x{n}>" for n in numbers[cut:])
    data = (
        "<nitf><body><body.head><hedline><hl1>Town keeps its ferry</hl1></hedline>"
        f"{beside}</body.head><body.content>{inside}</body.content></body></nitf>"
    )
    (item,) = parse_record(record(data.encode()))
    assert isinstance(item, Story)
    told = " ".join((*item.paragraphs, item.summary or "", *item.warnings))
    for number in numbers:
        assert sentence(number) in told or f"/x{number} " in told


def _xml(text: str, name: str) -> str:
    return f"<{name}>{text}</{name}>"


def _object(body: str, beside: str, **more: str) -> bytes:
    return json.dumps({"headline": "Sold", **more, "wort": beside, "text": body}).encode()


def _newsml1(body: str, beside: str) -> bytes:
    lines = _xml(_xml("Sold", "HeadLine") + _xml(beside, "wort"), "NewsLines")
    content = _xml(_xml(_xml(body, "p"), "DataContent"), "ContentItem")
    return _xml(_xml(_xml(lines + content, "NewsComponent"), "NewsItem"), "NewsML").encode()


def _newsml_g2(body: str, beside: str) -> bytes:
    about = _xml(_xml("Sold", "headline") + _xml(beside, "wort"), "contentMeta")
    page = _xml(_xml(_xml(body, "p"), "body"), "html")
    content = _xml(_xml(page, "inlineXML"), "contentSet")
    return f'<newsItem guid="urn:x:1">{about}{content}</newsItem>'.encode()


def _ninjs(body: str, beside: str) -> bytes:
    value = {"uri": "urn:x:1", "headline": "Sold", "body_html": _xml(body, "p"), "wort": beside}
    return json.dumps(value).encode()


def _json_ld(body: str, beside: str) -> bytes:
    about = {"@type": "NewsArticle", "headline": "Sold", "articleBody": body, "wort": beside}
    return json.dumps(about).encode()


def _atom(body: str, beside: str) -> bytes:
    inside = f"<title>Sold</title><id>urn:x:1</id><wort>{beside}</wort><content>{body}</content>"
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><entry>{inside}</entry></feed>'.encode()


def _rss(body: str, beside: str) -> bytes:
    about = f"<title>Sold</title><wort>{beside}</wort><description>{body}</description>"
    return _xml(_xml(_xml(about, "item"), "channel"), "rss").encode()


def _doc(body: str, beside: str, number: str) -> bytes:
    inside = f"<DOCNO> {number} </DOCNO>\n<HEADLINE> Sold </HEADLINE>\n<WORT>{beside}</WORT>"
    return f"<DOC>\n{inside}\n<TEXT>\n{body}\n</TEXT>\n</DOC>\n".encode()


def _reuters(body: str, beside: str) -> bytes:
    text = f"<TITLE>SOLD</TITLE><WORT>{beside}</WORT><BODY>{body}\n Reuter\n</BODY>"
    return f'<REUTERS NEWID="1"><DATE>1-JAN-1987</DATE><TEXT>{text}</TEXT></REUTERS>'.encode()


def _rcv1(body: str, beside: str) -> bytes:
    inside = f"<headline>Sold</headline><wort>{beside}</wort><text><p>{body}</p></text>"
    return f'<newsitem itemid="1" date="1996-08-20">{inside}</newsitem>'.encode()


def _petrarch(body: str, beside: str) -> bytes:
    inside = f"<Wort>{beside}</Wort><Text>{body}</Text>"
    return f'<Sentences><Sentence id="A_1" date="20200101">{inside}</Sentence></Sentences>'.encode()


def _nitf(body: str, beside: str) -> bytes:
    head = _xml(_xml(_xml("Sold", "hl1"), "hedline") + _xml(beside, "wort"), "body.head")
    return _xml(_xml(head + _xml(_xml(body, "p"), "body.content"), "body"), "nitf").encode()


def _factiva(body: str, beside: str) -> bytes:
    head = f"Sold\n\n{beside}\n\nBy Ann Probe\n20 words\n4 March 2015\nThe Norland Courier\nCOUR\n"
    return (
        f"{head}English\nCopyright 2015.\n\n{body}\n\nDocument COUR000020150304eb3400001\n".encode()
    )


def _nexis(body: str, beside: str) -> bytes:
    head = "1 of 1 DOCUMENTS\n\nThe Norland Courier\n\nMarch 4, 2015 Wednesday\n\nSold\n\n"
    labels = f"SUBJECT: {beside}\n\nLOAD-DATE: March 5, 2015\n"
    return f"{head}LENGTH: 20 words\n\n{body}\n\n{labels}".encode()


_FORMATS = {
    "json": _object,
    "csv": lambda body, beside: f'title,wort,body\nSold,"{beside}","{body}"\n'.encode(),
    "ninjs": _ninjs,
    "json-ld": _json_ld,
    "newsml1": _newsml1,
    "newsml-g2": _newsml_g2,
    "nitf": _nitf,
    "atom": _atom,
    "rss": _rss,
    "gigaword": lambda body, beside: _doc(body, beside, "APW20010101.0001"),
    "trec": lambda body, beside: _doc(body, beside, "WSJ870324-0001"),
    "reuters21578": _reuters,
    "rcv1": _rcv1,
    "petrarch": _petrarch,
    "factiva": _factiva,
    "nexis": _nexis,
}


@pytest.mark.parametrize("name", _FORMATS)
def test_words_come_out_or_are_named_in_each_format(name: str) -> None:
    """The body is the story's; the field beside it is named."""
    story = one(_FORMATS[name](sentence(7), sentence(9)))
    assert " ".join(story.paragraphs) == sentence(7)
    (warning,) = [w for w in story.warnings if w.startswith("not read: ")]
    assert sentence(9)[:20] in warning


@pytest.mark.parametrize("name", ["atom", "gigaword", "json", "newsml-g2", "rcv1", "trec"])
def test_the_warning_says_where_the_words_are(name: str) -> None:
    """By the element, or by the field."""
    story = one(_FORMATS[name](sentence(7), sentence(9)))
    assert any("wort" in warning.casefold() for warning in story.warnings)


_TEXTS = {
    "text": "",
    "mail": "From: a@example.com\nTo: b@example.com\nSubject: Sold\n\n",
    "iptc7901": "\x01abc001 4 pl 20 x\r\nSold\r\n\x02",
    "teleprinter": "ZCZC ABC001 4 pl 20\r\nBOATS-SOLD\r\n",
    "anpa": "\x01a001 x\r\nu i BC-Sold 01-05 0020\r\n\x02^BC-Sold,20<\r\n^Eds: with\r\nmore<\r\n^",
}


@pytest.mark.parametrize("name", _TEXTS)
@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 255), min_size=2, max_size=7, unique=True))
def test_plain_text_keeps_its_words_or_names_them(name: str, numbers: list[int]) -> None:
    """Whatever stands above or below the text of a wire, no sentence of it is lost in silence."""
    extras = ["By Ann Probe", "OSLO, Jan 5 (AP) - ", "Eds: with photos", "(Adds quotes)", "-30-"]
    lines = [sentence(number) for number in numbers]
    lines.insert(1, extras[numbers[0] % 4])
    lines.append(extras[4])
    data = (_TEXTS[name] + "Boats sold\n\n" + "\n\n".join(lines)).encode()
    data += b"\x03" if name in {"iptc7901", "anpa"} else b""
    (item,) = parse_record(record(data))
    assert isinstance(item, Story)
    told = " ".join((item.headline, *item.paragraphs, item.editor_note or "", *item.warnings))
    for number in numbers:
        assert sentence(number)[:30] in told


def test_a_sentence_of_a_mail_that_sends_another_one_on_is_a_note() -> None:
    """The words above what was forwarded are kept, as those of a mail that carries one."""
    sent = f"From: Ann <ann@example.com>\nSubject: Boats sold\n\n{sentence(2)}\n\n{sentence(3)}\n"
    above = "From: a@example.com\nTo: b@example.com\nSubject: FW: Boats sold\n\n"
    mark = "---------- Forwarded message ----------\n"
    story = one(f"{above}{sentence(1)}\n\n{mark}{sent}".encode())
    assert story.headline == "Boats sold" and story.paragraphs == (sentence(2), sentence(3))
    assert story.editor_note == sentence(1)


def test_a_last_sentence_that_begins_with_an_agency_is_no_signature() -> None:
    """Short as it is, it is of the text."""
    text = "Boats sold\n\nThe boats were sold at noon.\n\nAP, BBC and CNN came."
    assert one(text.encode()).paragraphs[-1] == "AP, BBC and CNN came."


def _rtf(paragraphs: list[str]) -> bytes:
    return ("{\\rtf1\\ansi " + "\\par\\par ".join(paragraphs) + "\\par}").encode()


def _docx(paragraphs: list[str]) -> bytes:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    inside = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    page = f'<w:document xmlns:w="{space}"><w:body>{inside}</w:body></w:document>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("word/document.xml", page)
    return out.getvalue()


def _mail_of_html(paragraphs: list[str]) -> bytes:
    head = (
        "From: a@example.com\nTo: b@example.com\nSubject: Boats sold\nContent-Type: text/html\n\n"
    )
    return (head + "".join(_xml(text, "p") for text in paragraphs[1:])).encode()


def _wordpress(paragraphs: list[str]) -> bytes:
    text = "\n\n".join(paragraphs[1:])
    item = (
        f"<title>{paragraphs[0]}</title><content:encoded>{text}</content:encoded>"
        "<wp:post_id>1</wp:post_id><wp:post_type>post</wp:post_type><wp:status>publish</wp:status>"
    )
    spaces = (
        'xmlns:wp="http://wordpress.org/export/1.2/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    )
    inside = f"<wp:wxr_version>1.2</wp:wxr_version><item>{item}</item>"
    return f'<rss version="2.0" {spaces}><channel>{inside}</channel></rss>'.encode()


_DOCUMENTS = {"rtf": _rtf, "docx": _docx, "mail": _mail_of_html, "wordpress": _wordpress}


@pytest.mark.parametrize("name", _DOCUMENTS)
@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 255), min_size=1, max_size=6, unique=True))
def test_documents_keep_their_words_or_name_them(name: str, numbers: list[int]) -> None:
    """Each sentence below the headline is in the story, or in a warning."""
    told = ["Boats sold", "OSLO, Jan 5 (AP) - " + sentence(numbers[0])]
    told += [sentence(number) for number in numbers[1:]]
    (item,) = parse_record(record(_DOCUMENTS[name](told)))
    assert isinstance(item, Story) and item.headline == "Boats sold"
    held = " ".join((*item.paragraphs, item.editor_note or "", *item.warnings))
    for number in numbers:
        assert sentence(number)[:30] in held


_NAMES = st.sampled_from(("p", "div", "em", "b", "x:p", "x:b", "A", "script", "org", "h1"))
_WORDS = st.text("ab <&>\r\n\u00e9", max_size=60)


def _tree(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    made = st.tuples(_NAMES, _WORDS, st.lists(children, max_size=4), _WORDS)
    return made.map(lambda e: f"<{e[0]}>{escape(e[1])}{''.join(e[2])}</{e[0]}>{escape(e[3])}")


@given(st.recursive(_WORDS.map(escape), _tree, max_leaves=20))
def test_the_quick_look_at_xml_sees_the_runs_of_text_that_the_careful_one_sees(inner: str) -> None:
    """What decides whether a document is walked through must not overlook a run of words."""
    root = etree.fromstring(f"<r xmlns:x='urn:x'>{inner}</r>".encode())
    long = [text for _, text in account._elements(root)]
    assert [text for text in account._runs(root) if len(text) >= account._MIN_CHARS] == long


@given(st.lists(st.tuples(st.sampled_from(("P", "B", "PX", "TEXT", "DD")), _WORDS), max_size=9))
def test_the_quick_look_at_sgml_sees_the_runs_of_text_that_the_careful_one_sees(
    parts: list[tuple[str, str]],
) -> None:
    """A paragraph's tag parts no run, another element's does."""
    markup = "<DOC>" + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in parts)
    careful = [re.sub(r"<[^<>]*>", "", text) for _, text in account._sgml(markup)]
    quick = [re.sub(r"<[^<>]*>", "", text) for text in account._SGML_CUT.split(markup)]
    assert quick == careful


def test_a_copy_that_changes_nothing_is_the_draft_itself() -> None:
    """And one that does has the other fields."""
    draft = Draft("Town keeps its ferry", ("It does.",), warnings=("a",))
    assert replace(draft, headline=draft.headline, family=None) is draft
    assert replace(draft, version=2) == dataclasses.replace(draft, version=2)
    assert replace(draft, version=2).headline == "Town keeps its ferry"
