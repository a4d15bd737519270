"""Marked-up text (HTML, XHTML, NITF, NewsML) to paragraphs, in the order in which it stands.

Works on local names, so that namespaces, or their absence, make no difference. A table's row
becomes one paragraph with its cells apart; captions are kept out of the body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from lxml import etree, html

from pipeline.parse.text.clean import line
from pipeline.parse.text.paragraphs import split_paragraphs

_BLOCKS = frozenset(
    [
        "p",
        "div",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "li",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "blockquote",
        "pre",
        "section",
        "article",
        "header",
        "footer",
        "body",
        "table",
        "tr",
        "thead",
        "tbody",
        "hr",
        "br",
        "hl1",
        "hl2",
        "block",
        "note",
        "bq",
        "tagline",
        "body.content",
        "body.end",
        "body.head",
        "datacontent",
        "para",
        "paragraph",
        "lead",
        "aside",
        "main",
        "address",
        "nitf-table",
        "hedline",
        "bodytext",
    ]
)
_CELLS = frozenset({"td", "th"})
_SKIPPED = frozenset(
    [
        "script",
        "style",
        "head",
        "title",
        "template",
        "noscript",
        "iframe",
        "svg",
        "object",
        "form",
        "nav",
        "media-producer",
    ]
)
_CAPTIONS = frozenset(["figcaption", "caption", "media-caption"])
_MEDIA = frozenset(["figure", "media", "media-metadata", "media-reference", "img"])
# What plug-ins of sites put below a text: to share it, and other texts to read.
_SHARING = (
    *("sharedaddy", "jp-relatedposts", "addtoany_share", "heateor_sss_", "essb_links"),
    "yarpp-related",
)
NO_TEXT = frozenset(["script", "style", "template", "noscript", "svg"])
"""Elements whose characters nobody reads."""
INLINE = frozenset(
    [
        *("a", "abbr", "alt-code", "b", "chron", "city", "cite", "classifier", "code", "copyrite"),
        *("country", "del", "em", "event", "font", "frac", "function", "i", "ins", "lang"),
        *("location", "mark", "money", "num", "object.title", "org", "person", "postaddr"),
        *(
            "pronounce",
            "q",
            "region",
            "s",
            "small",
            "span",
            "state",
            "strong",
            "sub",
            "sublocation",
        ),
        *("sup", "time", "tt", "u", "virtloc"),
    ]
)
"""Elements within a run of text, of HTML and of NITF's enriched text."""
_REFERENCE = re.compile(r"&#(\d{1,9}|[xX][0-9a-fA-F]{1,8});?")
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_TAG = re.compile(
    r"<([A-Za-z][^\s/>]*+)"
    r"(?:[\s/]++|=\s*+\"[^\"]*+\"|=\s*+'[^']*+'|=\s*+[^\s>\"'][^\s>]*+|[^\s/>=]++|=)*+"
)
_LONG_TAG_CHARS = 8000
_CELL_MARK = "\x1f"


@dataclass(frozen=True, slots=True)
class Flow:
    """The paragraphs of a body, the captions that stood among them, and what is no part of it."""

    paragraphs: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()


def local(element: etree._Element) -> str:
    """Return the element's name without namespace, in lower case; empty for comments."""
    tag = element.tag
    return local_name(tag) if isinstance(tag, str) else ""


@lru_cache(maxsize=4096)
def local_name(tag: str) -> str:
    """Return a name without its namespace, in lower case."""
    return tag.rpartition("}")[2].lower()


def read_flow(root: etree._Element, skip: Iterable[str] = ()) -> Flow:
    """Return the text below `root`, without elements whose local name is in `skip`."""
    skipped = _SKIPPED.union(skip)
    paragraphs: list[str] = []
    captions: list[str] = []
    text: list[str] = []
    closed = 0
    media = 0

    def flush(into: list[str], *, as_set: bool = False) -> None:
        written = "".join(text)
        text.clear()
        entries = split_paragraphs(written) if as_set and "\n" in written else (written,)
        into.extend(filter(None, map(_finish, entries)))

    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        name = local(element)
        if event == "start":
            if closed or (name in skipped and element is not root):
                closed += 1
                continue
            if name in _BLOCKS or name in _CAPTIONS or name in _MEDIA:
                flush(captions if media else paragraphs)
            media += name in _MEDIA
            if name in _CELLS and text:
                text.append(_CELL_MARK)
            text.append(element.text or "")
            continue
        if event == "end":
            if closed:
                closed -= 1
            else:
                if name in _CAPTIONS:
                    flush(captions)
                elif name in _BLOCKS or name in _MEDIA:
                    flush(captions if media else paragraphs, as_set=name == "pre")
                media -= name in _MEDIA
        if not closed and element is not root:
            text.append(element.tail or "")
    flush(paragraphs)
    return Flow(tuple(paragraphs), tuple(captions))


def legal_references(markup: str) -> str:
    """Put a blank for each reference (`&#xD800;`) to what is no character of XML."""
    return _REFERENCE.sub(lambda m: m[0] if _is_legal(m[1]) else " ", markup)


def _is_legal(number: str) -> bool:
    code = int(number[1:], 16) if number[0] in "xX" else int(number)
    plain = 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
    return plain or code in {9, 10, 13}


def read_html(markup: str, skip: Iterable[str] = ()) -> Flow:
    """Return the text of an HTML fragment or page, however broken it is.

    Without elements whose name is in `skip`, and buttons and links of plug-ins (`Share this:`).
    """
    aside: tuple[str, ...] = ()
    kept = markup
    for word in _SHARING:
        if word in kept:
            kept, left = without_class(kept, word)
            aside += left
    if (root := _tree(kept)) is None:
        return Flow()
    flow = read_flow(root, skip)
    if not aside or flow.paragraphs:
        return replace(flow, aside=aside)
    whole = _tree(markup)  # nothing is left where such an element is around all of the text
    return flow if whole is None else read_flow(whole, skip)


def _tree(markup: str) -> etree._Element | None:
    if not markup.strip():
        return None
    if (
        "<![CDATA[" in markup
    ):  # escaped once more, as some feeds have it: HTML takes it for a comment
        markup = _CDATA.sub("", markup)
    if len(markup) > _LONG_TAG_CHARS:
        markup = _TAG.sub(_short_tag, markup)
    parser = html.HTMLParser(no_network=True, huge_tree=False, encoding="utf-8")
    data = legal_references(markup).encode("utf-8", "replace").replace(b"\0", b"")
    try:
        return etree.fromstring(b"<div>" + data + b"</div>", parser)
    except etree.LxmlError:
        return None


def without_class(markup: str, word: str) -> tuple[str, tuple[str, ...]]:
    """Return HTML without the elements whose class has `word` in it, and their texts."""
    root = _tree(markup) if word in markup else None
    if root is None:
        return markup, ()
    texts: list[str] = []
    for entry in list(root.iterdescendants(etree.Element)):
        if not isinstance(entry, html.HtmlElement):
            continue
        stands = entry.getroottree().getroot() is root  # not within one that is out already
        if stands and word in (entry.get("class") or ""):
            texts += read_flow(entry).paragraphs
            entry.drop_tree()
    return etree.tostring(root, encoding="unicode", method="html"), tuple(texts)


def _short_tag(tag: re.Match[str]) -> str:
    """Return the start tag, without attributes if they are long: none of them is text, and
    libxml2 goes over all of an element's for each that it adds."""
    return tag[0] if tag.end() - tag.start() <= _LONG_TAG_CHARS else f"<{tag[1]}"


def text_of(element: etree._Element | None) -> str:
    """Return all text below `element` on one line; empty for None."""
    if element is None:
        return ""
    return line("".join(str(part) for part in element.itertext(tag=etree.Element)))


def _finish(text: str) -> str:
    cells = [line(cell) for cell in text.split(_CELL_MARK)]
    return " | ".join(filter(None, cells))
