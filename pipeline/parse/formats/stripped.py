"""Messages of IPTC 7901 and ANPA 1312 whose control characters were lost on their way.

    AFP123 4 I 0234 FRA /AFP-AB12          or  a0123
    France-ferry                               u i BC-Ferry, 1st Ld   10-05 0123
    Town keeps its ferry                       ^BC-Ferry, 1st Ld,0123<
        PARIS, Oct 5 (AFP) - …                 ^Town keeps its ferry<

They begin with the header's line: number, priority, category and words of IPTC 7901, the priority,
category, key word, day and words of ANPA 1312. (APA's own line, which tells the day, is read with
plain text.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_IPTC = rb"(?!APA)[A-Za-z]{2,5} ?\d{2,5} +[1-9] +[A-Za-z]{1,5} +\d{2,5}\b(?! ?[.,:;])[^\r\n]{0,60}"
_ANPA_LINE = rb"[bdfru] +[a-z] +(?=[^\r\n]{0,30}[A-Za-z])[^\r\n]{2,60}? +\d{1,2}-\d{1,2} +\d{3,5}"
_ANPA = rb"(?:[a-z]\d{3,4}(?:[\x1f ][^\r\n]{0,40})?[ \t]*\r*\n)?" + _ANPA_LINE
_HEADER = rb"(?P<head>(?P<iptc>" + _IPTC + rb")|" + _ANPA + rb")[ \t]*(?=\r|\n)"
_BEGIN = re.compile(rb"(?:\A(?:\xef\xbb\xbf)?|(?<=\n))(?:[ \t\r\n]*)" + _HEADER)
_KEY_LINE = re.compile(rb"\s*?\r*\n\s*?(?P<key>[^\s.:=^<]{2,60})[ \t]*\r*\n(?=[^\S\n]*\S|\s*\S)")


@dataclass(frozen=True, slots=True)
class Stripped:
    """One message: its place, its header's lines, its text."""

    start: int
    end: int
    head: bytes
    text: bytes


def begins(data: bytes) -> bool:
    """Say whether the header's line of a message is the first line of `data`."""
    return bool(_BEGIN.match(data))


def headed_messages(data: bytes) -> Iterator[Stripped]:
    """Yield the messages of `data`, each up to the header's line of the next one."""
    found = list(_BEGIN.finditer(data))
    for number, begin in enumerate(found):
        limit = found[number + 1].start() if number + 1 < len(found) else len(data)
        at, head = begin.end(), begin["head"]
        if begin["iptc"] and (key := _KEY_LINE.match(data, at, limit)):
            head, at = head + b"\r\n" + key["key"], key.end("key")
        yield Stripped(begin.start(), limit, head, data[at:limit])
