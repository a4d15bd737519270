"""Hostile exports, documents, pages and tables cost no more than their length, and never raise."""

from __future__ import annotations

import io
import time
import zipfile

import pytest

from pipeline.model import Record, Reject
from pipeline.parse import parse_record

_N = 50_000
_MOST_S_A_BYTE = 100e-6
_BASE_S = 2.0


def _docx(document: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<a/>")
        package.writestr("word/document.xml", document)
    return held.getvalue()


_POST = (
    b'<rss xmlns:wp="http://wordpress.org/export/1.2/" xmlns:content='
    b'"http://purl.org/rss/1.0/modules/content/"><channel><item><title>a</title>'
    b"<wp:post_type>post</wp:post_type><content:encoded>%s</content:encoded></item></channel></rss>"
)
CASES = {
    "rtf of braces": b"{\\rtf1" + b"{" * _N,
    "rtf of pictures": b"{\\rtf1" + b"{\\pict " * _N,
    "rtf with a character that none is": b"{\\rtf1\\u99999999? \\uc999999999 x}",
    "rtf with a number of ten digits": b"{\\rtf1\\u9999999999? x}",
    "rtf of links": b"{\\rtf1{\\fonttbl}" + b'{\\field{\\*\\fldinst{HYPERLINK "a" ' * _N,
    "rtf of one link": b'{\\rtf1{\\field{\\*\\fldinst{HYPERLINK "a"}}{ ' + b"a " * _N + b"}",
    "rtf of a long number": b"{\\rtf1{\\fonttbl{\\f0" + b"9" * 60_000 + b"}}x}",
    "rtf of fonts": b"{\\rtf1{\\fonttbl{" + b"\\f1\\fcharset0 " * _N + b"}}x}",
    "feed on one line": b"<rss version='2.0'><channel><item><title>a</title><description>"
    + b"encoding='a' " * 5000
    + b"</description></item></channel></rss>",
    "docx that nests": _docx("<p>" * 5000 + "</p>" * 5000),
    "nexis of counts": b" 1 of 2 DOCUMENTS\n" * 20_000,
    "nexis of labels": b" 1 of 1 DOCUMENTS\n\nT\n" + b"BYLINE: x\n" * _N,
    "nexis of ends": b"Section: a\nLength: b\nEnd of Document\n" * 20_000,
    "factiva of counts": b"T\n" + b"1 words\n" * _N + b"Document LBA0000020261003em1300abc\n",
    "page of meta": b"<html>" + b"<meta name=a content=b>" * _N,
    "page that nests": b"<html><body>" + b"<div>" * _N + b"x",
    "page of signs": b"<html>" + b"<" * _N,
    "page with broken data": b'<html><script type="application/ld+json">' + b"[ " * _N,
    "trec of tags that do not end": b"<DOC>\n<DOCNO> WSJ1-1 </DOCNO>" + b"<HL>" * _N + b"</DOC>",
    "table of tabs": b"a\tb\tc\td\te\n" + b'"\t' * _N,
    "table of quotes": b"title,text\n" + b'"a' * _N,
    "post of captions": _POST % (b"[caption " * _N),
    "warc of chunks": b"WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http\r\n"
    b"Content-Length: 9999999\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"1\r\nx\r\n"
    * _N,
}


@pytest.mark.parametrize("name", CASES)
def test_hostile_input_is_read_in_time(name: str) -> None:
    """Items come out, none by a bug of ours."""
    data = CASES[name]
    begin = time.process_time()
    items = parse_record(Record("s", 0, data))
    assert time.process_time() - begin < _BASE_S + _MOST_S_A_BYTE * len(data)
    assert items
    assert not any(isinstance(item, Reject) and item.kind == "parse_failed" for item in items)


def test_a_document_that_grows_is_refused() -> None:
    (item,) = parse_record(Record("s", 0, _docx("<w:p>" + " " * 70_000_000 + "</w:p>")))
    assert isinstance(item, Reject)
    assert item.kind == "too_large"


@pytest.mark.parametrize("name", [b"DOC", b"REUTERS"])
def test_markup_that_is_another_text_once_decoded_is_a_reject(name: bytes) -> None:
    """A start tag with as many zeros as UTF-16 has is read as that, and does not end any more."""
    data = b"<" + name + b" " * 240 + b"a\0" * 600 + b">Sold</" + name + b">"
    (item,) = parse_record(Record("test", 0, data))
    assert isinstance(item, Reject) and item.kind == "malformed"
