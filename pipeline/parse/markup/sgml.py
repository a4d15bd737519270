"""Elements of SGML archives, found in their text: these files are no XML, and need no parser.

Each search goes over the text once, however many tags begin and do not end.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from pipeline.parse.draft import Fault, FaultError, Part, replace

_DOC_START = re.compile(rb"<DOC\b[^<>]*>")
_DOC_END = re.compile(rb"</DOC\s*>\s*")
_ELEMENT = re.compile(r"<(/?)([A-Za-z][\w-]*)\b[^<>]*>")
_SIMPLE = re.compile(r"<(/?)(\w+)>")
_ATTRIBUTE = re.compile(r"(?<![A-Za-z])([A-Za-z]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\"'\s>]+))")


@cache
def _tags(name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile(rf"<{name}\b[^<>]*>", re.I), re.compile(rf"</{name}\s*>", re.I)


def inside(name: str, markup: str, *, open_end: bool = False) -> str | None:
    """Return what stands in the first element `name`; None if there is none that ends.

    With `open_end` an element that does not end goes on to the end of the text.
    """
    begin, end = _tags(name)
    start = begin.search(markup)
    if not start:
        return None
    stop = end.search(markup, start.end())
    if stop:
        return markup[start.end() : stop.start()]
    return markup[start.end() :] if open_end else None


def outside(markup: str) -> str:
    """Return `markup` without its elements (those whose start tag has no attributes)."""
    tags = list(_SIMPLE.finditer(markup))
    ends: dict[str, list[int]] = {}
    for tag in tags:
        if tag[1]:
            ends.setdefault(tag[2], []).append(tag.end())
    kept: list[str] = []
    position = 0
    for tag in tags:
        closing = ends.get(tag[2], []) if not tag[1] and tag.start() >= position else []
        index = bisect_left(closing, tag.end() + 1)
        if index < len(closing):
            kept.append(markup[position : tag.start()])
            position = closing[index]
    return "".join((*kept, markup[position:]))


def documents(data: bytes, read: Callable[[bytes], Part]) -> Iterator[Part]:
    """Yield a part for each `<DOC>` of a file, by `read`, with the element's own bytes.

    Raises `FaultError` where there is none.
    """
    heads = [match.span() for match in _DOC_START.finditer(data)]
    if not heads:
        raise FaultError("malformed", "there is no <DOC> element", "byte 0")
    for index, (start, inside_at) in enumerate(heads):
        stop = heads[index + 1][0] if index + 1 < len(heads) else len(data)
        end = _DOC_END.search(data, inside_at, stop)
        raw = data[start : end.end() if end else stop]
        if end is None:
            yield Fault("malformed", "the element <DOC> does not end", f"byte {start}", raw)
            continue
        try:
            part = read(data[start : end.start()])
        except FaultError as error:
            fault = error.fault
            part = Fault(fault.kind, fault.message, fault.evidence or f"byte {start}")
        yield replace(part, raw=raw)
        if data[end.end() : stop].strip():
            rest = data[end.end() : stop]
            yield Fault("malformed", "text between elements", f"byte {end.end()}", rest)


def fields(markup: str, apart: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Return what stands in each element, by its name in capitals, in order; nested ones count too.

    Elements within one of those named `apart` do not count. One that does not end is left out.
    """
    tags = list(_ELEMENT.finditer(markup))
    ends: dict[str, list[int]] = {}
    for tag in tags:
        if tag[1]:
            ends.setdefault(tag[2].upper(), []).append(tag.start())
    whole = frozenset(apart)
    found: dict[str, list[str]] = {}
    position = 0
    for tag in tags:
        name = tag[2].upper()
        if tag[1] or tag.start() < position:
            continue
        closing = ends.get(name, [])
        index = bisect_left(closing, tag.end())
        if index < len(closing):
            found.setdefault(name, []).append(markup[tag.end() : closing[index]])
            position = closing[index] if name in whole else position
    return found


def start_tag(markup: str) -> str:
    """Return the start tag that `markup` begins with, without its `>`.

    Raises `FaultError` where it does not end: bytes that look like a tag may be another text.
    """
    end = markup.find(">")
    if end < 0:
        raise FaultError("malformed", "the element's start tag does not end")
    return markup[:end]


def attributes(tag: str) -> Mapping[str, str]:
    """Return the attributes of a start tag, their names as written."""
    return dict(_pairs(tag))


def _pairs(tag: str) -> Iterator[tuple[str, str]]:
    for name, double, single, bare in _ATTRIBUTE.findall(tag):
        yield name, double or single or bare
