"""Marks by which desks say that a text revises another: UPDATE, Ld, CORRECTED, REFILE, ADD, KILL.

The words are in `marks.tsv`. They count only where desks put them: before a headline's dash or
colon, in brackets at either end, at the end of a keyword line; everyday words (`lead`, `add`,
`kill`) need a number, brackets or capitals besides. So SUBSIDIARY, WEEDKILLER, LEAD-ZINC and "Kill
the bill" revise nothing. Only the ends of a text are looked at: the time does not grow with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from pipeline import tsv

_ENDS_CHARS = 120
_LINE_CHARS = 40
_MAX_MARKS = 8
_URGENCY = {"flash": 1, "newsflash": 1, "alert": 1, "newsalert": 1, "snap": 1, "alerta": 1}
_URGENCY |= {"eilmeldung": 1, "bulletin": 2, "urgent": 2, "urgente": 2, "eil": 2}
# Words that count before a tight hyphen, or without a number, only in some other company.
_EVERYDAY = frozenset({"lead", "ld", "add", "sub", "insert", "take", "update"})
_NUMBERED = frozenset({"add", "sub", "insert", "take"})
_WORDY = frozenset({"flash", "alert", "snap", "bulletin", "attention", "lead", "kill", "repeat"})
_TITLED = frozenset({"update", "updated", "correction", "corrected", "urgent", "ld", "writethru"})
_TITLED |= {"ld-writethru", "lead-writethru", "korrektur", "berichtigung", "corrección"}
_WEAK_KILLS = frozenset({"withdrawal", "withdrawn"})
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_CYCLES = frozenset({"BC-", "AM-", "PM-", "AP-"})
_NO_WORD = re.compile(r"\W*")
_ORDER = r"(?:(?P<order>\d{1,2}(?:st|nd|rd|th|\.)|first|second|third|fourth|fifth)[ -]?)?"


@dataclass(frozen=True, slots=True)
class Revision:
    """Holds what a headline or keyword line says about its place in a family.

    `base` is the text without the marks, `version` 1 for a first one, `killed` whether it takes
    the family back (`doubtful`: unless the text below is a story after all), `part` whether it
    holds only what is added.
    """

    base: str
    mark: str | None = None
    version: int = 1
    killed: bool = False
    urgency: int | None = None
    part: bool = False
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class _Patterns:
    """The places in which a mark may stand."""

    before: re.Pattern[str]
    before_bracket: re.Pattern[str]
    after_bracket: re.Pattern[str]
    after: re.Pattern[str]


@cache
def _kinds() -> dict[str, str]:
    """Return the kind of each word, the word in small letters."""
    rows = tsv.rows("pipeline.parse.conventions", "marks.tsv")
    return {word: kind for kind, words in rows for word in words.split("|")}


@cache
def _beginnings() -> tuple[str, ...]:
    """Return what a mark may begin with, but for a digit."""
    return (*_kinds(), *_ORDINALS)


@cache
def _endings() -> tuple[str, ...]:
    return tuple(_kinds())


def _folded(text: str) -> str:
    """Return the text in small letters: it holds every word that the patterns find in it."""
    if text.isascii():
        return text.lower()
    return text.replace("\u0130", "i").casefold().replace("\u0131", "i")


def _may_begin(text: str) -> bool:
    """Say whether a mark may stand at the beginning: most texts have none, which costs little."""
    low = _folded(text)
    at = _NO_WORD.match(low).end()  # type: ignore[union-attr]
    return low.startswith(_beginnings(), at) or low[at : at + 1].isdigit()


def _may_end(text: str) -> bool:
    """Say whether a mark may stand at the end, with a number or a count of words behind it."""
    low = _folded(text)
    end = _before_count(low, len(low))
    words = _endings()
    return low.endswith(words, 0, end) or low.endswith(words, 0, _before_count(low, end - 1))


def _before_count(text: str, end: int) -> int:
    """Return where digits, and signs around them, begin that reach to `end`."""
    while end > 0 and ((last := text[end - 1]) in ",-" or last.isspace() or last.isdecimal()):
        end -= 1
    return max(end, 0)


@cache
def _patterns() -> _Patterns:
    words = "|".join(re.escape(w) for w in sorted(_kinds(), key=lambda w: (-len(w), w)))
    mark = rf"(?P<mark>{_ORDER}(?P<word>{words})(?:[ -]?(?P<number>\d{{1,2}}))?)"
    # In brackets only: teams, too, take 2 of 3.
    more = r"(?: of \d{1,2}|(?P<more>[:,;]?\s[^()\[\]]{1,80})|)"
    return _Patterns(
        before=re.compile(
            rf"[^\w\s(\[]{{0,3}}\s?{mark}(?:\s\(official\))?"
            r"(?P<close>\s+\u00a5+\s*|\s+[-\u2013\u2014:]+\s*|\W?:\s*|\W?[-\u2013\u2014/]+\s*|$)",
            re.I,
        ),
        before_bracket=re.compile(
            rf"[^\w\s(\[]{{0,3}}\s?[(\[]{mark}{more}[)\]][=:\s\u2013\u2014-]*", re.I
        ),
        after_bracket=re.compile(
            rf"\s*=?[(\[](?:{mark}{more}|(?P<last>y \d)|(?P<note>eds?[:.][^()\[\]]*))[)\]]\W*$",
            re.I,
        ),
        after=re.compile(
            rf"(?P<open>,\s*|\s+[-\u2013\u2014]\s*|\s+|-){mark}(?:,\s?[a-z]?\d{{2,4}})?\s*$", re.I
        ),
    )


@lru_cache(maxsize=256)
def read_marks(text: str) -> Revision:
    """Return the marks of a headline or keyword line, those before it and those after."""
    text = text.strip()
    marks: list[str] = []
    steps, killed, urgency, part, weak = 0, False, None, False, False
    for _ in range(_MAX_MARKS):
        found = _first(text) or _last(text)
        if not found:
            break
        match, text = found
        word = (match["word"] or "").casefold()
        kind = _kinds().get(word, "")
        if kind == "state":
            urgency = urgency or _URGENCY.get(word)
        elif kind:
            marks.append(" ".join(match["mark"].split()))
            # The first take is the story, as far as it goes.
            is_take = word == "take" and _order(match) > 0
            steps += 0 if kind == "repeat" else _steps(match) - is_take
            part = part or (kind == "part" and not (is_take and _order(match) == 1))
            weak = weak or (word in _WEAK_KILLS and not _is_prefix(match, text))
            killed = killed or kind == "kill"
        elif match.groupdict().get("last"):
            marks.append(match["last"])
            part, steps = True, steps + int(match["last"][-1]) - 1
        if not text:
            break
    base = _without_count(text)
    mark = " ".join(dict.fromkeys(marks)) or None
    return Revision(base, mark, 1 + steps, killed, urgency, part and not killed, weak)


def read_line(text: str) -> Revision | None:
    """Return the mark that a line of its own is (`=(CORRECTION)=`, `MANDATORY KILL`), None else."""
    if len(text) > _LINE_CHARS:
        return None
    for whole in (f"{text} x", f"{text}: x"):
        found = read_marks(whole)
        if found.base == "x" and (found.mark or found.urgency):
            return found
    return None


def _first(text: str) -> tuple[re.Match[str], str] | None:
    """Return the mark at the beginning, and the text after it."""
    head = text[:_ENDS_CHARS]
    if not _may_begin(head):
        return None
    match = _patterns().before_bracket.match(head)
    if match:
        rest = text[match.end() :].lstrip()
        plain = match["more"] is None or _kind(match) in {"update", "correction", "repeat"}
        counts = plain and (_stands_out(match) or _order(match) > 0)
        return (match, rest) if counts and (rest or _kind(match) == "kill") else None
    match = _patterns().before.match(head)
    if not match:
        return None
    rest = text[match.end() :].lstrip()
    if not rest and _kind(match) != "kill":
        return None
    return (match, rest) if _counts_before(match, rest) else None


def _counts_before(match: re.Match[str], rest: str) -> bool:
    word, close = match["word"].casefold(), match["close"]
    if not close.strip() and rest:
        return False
    numbered = _order(match) > 0
    if not match["word"].isupper():
        titled = word in _TITLED and match["word"][0].isupper()
        wordy = numbered and match["word"][0].isupper() and _kind(match) == "update"
        return ":" in close and (titled or wordy or (numbered and word in _EVERYDAY))
    if word in _NUMBERED and not numbered:
        return False
    tight = "-" in close and not close[-1:].isspace() and not close[:1].isspace()
    if word in _WORDY and tight and not numbered:
        # LEAD-ZINC, FLASH-FLOOD: in a headline of capitals a compound, not a mark.
        begins = rest.split(maxsplit=1)[0] if rest else ""
        return not (len(begins) > 1 and begins.isupper())
    return True


def _last(text: str) -> tuple[re.Match[str], str] | None:
    """Return the mark at the end, and the text before it."""
    start = max(len(text) - _ENDS_CHARS, 0)
    if text.endswith((")", "]", ")=", "]=")):
        # From the last bracket that opens: the pattern cannot begin elsewhere.
        opening = max(text.rfind("(", start), text.rfind("[", start))
        match = _patterns().after_bracket.match(text, max(opening, start)) if opening >= 0 else None
        if not match:
            return None
        rest = text[: match.start()].rstrip(" =")
        extra = match["word"] is None
        plain = extra or match["more"] is None or _kind(match) in {"update", "correction"}
        stands = extra or _stands_out(match) or _order(match) > 0
        return (match, rest) if rest and plain and stands else None
    match = _patterns().after.search(text, start) if _may_end(text[start:]) else None
    if not match:
        return None
    rest = text[: match.start()].rstrip(" ,-")
    return (match, rest) if rest and _counts_after(match, rest) else None


def _counts_after(match: re.Match[str], rest: str) -> bool:
    """Say whether bare words at a line's end count: after a comma, in capitals, with a number."""
    word, opened = match["word"].casefold(), match["open"].strip()
    numbered, slug = _order(match) > 0, _is_slug(rest)
    short = word in {"ld", "ld-writethru", "lead-writethru", "writethru"}
    if not opened:
        return (numbered and (short or slug)) or (short and match["word"][0].isupper())
    if opened == "-" and match["open"] == "-":
        return slug and bool(match["order"])
    if opened == ",":
        return numbered or short or slug or match["word"].isupper() or word in {"kill"}
    return (numbered and word in _EVERYDAY) or (match["word"].isupper() and word not in _NUMBERED)


def _is_prefix(match: re.Match[str], rest: str) -> bool:
    """Say whether a word stands before a tight hyphen, as no headline's does: `WITHDRAWN-Oil`."""
    begins = rest.split(maxsplit=1)[0] if rest else ""
    return match.groupdict().get("close") == "-" and not begins.isupper()


def _stands_out(match: re.Match[str]) -> bool:
    """Say whether a word in brackets counts: in capitals or with a capital letter."""
    return bool(match["word"][0].isupper())


def _kind(match: re.Match[str]) -> str:
    return _kinds().get(match["word"].casefold(), "")


def _order(match: re.Match[str]) -> int:
    """Return the number that a mark gives, 0 if none."""
    order = (match["order"] or "").casefold()
    if order in _ORDINALS:
        return _ORDINALS[order]
    digits = re.match(r"\d+", order) or re.match(r"\d+", match["number"] or "")
    return int(digits[0]) if digits else 0


def _steps(match: re.Match[str]) -> int:
    return max(1, _order(match))


def _is_slug(text: str) -> bool:
    """Look for one word with hyphens or slashes (`BC-EU--France-Strikes`), or how a keyword line
    begins."""
    return bool(re.fullmatch(r"[^\s,]{0,80}[-/][^\s,]{0,80}", text)) or text[:3] in _CYCLES


def _without_count(text: str) -> str:
    """Return a keyword line without the count of words at its end (`BC-Summit,450`)."""
    if text[:3] not in _CYCLES:
        return text
    return re.sub(r",\s?[a-z]?\d{2,5}$", "", text)
