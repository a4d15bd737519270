"""Messages of teleprinters between `ZCZC` and `NNNN` (ITU-T F.1), without control characters.

    ZCZC                                   or  ZCZC ABC0123 4 I 45 NOR /REUTERS
    PPA123                                     NORLAND-FERRY (UPDATE 2)
    NORLAND-FERRY                              Town keeps its ferry
                                                   PORT ELWIN, Oct 5 (Reuters) - …
    Town keeps its ferry                       NNNN
    …

The lines behind `ZCZC` are those that IPTC 7901 puts between SOH and STX: they are found by their
shape, for nothing ends them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# ANSA joins its number to the word: `ZCZC2345/SXA`.
BEGINNING = re.compile(r"[\x00\x07\x16\x7f\r\n ]*ZCZC(?=\d|\b)")
_BEGIN = re.compile(rb"(?:\A|(?<=[\r\n]))[\x00\x07\x16\x7f ]*ZCZC(?=\d|\b)")
# ANSA puts it behind the stamp of the last line.
_END = re.compile(
    rb"(?:[\r\n]|(?<=\d\d:\d\d)(?= ))[\x00\x07\x16\x7f ]*N{4}[\x00\x07\x16\x7f ]*(?=[\r\n]|\Z)"
)
_LINE = re.compile(rb"[^\r\n]*(?:\r+\n?|\n|\Z)")
_NUMBER = re.compile(rb"[A-Za-z]{1,5} ?\d{1,5}(?: [^.]{0,80})?")
_LETTERS = re.compile(rb"[A-Za-z1-9] [A-Za-z]{1,5}(?: \d{1,5})?(?: [A-Z ]{0,40})?")
_DESKS = re.compile(
    rb"[A-Z] [A-Z]{3} [A-Z]\d[A-Z](?: [A-Z]{2,5}){0,3}|[A-Z]{3}(?:\d{2,6}(?:_[A-Z]{2,5}){1,3})?"
)
_SLUG = re.compile(rb"[^\s.:/,-]++(?:[-/,]++[^\s.:/,-]++)+(?: ?\([^()]{2,24}\))?[/,]?")
_MAX_LINES = 5
_MAX_LINE_BYTES = 120


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its place, its header's lines, its text, what stands behind `NNNN`.

    `is_whole`: its `NNNN` is there.
    """

    start: int
    end: int
    head: bytes
    text: bytes
    after: bytes
    is_whole: bool


def messages(data: bytes) -> Iterator[Message]:
    """Yield the messages of `data`, each up to its `NNNN`, or to the next one."""
    begins = list(_BEGIN.finditer(data))
    for number, begin in enumerate(begins):
        limit = begins[number + 1].start() if number + 1 < len(begins) else len(data)
        stop = _END.search(data, begin.end(), limit)
        head, at = _head(data, begin.end(), stop.start() if stop else limit)
        text = data[at : stop.start() if stop else limit]
        after = data[stop.end() : limit] if stop else b""
        yield Message(begin.start(), limit, head, text, after, stop is not None)


def _head(data: bytes, at: int, limit: int) -> tuple[bytes, int]:
    """Return the header's lines, and where the text begins."""
    lines: list[bytes] = []
    first = _line(data, at, limit)
    if first.strip():
        lines.append(first.strip())
    at += len(first)
    while len(lines) < _MAX_LINES and at < limit:
        entry = _line(data, at, limit)
        words = entry.strip()
        if not words and lines:
            break
        if words and not (len(words) <= _MAX_LINE_BYTES and _is_header(words, len(lines))):
            break
        lines += [words] if words and not _DESKS.fullmatch(words) else []
        at += len(entry)
    return b"\r\n".join(lines), at


def _line(data: bytes, at: int, limit: int) -> bytes:
    found = _LINE.match(data, at, limit)
    return found[0] if found else b""


def _is_header(words: bytes, seen: int) -> bool:
    """Return a number, letters of priority and category, or key words joined by dashes."""
    if seen == 0 and _NUMBER.fullmatch(words):
        return True
    return any(shape.fullmatch(words) for shape in (_LETTERS, _SLUG, _DESKS))
