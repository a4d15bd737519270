"""Input that is meant to harm: bombs, depth, control bytes, wrong headers, and lines that make
careless regular expressions go over a text again and again.

All of it is made here; nothing is stored. The tests of archives share it.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial

import pyarrow as pa
import zstandard

Headers = tuple[tuple[str, bytes], ...]

STORY = b"PARIS, Aug 29, 2014 (AFP) - France and Mali signed an agreement on Friday.\n\nAFP\n"


def lz4(data: bytes) -> bytes:
    """`data` in one lz4 frame."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "lz4") as stream:
        stream.write(data)
    return bytes(sink.getvalue().to_pybytes())


def _laughs() -> bytes:
    lines = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    head = f'<?xml version="1.0"?><!DOCTYPE nitf [<!ENTITY l0 "lol">{lines}]>'
    return f"{head}<nitf><body><body.content><p>&l9;</p></body.content></body></nitf>".encode()


def _outside(kind: str) -> bytes:
    return (
        f'<!DOCTYPE nitf [<!ENTITY {kind} SYSTEM "file:///etc/hostname">]>'
        "<nitf><body><body.content><p>&x;</p></body.content></body></nitf>"
    ).encode()


def package(items: int) -> bytes:
    """A feed of many short entries."""
    entry = "<item><title>Ministers meet {0}</title><description>They met {0}.</description></item>"
    body = "".join(entry.format(n) for n in range(items))
    return f'<rss version="2.0"><channel>{body}</channel></rss>'.encode()


def lines(items: int) -> bytes:
    """JSON Lines of many short stories."""
    return b"".join(
        b'{"headline":"Ministers meet","body":"They met %d."}\n' % n for n in range(items)
    )


def large_head(items: int, head_bytes: int) -> bytes:
    """A message whose header comes with each of its items: raw bytes far beyond its own size."""
    scheme = f'<scheme alias="a" uri="{"x" * head_bytes}"/>'
    item = (
        '<newsItem guid="urn:x:{0}"><contentMeta><headline>Met {0}</headline></contentMeta>'
        "</newsItem>"
    )
    body = "".join(item.format(n) for n in range(items))
    head = f"<header><catalog>{scheme}</catalog></header>"
    return f"<newsMessage>{head}<itemSet>{body}</itemSet></newsMessage>".encode()


def mail(body: bytes, content_type: bytes = b"text/plain", *fields: bytes) -> bytes:
    """A message with these further fields."""
    head = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: Ministers meet\r\n"
    more = b"".join(field + b"\r\n" for field in fields)
    return b"%s%sContent-Type: %s\r\n\r\n%s" % (head, more, content_type, body)


def _parts_in_parts(depth: int) -> bytes:
    part = b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n"
    return b"".join(part % (n, n + 1) for n in range(depth))


def attributes(count: int) -> bytes:
    """An element of HTML within a story that has so many attributes."""
    names = b" ".join(b"a%d" % n for n in range(count))
    return b'{"headline":"Ministers meet","body":"</p><p %s>They met.</p>"}' % names


def blank_rows(count: int) -> bytes:
    """CSV with a long header and as many rows that hold nothing."""
    return b"title,body" + b",aaaaaaaa" * count + b"\n" * count


def heaped_marks(count: int) -> bytes:
    """A letter with so many accents, above and below in turn: normalising sorts them."""
    return STORY[:-6] + ("x" + "\u0301\u0316" * count).encode() + STORY[-6:]


GROWING: Mapping[str, tuple[Callable[[int], bytes], int]] = {
    "attributes of HTML": (attributes, 20_000),
    "blank rows": (blank_rows, 10_000),
    "heaped marks": (heaped_marks, 10_000),
}
"""What makes parsers go over the same again and again, and how much of it takes them a while."""


def _mails() -> dict[str, Callable[[], bytes]]:
    mixed, lines = b"multipart/mixed; boundary=b0", b"x\r\n" * 200_000
    return {
        "mail of many parts": lambda: mail(b"--b0\r\n\r\nx\r\n" * 100_000, mixed),
        "mail of parts within parts": lambda: mail(_parts_in_parts(150) + lines, mixed),
        "mail within mail": lambda: mail(
            b"Content-Type: message/rfc822\r\n\r\n" * 10_000, b"message/rfc822"
        ),
        "mail of long fields": lambda: mail(b"x", b"text/plain" + b";" * 1_000_000),
        "mail of many parameters": lambda: mail(
            b"x", b"text/plain" + b"".join(b";\r\n name*%d*=a%%20" % n for n in range(50_000))
        ),
        "mail of broken parameters": lambda: mail(
            b"x",
            b"text/plain",
            b"Content-Disposition: attachment; filename*0*=utf-8''a; filename*=x",
        ),
        "mail of encoded words": lambda: mail(
            STORY, b"text/plain", b"Organization: " + b"=?utf-8?q?a" * 90_000
        ),
        "mail of brackets": lambda: mail(STORY).replace(b"a@example.org", b"(" * 100_000),
        "mail of a wrong length": lambda: mail(
            b"=" * 100_000, b"text/plain", b"Content-Transfer-Encoding: base64"
        ),
        "mail with a bomb": lambda: mail(
            base64.encodebytes(gzip.compress(b"\0" * 50_000_000)),
            *(b"text/plain", b"Content-Transfer-Encoding: base64"),
        ),
    }


class Cases(Mapping[str, tuple[bytes, Headers]]):
    """Single records by name, each with its headers; made when they are asked for, and kept."""

    def __init__(self, makers: Mapping[str, Callable[[], tuple[bytes, Headers]]]) -> None:
        self._makers = {name: cache(make) for name, make in makers.items()}

    def __getitem__(self, name: str) -> tuple[bytes, Headers]:
        return self._makers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


_BOMB_BYTES = 200_000_000


@cache
def _gzip_bomb() -> bytes:
    return gzip.compress(bytes(_BOMB_BYTES))


@cache
def hostile() -> Cases:
    """Single records by name, each with its headers."""
    plain: dict[str, Callable[[], bytes]] = {
        "billion laughs": _laughs,
        "external entity": lambda: _outside("x"),
        "parameter entity": lambda: _outside("% x"),
        "deep json": lambda: b'{"headline":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        "deep json, open": lambda: b'{"a":' * 100_000,
        "deep xml": lambda: b"<nitf>" + b"<p>" * 100_000 + b"</p>" * 100_000 + b"</nitf>",
        "huge attribute": lambda: b'<nitf a="' + b"x" * 12_000_000 + b'"><body/></nitf>',
        "many attributes": lambda: (
            b"<nitf " + b" ".join(b'a%d=""' % n for n in range(50_000)) + b"/>"
        ),
        "many names": lambda: json.dumps(
            {f"n{n}": n for n in range(50_000)} | {"uri": "u:1"}
        ).encode(),
        "huge number": lambda: b'{"headline":"Ministers meet","version":' + b"9" * 100_000 + b"}",
        "huge float": lambda: (
            b'{"uri":"u:1","headline":"Ministers meet","urgency":1e400,"version":-1e999}'
        ),
        "nul bytes": lambda: STORY[:20] + b"\0" + STORY[20:],
        "control bytes": lambda: bytes(range(32)) * 200 + STORY,
        "escapes": lambda: b"\x1b[31m" + STORY + b"\x1b]0;title\x07",
        "overlong utf-8": lambda: b"\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf" * 50 + STORY,
        "surrogates in utf-8": lambda: b"\xed\xa0\x80\xed\xbf\xbf" + STORY,
        "surrogates in json": lambda: (
            b'{"headline":"\\ud800 meet","body":"They \\udfff met. So it is."}'
        ),
        "surrogates in xml": lambda: (
            b"<nitf><body><body.content>&#xD800;x</body.content></body></nitf>"
        ),
        "surrogates in utf-16": lambda: (
            b"\xff\xfe\x00\xd8A\x00" + STORY.decode().encode("utf-16-le")
        ),
        "half utf-16": lambda: b"\xff\xfe" + STORY.decode().encode("utf-16-le")[:-1],
        "utf-7": lambda: b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
        "large head": lambda: large_head(9_000, 100_000),
        "xml within comments": lambda: b"<!--" * 20_000 + b"<nitf/>",
        "open cdata": lambda: b"<nitf><body><![CDATA[" + b"]]" * 50_000,
        "gzip bomb": _gzip_bomb,
        "zstd bomb": lambda: zstandard.compress(bytes(_BOMB_BYTES)),
        "lz4 bomb": lambda: lz4(bytes(_BOMB_BYTES)),
        "gzip in gzip": lambda: gzip.compress(gzip.compress(gzip.compress(STORY))),
        "gzip bomb in zstd": lambda: zstandard.compress(_gzip_bomb()),
        "cut gzip": lambda: gzip.compress(STORY * 40)[:-20],
        "cut zstd": lambda: zstandard.compress(STORY * 40)[:-20],
        "cut lz4": lambda: lz4(STORY * 40)[:-20],
        "gzip of nothing": lambda: gzip.compress(b""),
        "gzip with a false head": lambda: b"\x1f\x8b\x08" + STORY,
        "zstd with a false head": lambda: b"\x28\xb5\x2f\xfd" + STORY,
        "lz4 with a false head": lambda: b"\x04\x22\x4d\x18" + STORY,
        "gzip of many members": lambda: gzip.compress(b"", mtime=0) * 100_000,
        "zstd of many frames": lambda: zstandard.compress(b"") * 200_000,
        "many values": lambda: gzip.compress(
            b'{"headline":"x","keywords":[%s""]}' % (b'"a",' * 2_100_000)
        ),
        "many lists": lambda: b'{"headline":"x","a":[%s1]}' % (b"[]," * 2_100_000),
        "many elements": lambda: b"<nitf>%s</nitf>" % (b"<p/>" * 2_100_000),
        "many cells": lambda: b"title,body\n" + b"," * 2_100_000,
        "opened again and again": lambda: b'{"a":[\n' * 400 + b"1," * 500_000,
        "attributes that are mended": lambda: (
            b"<nitf %s/></nitf>" % b" ".join(b'a%d="<"' % n for n in range(20_000))
        ),
        "attributes of HTML": lambda: attributes(50_000),
        "many namespaces": lambda: (
            b"<nitf %s/>" % b" ".join(b'xmlns:a%d="u:a"' % n for n in range(50_000))
        ),
        "data in a picture": lambda: (
            b'{"headline":"Met","body":"</p><img src=\'data:a;base64,%s\'>"}' % (b"A" * 5_000_000)
        ),
        "blank rows": lambda: blank_rows(20_000),
        "endless cell": lambda: b'title,body\nx,"' + b"a" * 5_000_000,
        "heaped marks": lambda: heaped_marks(50_000),
        "an envelope with a bomb": lambda: (
            b'{"envelope":"dateline/1","content_base64":"%s"}' % base64.b64encode(_gzip_bomb())
        ),
        "an envelope with a large head": lambda: json.dumps(
            {"envelope": "dateline/1", "content": large_head(2000, 50_000).decode()}
        ).encode(),
        "utf-32": lambda: b"\xff\xfe\0\0" + STORY.decode().encode("utf-32-le"),
        "marks of order": lambda: b"\xef\xbb\xbf\xff\xfe\xfe\xff" * 10_000,
        **_mails(),
        "zip": lambda: b"PK\x03\x04" + STORY,
    }
    headed: dict[str, tuple[bytes, Headers]] = {
        f"header says {coding}": (STORY, (("content-encoding", coding.encode()),))
        for coding in ("gzip", "zstd", "lz4", "br", "\0", "gzip, zstd")
    }
    headed["header says another"] = (gzip.compress(STORY), (("content-encoding", b"zstd"),))
    headed["header says a set"] = (STORY, (("content-type", b"text/plain; charset=rot13"),))
    headed["header of a megabyte"] = (
        STORY,
        tuple((n, b"x" * 1_000_000) for n in ("content-encoding", "content-type", "provider")),
    )
    headed["header of ten thousand"] = (STORY, tuple((f"n{n}", b"x") for n in range(10_000)))
    headed["header without a name"] = (STORY, (("", b""), ("provider", b"")))
    headed["header is no text"] = (STORY, (("provider", b"\xff\xfe\0"), ("content-type", b"\xff")))
    return Cases(
        {name: partial(_bare, make) for name, make in plain.items()}
        | {name: partial(_made, case) for name, case in headed.items()}
    )


def _bare(make: Callable[[], bytes]) -> tuple[bytes, Headers]:
    return make(), ()


def _made(case: tuple[bytes, Headers]) -> tuple[bytes, Headers]:
    return case


UNITS = [
    " ", "(", "((", "<", "-", "_", "1", "A", "a ", "A ", "\n", "&", "&#", "[", '"', "'", ".", "A-",
    "A/", "(a)", "<a>", "<p>", "</p>", "\t", "A, ", "A. ", "1 ", "—", "é", "By ", "Reporting by ",
    "12 May ", "* ", "<!--", "<![CDATA[", "<?", "<!DOCTYPE ", "<!DOCTYPE x [", "<D>", "\x01",
    "\x03", "\x01a\x02", "<DOC>", "<REUTERS>", "<TEXT>", "</DOC>", "A and ", "headlined ", "story ",
    "UPDATE 2-", "1st Lead ", ", Ld ", "&x;", "a@b", "Embargo ", "aa-", "Ã©", '{"', "[[",
    '{"a":1\n{', ",", "a,", "\x1e", "=:",
]  # fmt: skip
"""What long lines are made of, to make patterns go back over them."""

SHELLS: Mapping[str, Callable[[str], str]] = {
    "bare": lambda s: s,
    "text": lambda s: f"A headline here\n\nPARIS, Jan 5, 2020 (AFP) - {s}\n\nEnd of it.\nAFP\n",
    "heading": lambda s: f"{s}\n\nPARIS, Jan 5, 2020 (AFP) - Some text here.\n\nEnd of it.\nAFP\n",
    "json": lambda s: json.dumps({"headline": f"x {s}", "body": s, "byline": s, "date": s}),
    "ninjs": lambda s: json.dumps({"uri": "u:1", "headline": s, "body_html": s, "byline": s}),
    "reuters21578": lambda s: (
        f'<REUTERS NEWID="1"><DATE>{s}</DATE><UNKNOWN>{s}</UNKNOWN><TEXT><TITLE>{s}</TITLE>'
        f"<DATELINE>{s}</DATELINE><AUTHOR>{s}</AUTHOR><BODY>{s}</BODY></TEXT></REUTERS>"
    ),
    "reuters21578, unprocessed": lambda s: f'<REUTERS><TEXT TYPE="UNPROC">{s}</TEXT></REUTERS>',
    "gigaword": lambda s: (
        f'<DOC id="AFP_ENG_20060101.0001" type="story"><HEADLINE>{s}</HEADLINE><DATELINE>{s}'
        f"</DATELINE><TEXT>{s}</TEXT></DOC>"
    ),
    "nitf": lambda s: (
        f"<nitf><body><body.head><hedline><hl1>{s}</hl1></hedline><dateline>{s}</dateline>"
        f"</body.head><body.content><p>{s}</p></body.content></body></nitf>"
    ),
    "newsml-g2": lambda s: (
        f'<newsItem guid="urn:x"><contentMeta><headline>{s}</headline><by>{s}</by></contentMeta>'
        f"<contentSet><inlineData>{s}</inlineData></contentSet></newsItem>"
    ),
    "newsml1": lambda s: (
        f"<NewsML><NewsItem><NewsComponent><NewsLines><HeadLine>{s}</HeadLine><ByLine>{s}</ByLine>"
        f"</NewsLines><ContentItem><DataContent>{s}</DataContent></ContentItem></NewsComponent>"
        "</NewsItem></NewsML>"
    ),
    "feed": lambda s: (
        f'<rss version="2.0"><channel><item><title>x {s}</title><pubDate>{s}</pubDate>'
        f"<description>{s}</description></item></channel></rss>"
    ),
    "rcv1": lambda s: (
        f'<newsitem itemid="9"><headline>{s}</headline><dateline>{s}</dateline><text><p>{s}</p>'
        "</text></newsitem>"
    ),
    "iptc7901": lambda s: f"\x01AFP12 3 I 100\r\n{s}\r\n\x02T is\r\n\r\n{s}\r\n\x03{s}\r\n\x04",
    "csv": lambda s: f"title,body\nx,{s}\n",
    "mail": lambda s: (
        f"From: {s}\nTo: {s}\nSubject: x {s}\nDate: {s}\nKeywords: {s}\n\n"
        f"PARIS, Jan 5, 2020 (AFP) - {s}\n\nAFP\n"
    ),
    "mail of parts": lambda s: (
        "From: a@b.c\nTo: a@b.c\nContent-Type: multipart/mixed; boundary=b\n\n"
        f"--b\nContent-Type: text/plain; name={s[:6000]}\n\n{s}\n"
        f"--b\nContent-Type: text/html\n\n{s}\n--b--\n"
    ),
}
"""Where the long line stands, by format."""
