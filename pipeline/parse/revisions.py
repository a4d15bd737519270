# ruff: noqa: RUF001 - the typographic quotes and dashes are what the patterns are about
"""Marks by which agencies say that a text revises another: UPDATE, Lead, CORRECTED, REFILE, KILL.

The marks are matched as whole words in the places where desks put them (before a headline's dash
or colon, at the end of a keyword line), so that words which merely look alike (SUBSIDIARY,
WEEDKILLER, "Kill the bill") revise nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BEFORE = re.compile(
    r"^\s*\W{0,3}(?P<mark>(?P<word>UPDATE|WRAPUP|WRITETHRU|RECAST|CORRECTED|CORRECTION|CORRECTIVE|"
    r"REFILE|REFILED|RPT|REPEAT|KILL|KILLED|MANDATORY KILL|BULLETIN KILL|STORY KILL|WITHDRAWN|"
    r"WITHDRAWAL|LEAD|ADD|URGENT|FLASH|ALERT|SNAP|BULLETIN|NEWSALERT|NEWSFLASH|ATTENTION)"
    r"(?:\s+(?P<number>\d{1,2}))?)\s*(?:\)|\]|\W?[-–—:]+)\s*(?=\S|$)"
)
_AFTER = re.compile(
    r"(?:,\s*|\s*[-–—(\[]\s*|\s)(?P<mark>(?:(?P<number>\d{1,2})(?:st|nd|rd|th)[ -])?"
    r"(?P<word>Lead-Writethru|Ld-Writethru|Writethru|Lead|Ld|Update|Add|Kill|Correction|"
    r"CORRECTION|Corrective|Withdrawal|WRITETHRU|LEAD|LD|KILL|LD-WRITETHRU)"
    r"(?:\s+(?P<last>\d{1,2}))?)\s*[)\]]?\s*$"
)
_ORDINAL_ONLY = {"lead", "ld", "add", "update", "kill", "correction"}
_KILLS = {"kill", "killed", "mandatory kill", "bulletin kill", "story kill", "withdrawn"}
_KILLS |= {"withdrawal"}
_CORRECTIONS = {"corrected", "correction", "corrective", "refile", "refiled"}
_STATES = {"urgent", "flash", "alert", "snap", "bulletin", "newsalert", "newsflash", "attention"}
_SAME = {"rpt", "repeat"}
_URGENCY = {"flash": 1, "newsflash": 1, "alert": 1, "newsalert": 1, "snap": 1}
_URGENCY |= {"bulletin": 2, "urgent": 2}
_KILL_NOTE = re.compile(
    r"\b(?:(?:please|must|to) (?:kill|withdraw|disregard|do not use)\b|mandatory kill\b"
    r"|kill (?:the|this|our) (?:story|item|article|dispatch|report)\b"
    r"|(?:story|item|article|dispatch|report|headline)\b[^.]{0,160}"
    r"\b(?:is|are|has been|have been|was) (?:hereby )?(?:withdrawn|killed|retracted)\b"
    r"|(?:withdraws?|has withdrawn|have withdrawn|is withdrawing|kills?) (?:its|the|our|this)"
    r" (?:\w+ )?(?:story|item|article|dispatch|report)\b)",
    re.I,
)
_NOTE_HEAD = re.compile(r"^\W*(?:editors?|eds|attention|advisory|clients?|note|notice)\b", re.I)
_QUOTED = re.compile(
    r"(?:headlined|slugged|titled|entitled|headed|under the headline)[,:]?\s+"
    r"[\"“«'‘]?(?P<name>[^\"”»’\n]{4,200}?)[\"”»’]"
)


@dataclass(frozen=True, slots=True)
class Revision:
    """What a headline or keyword line says about its place in a family.

    `base` is the text without the marks, `version` 1 for a first one, `killed` whether it takes
    the family back.
    """

    base: str
    mark: str | None = None
    version: int = 1
    killed: bool = False
    urgency: int | None = None


def read_marks(text: str) -> Revision:
    """The marks of a headline or keyword line, those before it and those after."""
    marks: list[str] = []
    steps, killed, urgency = 0, False, None
    for pattern in (_BEFORE, _AFTER):
        while match := pattern.search(text):
            word = match["word"].casefold()
            if not _counts(pattern, match, word):
                break
            rest = text[match.end() :] if pattern is _BEFORE else text[: match.start()]
            if not rest.strip() and word not in _KILLS:
                break
            text = rest
            if word in _STATES:
                urgency = urgency or _URGENCY.get(word)
            else:
                marks.append(" ".join(match["mark"].split()))
                steps += 0 if word in _SAME else _steps(match)
                killed = killed or word in _KILLS
            if not text:
                break
    return Revision(text.strip(), " ".join(marks) or None, 1 + steps, killed, urgency)


def _counts(pattern: re.Pattern[str], match: re.Match[str], word: str) -> bool:
    """At the end of a line bare words (`Lead`, `Add`) count only with a number or in brackets."""
    if pattern is _BEFORE or word not in _ORDINAL_ONLY or match["number"] or match["last"]:
        return True
    begins, ends = match[0].lstrip()[0], match[0].rstrip()[-1]
    if begins == ",":
        return word in {"kill", "correction"} or match["word"].isupper()
    return begins in "([" and ends in ")]"


def _steps(match: re.Match[str]) -> int:
    groups = match.groupdict()
    return max(1, int(groups.get("number") or groups.get("last") or 1))


def is_kill_note(paragraphs: tuple[str, ...]) -> bool:
    """Whether a short text tells editors not to use a story that went out before."""
    if not paragraphs or len(paragraphs) > 8:
        return False
    head = " ".join(paragraphs[:3])
    return bool(_NOTE_HEAD.search(paragraphs[0]) and _KILL_NOTE.search(head))


def named_story(paragraphs: tuple[str, ...]) -> str | None:
    """The headline or slug that an advisory quotes."""
    match = _QUOTED.search(" ".join(paragraphs[:4]))
    return match["name"].strip(" ,.") if match else None
