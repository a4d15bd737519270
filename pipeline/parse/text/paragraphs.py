"""Lines to paragraphs: wires wrap by hand, and mark a paragraph by a blank line or an indent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pipeline.parse.text.clean import line, squeeze

_INDENT = 2
_ENDS = (".", "!", "?", '"', "”", ":")
_CLOSES = (*_ENDS, "»", "\u2019", "…", ")")
_SHORT = 0.75
_WRAPPED_MAX = 100
_COLUMNS = re.compile(r"[^\s.](?: {3,}+|\t++| *+\.{4,}+ *+)\S")
_SENTENCE_WITHIN = re.compile(r"[.!?][\"”»\u2019)]* +[^\W\d_a-zà-ÿ]")
_HEADING = 0.6
_LONG_GROUP = 5
_BULLETS = "*\u2022\u25aa\u25cf-"
_BULLET = re.compile(rf"[{_BULLETS}] +\S")


def split_indented(text: str) -> list[str]:
    """Split text into paragraphs that begin with an indent of two blanks or more.

    A line with an indent of one blank or none goes on the paragraph before; a blank line ends it.
    Lines with columns (tables) are paragraphs of their own.
    """
    return _join(text, by_indent=True)


def split_paragraphs(text: str, *, by_line: bool = False) -> list[str]:
    """Split cleaned text into paragraphs, whichever way it marks them.

    Blank lines separate where there are any; else indents, where some lines have one and others
    not; else lines that end like sentences and are too long to be wrapped stand for themselves.
    So they do between blank lines, where these part sections rather than paragraphs; `by_line` says
    that a line is known to be one (as in a field of JSON) unless it is wrapped.
    """
    lines = [entry for entry in text.split("\n") if entry.strip()]
    has_blank = bool(re.search(r"\S[ \t]*\n[ \t]*\n\s*\S", text))
    indented = sum(1 for entry in lines if _indent(entry) >= _INDENT)
    narrow = max(map(len, lines), default=0) <= _WRAPPED_MAX
    by_indent = 0 < indented < len(lines) and narrow
    if has_blank or by_indent:
        groups = list(_groups(text.split("\n"), by_indent))
        if not by_indent and _is_line_each(groups, by_line):
            return [entry for group in groups for entry in group]
        return [" ".join(part) for group in groups for part in _parted(group)]
    if not _is_wrapped(lines):
        return [squeeze(entry) for entry in lines]
    return [" ".join(group) for part in _groups(lines, False) for group in _by_last_lines(part)]


def _is_line_each(groups: list[list[str]], by_line: bool) -> bool:
    """Say whether the lines between blank ones are paragraphs: all but headings end as sentences.

    A text that has a line for each sentence looks like that too, but for lines with several.
    """
    width = max((len(entry) for group in groups for entry in group), default=0)
    closed = 0
    for group in groups:
        for number, entry in enumerate(group[:-1]):
            is_heading = not number and len(entry) < _HEADING * width
            if entry.endswith(_CLOSES):
                closed += 1
            elif not is_heading:
                return False
            if group[number + 1][:1].islower():
                return False
    if closed < 1 + (not by_line):
        return False
    return by_line or any(_SENTENCE_WITHIN.search(entry) for group in groups for entry in group)


def _parted(group: list[str]) -> Iterable[list[str]]:
    """Return the paragraphs of lines between blank ones, where these are too many for one."""
    return _by_last_lines(group) if len(group) >= _LONG_GROUP else (group,)


def _by_last_lines(lines: list[str]) -> Iterator[list[str]]:
    """Yield the paragraphs of wrapped lines that nothing parts but that their last ones are short.

    A line in small letters goes on whatever stands above it.
    """
    short = _SHORT * max(map(len, lines))
    begin = 0
    for number, entry in enumerate(lines[:-1], start=1):
        ends = len(entry) < short and entry.endswith(_ENDS)
        if ends and not lines[number][:1].islower():
            yield lines[begin:number]
            begin = number
    yield lines[begin:]


def _join(text: str, by_indent: bool) -> list[str]:
    return [" ".join(part) for part in _groups(text.split("\n"), by_indent)]


def _groups(lines: Iterable[str], by_indent: bool) -> Iterator[list[str]]:
    group: list[str] = []
    previous_is_row = False
    for entry in lines:
        bare = entry.strip()
        stripped = squeeze(bare)
        is_row = _is_row(bare)
        has_bullet = stripped[:1] in _BULLETS and _BULLET.match(stripped) is not None
        starts = has_bullet or (by_indent and _indent(entry) >= _INDENT)
        long_before = bool(group) and len(group[-1]) > _WRAPPED_MAX
        if group and (not stripped or starts or is_row or previous_is_row or long_before):
            yield group
            group = []
        if stripped:
            group.append(stripped)
        previous_is_row = is_row
    if group:
        yield group


def _is_row(entry: str) -> bool:
    """Say whether a line has columns; most have none of what parts these."""
    may_be = "   " in entry or "\t" in entry or "...." in entry
    return may_be and bool(_COLUMNS.search(entry))


def _is_wrapped(lines: list[str]) -> bool:
    """Say whether lines break at a width rather than at a paragraph's end."""
    if len(lines) < 2 or max(map(len, lines)) > _WRAPPED_MAX:
        return False
    inner = [entry.rstrip() for entry in lines[:-1]]
    is_open = [not entry.endswith(_ENDS) for entry in inner]
    if sum(is_open) > len(inner) / 2:
        return True
    begun = (entry.lstrip()[:1].islower() for entry in lines[1:])
    return 3 * sum(is_open[n] and begins for n, begins in enumerate(begun)) >= len(inner)


def _indent(entry: str) -> int:
    return len(entry) - len(entry.lstrip(" \t")) if "\t" not in entry[:1] else _INDENT


def tidy_paragraphs(paragraphs: Iterable[str]) -> tuple[str, ...]:
    """Clean paragraphs, each on one line, empty ones left out."""
    return tuple(filter(None, map(line, paragraphs)))
