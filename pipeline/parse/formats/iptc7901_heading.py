"""The heading of an IPTC 7901 text whose end a sender marks: its last line ends in ` =`.

    (Zusammenfassung 1400 - Neu: Bürgermeister)     advisories, in brackets
    EXTRA                                           a mark of urgency
    Port Elwin behält                               the headline, over as many lines as it takes
    seine Fähre
    Von Ada Brenner, dpa  =                         the byline

So write dpa, Keystone-SDA, Belga and others (dpa's converter: dpa-digitalwires-to-iptc7901).
"""

from __future__ import annotations

import re

from pipeline.parse import fields
from pipeline.parse.conventions.dateline import find_dateline
from pipeline.parse.conventions.embargo import is_embargo
from pipeline.parse.conventions.heading import Heading
from pipeline.parse.conventions.revisions import read_line
from pipeline.parse.conventions.signoff import read_sign_off
from pipeline.parse.conventions.wiretext import compose, with_embargo
from pipeline.parse.draft import Draft, FaultError, replace
from pipeline.parse.text.clean import line
from pipeline.parse.text.paragraphs import split_paragraphs, tidy_paragraphs

_MARK = re.compile(r"(?:^|\s)=+\s*$")
_BYLINE = re.compile(r"^(?:By|BY|Von|VON|Par|PAR|Por|POR|Di|Door|Av)\s+[^\W\d_]")
_EXTRA = re.compile(r"^\W*(?:EXTRA|EILMELDUNG|EIL|BLITZ|FLASH|URGENT|BULLETIN)\W*$", re.I)
_FOR_DESKS = re.compile(
    r"^\W{0,8}(?:(?:dpa-)?Notizblock\s*$"
    r"|Die folgenden Informationen sind nicht zur Veröffentlichung"
    r"|The following information is not (?:for|intended for) publication)",
    re.I,
)
_KEY_LINE = re.compile(r"^\S{2,60}$|^\S{2,40}(?:[/-]\S{1,30} ?){2,6}$")
_SUBTITLE = re.compile(r"^(?:Utl|Untertitel|Sottotitolo|Sous-titre)\.?\s?: ?(?P<words>\S.*)$")
_ALONG = re.compile(r"\([A-ZÀ-ÖØ-Þ0-9][A-ZÀ-ÖØ-Þ0-9 '\u2019+/,&-]{3,60}\)")
_MAX_BYLINE_CHARS = 80
_MAX_HEAD_LINES = 14
_MAX_TITLE_LINES = 3
_MAX_LINE_CHARS = 200
_URGENT = 2


def split_advice(head: list[str]) -> tuple[list[str], list[str]]:
    """Return the lines of a header, and what stands among them for desks: advisories in brackets,
    over one line or several, marks of urgency, embargoes."""
    kept: list[str] = []
    advice: list[str] = []
    is_open = False
    for number, entry in enumerate(head):
        if is_open:
            advice[-1] += f" {entry}"
        elif number and (
            entry.startswith("(") or _EXTRA.match(entry) or (" " in entry and is_embargo(entry))
        ):
            advice.append(entry)
        else:
            kept.append(entry)
            continue
        is_open = advice[-1].startswith("(") and ")" not in advice[-1]
    return kept, advice


def advised(draft: Draft, advice: list[str]) -> Draft:
    """Return the draft with the advice of its header: notes, urgency, and embargoes."""
    if not advice:
        return draft
    notes = [entry.strip("()[] ") for entry in advice]
    is_urgent = any(map(_EXTRA.match, notes))
    draft = replace(
        draft,
        editor_note="\n".join((*notes, *filter(None, (draft.editor_note,)))),
        urgency=draft.urgency or (_URGENT if is_urgent else None),
    )
    return with_embargo(draft, [text for text in notes if is_embargo(text)])


def split_heading(head: list[str], text: str) -> tuple[list[str], str]:
    """Return the lines of a header, and what of them is the heading of the text.

    Some send it above STX, below the line of key words: it is marked as a heading is, or the text
    begins with its dateline or the subtitle at once, or its lines have ANPA's carets.
    """
    if begin := next((n for n, entry in enumerate(head) if n and entry.startswith("^")), None):
        return head[:begin], "".join(f"{entry}\n" for entry in head[begin:])
    if len(head) < 3 or not _KEY_LINE.match(head[1]):
        return head, ""
    below = head[2:]
    first = text.lstrip()[:_MAX_LINE_CHARS]
    if _MARK.search(below[-1]):
        return head[:2], "".join(f"{entry}\n" for entry in below)
    is_subtitle = _SUBTITLE.match(first.split("\n")[0].rstrip())
    if len(below) <= _MAX_TITLE_LINES and (is_subtitle or find_dateline(first)):
        is_marked = _MARK.search(first.split("\n\n")[0])
        return head[:2], "\n".join(below) + ("\n" if is_marked else " =\n")
    return head, ""


def read_marked_heading(text: str) -> Draft | None:
    """Return the draft of a clean text with a marked heading; None where no line of it is marked.

    Raises `FaultError` of kind `no_text` where nothing stands in it.
    """
    lines = text.split("\n")
    end = _end_of_head(lines)
    if not end:
        return None
    head = Heading(evidence=True)
    above = [entry for entry in (line(_MARK.sub("", entry)) for entry in lines[:end]) if entry]
    placed = find_dateline(f"{above[-1]} - ") if len(above) > 1 else None
    if placed and placed.provider and not _BYLINE.match(above[-1]):
        first = next((n for n in range(end, len(lines)) if lines[n].strip()), end)
        lines[end : first + 1] = [f"{above.pop()} - {''.join(lines[first : first + 1]).strip()}"]
    subtitle = _read(head, above)
    stop = next((n for n in range(end, len(lines)) if _FOR_DESKS.match(lines[n])), len(lines))
    desk = [line(entry) for entry in lines[stop:] if entry.strip()]
    below = read_sign_off(["", *lines[end:stop]])
    paragraphs = tidy_paragraphs(split_paragraphs("\n".join(below.above[1:])))
    if not head.headline and not paragraphs:
        raise FaultError("no_text", "there is no text between heading and sign-off")
    head.notes += [" ".join(desk)] if desk else []
    draft = compose(head, paragraphs, below)
    return replace(draft, summary=draft.summary or subtitle)


def _end_of_head(lines: list[str]) -> int:
    """Return the first line behind the last marked one, 0 where none is marked."""
    end = seen = 0
    for number, entry in enumerate(lines):
        seen += bool(entry.strip())
        if seen > _MAX_HEAD_LINES or len(entry) > _MAX_LINE_CHARS:
            break
        if _MARK.search(entry) or (end and _is_aside(entry.strip())):
            end = number + 1
        elif end and entry.strip():
            break
    return end


def _is_aside(text: str) -> bool:
    """Say whether a line between headline and dateline is of the heading: a byline, or what is
    sent along (`(PHOTO+VIDEO)`)."""
    is_byline = _BYLINE.match(text) and len(text) <= _MAX_BYLINE_CHARS
    return bool(_ALONG.fullmatch(text) or (is_byline and not fields.is_sentence(text)))


def _read(head: Heading, lines: list[str]) -> str | None:
    """Reads advisories, marks, headline and bylines into `head`; the subtitle is left."""
    title: list[str] = []
    below: list[str] = []
    note: list[str] = []
    for text in lines:
        if note or (text.startswith("(") and (not title or _ALONG.fullmatch(text))):
            note.append(text)
            if text.count(")") < 1:
                continue
            _note(head, " ".join(note))
            note = []
        elif is_embargo(text):
            _note(head, text)
        elif _EXTRA.match(text) and not title:
            head.urgency = _URGENT
            head.notes.append(text)
        elif _BYLINE.match(text) and (title or head.headline) and not fields.is_sentence(text):
            head.bylines = (*head.bylines, *fields.bylines(text))
        elif read_line(text) and not title:
            head.notes.append(text)
        elif title and (subtitle := _SUBTITLE.match(text)):
            below.append(subtitle["words"])
        else:
            (below or title).append(text)
    head.headline = " ".join((*title, *note)).strip("* ")
    return " ".join(below) or None


def _note(head: Heading, text: str) -> None:
    words = text.strip("()[] ")
    head.notes.append(words)
    if is_embargo(words):
        head.embargoes.append(words)
