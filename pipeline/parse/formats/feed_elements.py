"""The elements of a feed, made ready for feedparser.

feedparser reads a caption (`media:description`) as the story's own summary, mixes keywords with
categories, joins blocks of markup that are not escaped, and needs each prefix declared and each
namespace spelled as in its specification. So captions and keywords are taken out before it, and
names are mended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from pipeline.parse.markup import xml
from pipeline.parse.markup.flow import local
from pipeline.parse.text.clean import line

_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_DC = "http://purl.org/dc/elements/1.1/"
_MEDIA = "search.yahoo.com/mrss"
_PREFIXES = {"content": _CONTENT, "dc": _DC, "media": f"http://{_MEDIA}/"}
_FULL_TEXT = frozenset({"fulltext", "full-text"})
_CAPTIONS = ("description", "thumbnail_caption", "mediadescription")
_MARKED_UP = frozenset({"title", "description", "summary", "content", "encoded"})
_NAME_WORDS = 8
_ENTRIES = ("item", "entry")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*$")
_PROLOG = re.compile(r"^\s*<\?xml\b[^>]*?\?>")
_ROOT = re.compile(r"<(?![?!])([\w:.-]+)")
_ENTRY_END = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>")
_ONLY_ENDS = re.compile(r"(?:\s|</[\w:.-]*>?)*+$")


@dataclass(frozen=True, slots=True)
class Aside:
    """Holds what is kept apart from the text: captions (Media RSS 1.5), and keywords."""

    captions: tuple[str, ...]
    keywords: tuple[str, ...]


def entries(root: etree._Element) -> Iterator[etree._Element]:
    """Yield the entries of a feed, or the one that is the root; none lies within another."""
    if local(root) == "entry":
        yield root
        return
    inside: set[etree._Element] = set()
    for element in xml.below(root, *_ENTRIES):
        if not any(parent in inside for parent in element.iterancestors()):
            inside.add(element)
            yield element


def prepare(element: etree._Element) -> Aside:
    """Make an entry, or the feed without its entries, ready; returns what was taken out of it."""
    _mend_names(element)
    described = xml.below(element, *_CAPTIONS)
    media = (e for e in described if _MEDIA in str(e.tag) or local(e) != "description")
    captions = tuple(dict.fromkeys((*xml.texts(media), *_media_texts(element))))
    lines = xml.texts(xml.below(element, "keywords"))
    words = (line(word) for text in lines for word in text.split(",") if word.strip())
    keywords = tuple(dict.fromkeys(words))
    for entry in list(element.iterdescendants(etree.Element)):
        parent = entry.getparent()
        if parent is not None and (_MEDIA in str(entry.tag) or local(entry) == "keywords"):
            parent.remove(entry)
        elif local(entry) in _MARKED_UP and len(entry) and "xml" not in (entry.get("type") or ""):
            entry.set("type", "xhtml")
    return Aside(captions, keywords)


def _media_texts(element: etree._Element) -> Iterator[str]:
    """Yield what Media RSS says of a picture or film beside its description.

    Its text (a transcript), and a title that is more than a name.
    """
    for entry in xml.below(element, "text", "title"):
        if _MEDIA not in str(entry.tag):
            continue
        for text in xml.texts(iter((entry,))):
            if local(entry) == "text" or len(text.split()) > _NAME_WORDS:
                yield text


def whole_entries(text: str) -> tuple[str, str]:
    """Return a feed that is cut off, closed after its last whole entry, and what came after that.

    Both are empty where there is no whole entry.
    """
    text = _PROLOG.sub("", text.lstrip("\ufeff \t\r\n\0"), count=1)
    root = _ROOT.search(text)
    end = max((match.end() for match in _ENTRY_END.finditer(text)), default=0)
    if not root or not end:
        return "", ""
    rest = text[end:]
    return f"{text[:end]}</{root[1]}>", "" if _ONLY_ENDS.match(rest) else rest


def _mend_names(element: etree._Element) -> None:
    """Names as feedparser knows them: the feed's own without a namespace, the others' declared."""
    own = _split(str(element.tag))[0]
    for entry in element.iter(etree.Element):
        space, name = _split(str(entry.tag))
        if name.lower() in _FULL_TEXT or (name == "encoded" and "content" in space):
            space, name = _CONTENT, "encoded"
        elif "purl.org/dc/" in space and "terms" not in space:
            space = _DC
        elif space == own:
            space = ""
        name = _legal(name)
        entry.tag = f"{{{space}}}{name}" if space else name
        for key in [str(key) for key in entry.attrib]:
            bare = key.rpartition("}")[2]
            if not _NAME.match(bare):
                value, bare = entry.attrib.pop(key), _legal(bare.rpartition(":")[2])
                if bare not in entry.attrib:
                    entry.set(bare, value)


def _legal(name: str) -> str:
    """Return the name, or one that may stand for it: mended markup has names that XML forbids."""
    return name if _NAME.match(name) else re.sub(r"[^A-Za-z0-9_.-]", "_", f"x-{name}")


def _split(tag: str) -> tuple[str, str]:
    """Return namespace and name; a prefix that is not declared stands for what it mostly does."""
    space, _, name = tag.removeprefix("{").rpartition("}")
    space = re.sub("[{}]", "", space)
    prefix, _, bare = name.rpartition(":")
    return (space or _PREFIXES.get(prefix, "urn:x") if prefix else space), bare
