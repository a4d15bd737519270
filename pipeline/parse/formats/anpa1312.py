"""ANPA 1312 (1989): the text of a message, its heading in lines that begin with `^`.

    ^BC-EU--Summit, 1st Ld-Writethru,105<      slug line
    ^EU leaders meet<                          headline
    ^AP Photo XYZ101<                          pictures, `Eds:` notes, a summary
    ^By JOHN SAMPLE=
    ^Associated Press=                         service
    <tab>BRUSSELS (AP) _ …                     paragraphs, each behind a tab or blanks

`<` and `=` end lines for typesetting machines. Rows of tables begin with BS (the tab line
indicator), and DLE, RS, US and `{` part their cells or end them.
"""

from __future__ import annotations

import itertools
import re

from pipeline.parse import fields
from pipeline.parse.conventions.embargo import is_embargo
from pipeline.parse.conventions.heading import Heading
from pipeline.parse.conventions.providers import provider
from pipeline.parse.conventions.signoff import read_sign_off
from pipeline.parse.conventions.wiretext import compose
from pipeline.parse.draft import Draft, replace
from pipeline.parse.text.clean import line
from pipeline.parse.text.paragraphs import split_indented, tidy_paragraphs

CELL, ROW = b"\x08\x10\x1f", b"\x1e"
NOTHING = b"\x11\x12\x13\x14\x0e\x0f\x15\x17\x18\x19\x1a\x1c\x1d"
_PLAIN = bytes.maketrans(CELL + ROW, b"\t" * len(CELL) + b"\n" * len(ROW))
_CELLS = re.compile(r"[\t{][\t{ ]*+")
_QUADS = " \t<=^\r"
_SLUG = re.compile(r"^[A-Za-z]{1,3}-(?:[A-Z]{1,3}-)?-?\S")
_WORDS = re.compile(r"[, ] ?\d{2,5}$")
_MARKED = re.compile(r"\s*(?:[^\n^]{1,80}\n)?\^")
_NOTE = re.compile(
    r"^\W{0,2}(?:eds?\b|editor|with .{0,20}(?:photo|graphic|video)|attention\b|note\b"
    r"|optional trims?\b|index:|for global distribution\b|for use by\b"
    r"|(?:\w+ )?(?:photos?|graphics?|videos?|interactive|audio)\b(?: [A-Z0-9]+[,\d]*\b|:|,|$))",
    re.I,
)
_WRITER = re.compile(r"\b(?:writers?|correspondents?|editors?|reporters?|columnists?)$", re.I)
_NAME = re.compile(r"^[A-Z][A-Z.'-]+(?: [A-Z][A-Z.'-]*){1,3}$")
_LEADING = re.compile(r"^(?:(?:c\.|©|\(c\)|Copyright) ?(?:19|20)\d\d,?\s*)?(?:The )?", re.I)
_ALARM = re.compile(r"\W*(flash|bulletin|urgent|newsalert|alert)\W*$", re.I)
_ALARMS = {"flash": 1, "bulletin": 2, "urgent": 3, "newsalert": 2, "alert": 2}
_MAX_HEAD_LINES = 20
_MAX_CONTINUED = 4


def plain_bytes(text: bytes) -> bytes:
    """Return the text with tabs and line ends for the marks of tables, and no other typesetting."""
    return text.translate(_PLAIN, NOTHING)


def is_anpa_text(text: str) -> bool:
    """Say whether lines of the heading begin as ANPA 1312 marks them."""
    return bool(_MARKED.match(text))


def read_anpa(text: str, slugline: str | None, *, is_table: bool) -> Draft:
    """Return the draft of a message's clean text.

    `is_table` is what its header says of its form.
    """
    lines = text.split("\n")
    end = _head_end(lines, is_table=is_table)
    head = Heading(slugline=slugline, evidence=True)
    summary = _read_head(head, [line(entry.strip(_QUADS)) for entry in _joined(lines[:end])])
    rows = [_body_line(entry) for entry in lines[end:]]
    below = read_sign_off(["", *rows])
    kept = below.above[1:]
    paragraphs = [entry.strip() for entry in kept] if is_table else split_indented("\n".join(kept))
    draft = compose(head, tidy_paragraphs(paragraphs), below)
    return replace(
        draft,
        summary=draft.summary or " ".join(summary) or None,
        delivered=text,
        set_aside=(*draft.set_aside, *below.aside),
    )


def _head_end(lines: list[str], *, is_table: bool) -> int:
    """Say where the body begins: behind the marked lines, two of them where all lines are
    marked."""
    marked = end = 0
    for number, entry in enumerate(lines[:_MAX_HEAD_LINES]):
        if not marked and _SLUG.match(entry):
            end = number + 1
        elif entry.startswith("^"):
            marked, end = marked + 1, number + 1
        elif marked and _goes_on(lines, number):
            end = number + 1
        elif entry.strip(_QUADS):
            break
        if is_table and marked == 2:
            return end
    rest = any(entry.strip(_QUADS) for entry in lines[end:])
    if rest or marked <= 2:
        return end
    carets = [number for number, entry in enumerate(lines) if entry.startswith("^")]
    return carets[1] + 1


def _goes_on(lines: list[str], number: int) -> bool:
    """Say whether a line that is not marked belongs to the marked one above it.

    That one has no end for typesetting machines yet, and this one has, or marked ones follow.
    """
    entry = lines[number]
    if number == 0 or not entry.strip(_QUADS) or entry[:1] in {"\t", " "}:
        return False
    if lines[number - 1].rstrip()[-1:] in {"<", "="}:
        return False
    after = lines[number + 1 : number + 1 + _MAX_CONTINUED]
    marks = itertools.takewhile(lambda text: text.strip(_QUADS) and text[:1] not in "\t ", after)
    return entry.rstrip()[-1:] in {"<", "="} or any(text.startswith("^") for text in marks)


def _joined(lines: list[str]) -> list[str]:
    """Return the heading's lines, each with those that go on below it."""
    joined: list[str] = []
    for entry in lines:
        if joined and not entry.startswith("^") and entry.strip(_QUADS):
            joined[-1] = f"{joined[-1].rstrip(_QUADS)} {entry}"
        else:
            joined.append(entry)
    return joined


def _read_head(head: Heading, lines: list[str]) -> list[str]:
    """Reads the heading's lines into `head`; those of a summary are left."""
    summary: list[str] = []
    is_open = False
    filled = [*filter(None, lines)]
    for number, text in enumerate(filled):
        if is_open:
            head.notes[-1] += f" {text}"
            is_open = ")" not in text
        elif number == 0 and (
            _SLUG.match(text) or (len(filled) > 1 and _is_keyword(text, head.slugline))
        ):
            head.slugline = _WORDS.sub("", text).rstrip(",")
        elif is_embargo(text):
            head.embargoes.append(text.strip("()[] "))
            head.notes.append(text)
        elif _NOTE.match(text) or (text.startswith("(") and text.endswith(")")):
            is_open = text.startswith("(") and ")" not in text
            head.notes.append(text)
        elif re.match(r"by\s", text, re.I) and not fields.is_sentence(text):
            names = fields.bylines(text)
            houses = [house for name in names if (house := provider(name.removeprefix("The ")))]
            head.bylines = (*head.bylines, *names)
            head.provider = head.provider or next(iter(houses), None)
        elif head.headline and _NAME.match(text) and any(map(_service, filled[number + 1 :][:1])):
            head.bylines = (*head.bylines, text)
        elif agency := _service(text):
            head.provider = head.provider or agency
        elif not head.headline and (alarm := _ALARM.match(text)):
            head.urgency = _ALARMS[alarm[1].lower()]
            head.notes.append(text)
        elif not head.headline:
            head.headline = text
        elif not (head.bylines and _WRITER.search(text)):
            summary.append(text)
    head.notes = [note.strip("() ") for note in head.notes]
    return summary


def _is_keyword(text: str, slugline: str | None) -> bool:
    """Say whether a line begins with the keyword of the header, as CP's slug lines do.

    They have no `BC-`: `CANADA-Fire, 2nd Writethru` under the header `CANADA-Fire 2ndLd-Writethru`.
    """
    keyword, own = (re.split("[, ]", (name or "").casefold())[0] for name in (text, slugline))
    return "-" in keyword and keyword == own


def _service(text: str) -> str | None:
    """Return the agency of a service line: `Associated Press`, `AP Sports Writer`."""
    if len(text) > 60:
        return None
    title = _LEADING.sub("", text)
    own = re.match(r"(?:Associated Press|[A-Z]{2,5})\b", title)
    return provider(title) or (provider(own[0]) if own and _WRITER.search(title) else None)


def _body_line(entry: str) -> str:
    """Return a line of the body: a marked one begins a paragraph, a table's row has its cells
    apart."""
    begins = entry[:1] in {"^", "\t"} or entry.startswith("  ")
    text = _CELLS.sub(" | ", entry.strip(_QUADS + "{"))
    return f"\t{text}" if begins else text
