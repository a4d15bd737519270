"""Elements of SGML archives, found in their text: these files are no XML, and need no parser.

Each search goes over the text once, however many tags begin and do not end.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import cache

_SIMPLE = re.compile(r"<(/?)(\w+)>")
_ATTRIBUTE = re.compile(r"(?<![A-Za-z])([A-Za-z]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\"'\s>]+))")


@cache
def _tags(name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile(rf"<{name}\b[^<>]*>", re.I), re.compile(rf"</{name}\s*>", re.I)


def inside(name: str, markup: str, *, open_end: bool = False) -> str | None:
    """What stands in the first element `name`; None if there is none that ends.

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
    """`markup` without its elements (those whose start tag has no attributes)."""
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


def attributes(tag: str) -> Mapping[str, str]:
    """The attributes of a start tag, their names as written."""
    return dict(_pairs(tag))


def _pairs(tag: str) -> Iterator[tuple[str, str]]:
    for name, double, single, bare in _ATTRIBUTE.findall(tag):
        yield name, double or single or bare
