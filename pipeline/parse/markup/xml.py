"""XML, read safely: no entities of its own, nothing from outside, bounded depth.

Elements are matched on local names: feeds get namespaces wrong more often than names.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from pipeline.parse.draft import FaultError, Hints
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup.flow import legal_references, local, local_name, text_of
from pipeline.parse.overflow import check_count
from pipeline.parse.text.clean import line
from pipeline.parse.text.decode import Decoded, decode

_PROLOG = re.compile(r"^\s*<\?xml\b[^>]*?\?>")
_ENCODING = re.compile(rb"^\s*(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)")
_DOCTYPE = re.compile(r"<!DOCTYPE\s[^\[>]*(?:\[(?P<subset>.*?)\]\s*)?>", re.S)
_ENTITY = re.compile(
    r"<!ENTITY\s++(?P<parameter>%\s++)?(?P<name>[\w:.-]++)\s*+"
    r"(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)'|(?P<external>[^>]*+))\s*+>?"
)
_MAX_ENTITY_CHARS = 16
_REFERENCE = re.compile(r"&([A-Za-z_][\w.-]{0,60});")
_NAMED = re.compile(r"&(?!amp;|lt;|gt;|quot;|apos;|#)(\w{2,31};)")
_BARE = re.compile(r"&(?!#\d+;|#x[0-9a-fA-F]+;|\w{2,31};)")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ENDING = re.compile(r"</[\w:.-]+\s*>\s*(?:<!--(?:[^-]|-(?!->))*+-->\s*)*$")
_TAIL_CHARS = 2000
_MAX_ATTRIBUTES = 2000
_TOO_MANY = f"an element has more than {_MAX_ATTRIBUTES} attributes"
_LONG_TAG = re.compile(r"<[A-Za-z][^<]{8000,}+")
_WHOLE_TAG = re.compile(r"<(?:[^<>\"']|\"[^\"<]*+\"|'[^'<]*+')*+>")
_ITEM_HERE = re.compile(rb"<\?dateline-item\s*\?>")


@dataclass(frozen=True, slots=True)
class Document:
    """A document's root and warnings about what had to be mended."""

    root: etree._Element
    warnings: tuple[str, ...] = ()


def read_xml(data: bytes, hints: Hints, limits: ParseLimits) -> Document:
    """Return the document; what is not well-formed but complete is mended, with a warning.

    Raises `FaultError`: `malformed` for a document that is cut off, declares entities or nests too
    deep, `too_large` for one of too many elements, `undecodable` for what is not text.
    """
    decoded = read_text(data, hints)
    check_count(decoded.text, "<")
    prolog = _PROLOG.sub("", decoded.text.lstrip("\ufeff \t\r\n\0"), count=1)
    text, mended = _mend(_without_entities(prolog))
    warnings = (*decoded.warnings, *mended)
    _check_attributes(text)
    root, error = _parse(text.encode("utf-8"), recover=False)
    if root is None:
        ending = _ENDING.search(text, max(len(text) - _TAIL_CHARS, 0))
        opening = re.search(r"<(?![?!])([\w:.-]+)", text)
        complete = ending and opening and opening[1] == ending[0].split(">")[0][2:].strip()
        root = _parse(text.encode("utf-8"), recover=True)[0] if complete else None
        if root is None:
            raise FaultError("malformed", f"no well-formed XML: {error}", _line_of(error))
        warnings = (*warnings, f"not well-formed XML, mended: {error}")
    _check_tree(root, limits.max_depth)
    return Document(root, warnings)


def _without_entities(text: str) -> str:
    """Put in the entities of a character or so that `text` declares; it has no DOCTYPE then.

    Parameter entities are passed over: a processor that does not validate need not fetch them
    (XML 1.0, section 5.1). Raises `FaultError` for entities that hold more than a few characters
    or other entities, and for references to what stands elsewhere: any could grow, or have to be
    fetched.
    """
    doctype = _DOCTYPE.search(text[:20_000])
    if not doctype or "<!ENTITY" not in (doctype["subset"] or ""):
        return text
    entities: dict[str, str] = {}
    for declared in _ENTITY.finditer(doctype["subset"]):
        if declared["parameter"]:
            continue
        value = declared["double"] if declared["double"] is not None else declared["single"]
        plain = html.unescape(legal_references(value or ""))
        harmless = value is not None and len(value) <= _MAX_ENTITY_CHARS
        if not harmless or re.search(r"[&%<]", plain.removeprefix("&").removeprefix("<")):
            name = declared["name"][:40]
            raise FaultError("malformed", f"the document declares an entity: {name}", "DOCTYPE")
        entities.setdefault(declared["name"], html.escape(plain))
    rest = "\n" * doctype[0].count("\n") + text[doctype.end() :]
    rest = _REFERENCE.sub(lambda m: entities.get(m[1]) or _declared_nowhere(m[0]), rest)
    return text[: doctype.start()] + rest


def _declared_nowhere(reference: str) -> str:
    """Return a reference to a named character of HTML; raises `FaultError` for any other entity."""
    if html.unescape(reference) == reference:
        message = f"an entity of a file that is never fetched: {reference[:40]}"
        raise FaultError("malformed", message, "DOCTYPE")
    return reference


def read_text(data: bytes, hints: Hints) -> Decoded:
    """Return the document's characters, by its own declaration before the header's."""
    declared = _ENCODING.match(data[:200])
    charset = declared[1].decode("ascii") if declared else hints.charset
    return decode(data, charset)


def _mend(text: str) -> tuple[str, tuple[str, ...]]:
    """Put HTML's named characters as themselves, and leave out what XML forbids."""
    warnings: list[str] = []
    text = _NAMED.sub(lambda m: html.unescape(m[0]) if html.unescape(m[0]) != m[0] else m[0], text)
    if "<![CDATA[" not in text and _BARE.search(text):
        text = _BARE.sub("&amp;", text)
        warnings.append("bare ampersands")
    legal = _ILLEGAL.sub("", legal_references(text))
    if legal != text:
        text = legal
        warnings.append("characters that XML forbids were left out")
    return text, tuple(warnings)


def _parse(data: bytes, recover: bool) -> tuple[etree._Element | None, str]:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, recover=recover, remove_pis=True, remove_comments=True, encoding="utf-8",
    )  # fmt: skip
    try:
        return etree.fromstring(data, parser), ""
    except etree.XMLSyntaxError as error:
        return None, str(error.msg or error)[:200]
    except (ValueError, etree.LxmlError) as error:
        return None, str(error)[:200]


def _line_of(error: str) -> str | None:
    match = re.search(r"line (\d+)", error)
    return f"line {match[1]}" if match else None


def _check_attributes(text: str) -> None:
    """Raises `FaultError` for an element with too many attributes: libxml2 compares each with all
    others."""
    for suspect in _LONG_TAG.finditer(text):
        tag = _WHOLE_TAG.match(text, suspect.start())
        if tag and tag[0].count("=") > _MAX_ATTRIBUTES:
            raise FaultError("malformed", _TOO_MANY, f"character {tag.start()}")


def _check_tree(root: etree._Element, max_depth: int) -> None:
    """Raises `FaultError` for elements too deep, or with too many attributes where what is no tag
    was mended into one: lxml looks for each among all others."""
    level = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        level += 1 if event == "start" else -1
        if level > max_depth:
            raise FaultError("malformed", f"elements nest deeper than {max_depth}", "depth")
        if event == "start" and len(element.attrib) > _MAX_ATTRIBUTES:
            raise FaultError("malformed", _TOO_MANY, f"line {element.sourceline}")


def children(element: etree._Element | None, *names: str) -> Iterator[etree._Element]:
    """Yield the children with one of these local names (lower case).

    All elements if none is given.
    """
    for child in element if element is not None else ():
        name = local(child)
        if name and (not names or name in names):
            yield child


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """Return the first element down a path of local names, None where a step is missing."""
    for name in path:
        element = next(children(element, name), None)
        if element is None:
            return None
    return element


def below(element: etree._Element | None, *names: str) -> Iterator[etree._Element]:
    """Yield all elements below with one of these local names, in document order."""
    for entry in element.iterdescendants() if element is not None else ():
        tag = entry.tag  # not by `local`: trees are gone through often
        if isinstance(tag, str) and local_name(tag) in names:
            yield entry


def first(element: etree._Element | None, *names: str) -> str | None:
    """Return the text of the first element below with one of these names, None without text."""
    return next(filter(None, map(text_of, below(element, *names))), None)


def texts(elements: Iterator[etree._Element]) -> tuple[str, ...]:
    """Return the texts of these elements, empty ones left out."""
    return tuple(filter(None, map(text_of, elements)))


def attribute(element: etree._Element | None, *names: str) -> str | None:
    """Return the first of these attributes by local name, on one line; None if it is empty."""
    if element is None:
        return None
    found = {local_name(str(key)): str(value) for key, value in element.items()}
    return next(filter(None, (line(found.get(name, "")) for name in names)), None)


def alone(root: etree._Element, items: Sequence[etree._Element]) -> Iterator[bytes | None]:
    """Yield for each of `items` (disjoint elements below `root`) a document without the others.

    It is the item's raw form: read alone it gives the same story, since what stands around the
    items (headers, catalogs, the feed's own title) is in it. The items are taken out of the tree.
    One item alone has the whole document as its raw form: None.
    """
    if len(items) < 2:
        yield from (None for _ in items)
        return
    for number, item in enumerate(items):
        parent = item.getparent()
        if parent is None:
            continue
        if number == 0:
            parent.insert(parent.index(item), etree.ProcessingInstruction("dateline-item"))
        parent.remove(item)
    before, after = _ITEM_HERE.split(etree.tostring(root, encoding="utf-8"), maxsplit=1)
    for item in items:
        yield before + etree.tostring(item, encoding="utf-8", with_tail=False) + after
