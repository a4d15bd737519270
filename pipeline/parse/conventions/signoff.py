"""What desks put under a story: agency, initials, time, credits, end marks. Read, and taken off."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from itertools import groupby

from pipeline import tsv
from pipeline.parse.conventions.providers import is_written, provider
from pipeline.parse.conventions.zones import in_utc, zone_at
from pipeline.parse.text import dates
from pipeline.parse.text.dates import Moment

# Italian agencies put them above the day that ends the message, PA in small letters above `ends`.
_INITIALS_ABOVE = re.compile(
    r"^(?!MORE|MTC)[A-Z]{2,4}(?:[-/][A-Z]{1,4})?/?$|^[a-z]{2,3}(?: [a-z]{2,3})?$"
)
_SIGNED = re.compile(
    r"^\((?P<first>[^\W\d_]{2,10}(?:-[A-Za-z]{2,5})?)/(?P<second>[^\W\d_-]{2,14})"
    r"(?:/[a-z]{2,4}){0,2}\)\.?$"
)
_APA_STAMP = re.compile(r"^APA\d{4} +(\d{4}-\d\d-\d\d)/(\d\d:\d\d)$")
_REPORTERS = re.compile(
    r"(?:report(?:ing|ed)?|writing|written)(?: and (?:writing|editing|reporting))? by"
    r"\s+(?P<names>.+?)(?=;|\.\s|,? (?:writing|editing|edited) by|\)|$)",
    re.I,
)
_CONTACTS = re.compile(
    r"[ \t*]*(?:(?P<sure>View (?:source|original) (?:version|content)\b"
    r"|To view the (?:source|original) version of this|Original-Content von: |KEYWORDS?: [A-Z]{2}"
    r"|To contact the (?:reporter|editor|author)s? (?:on|responsible for) this story\b"
    r"|INDUSTRY KEYWORDS?: |PUB: \d\d/\d\d/\d{4}|Related Links:?$)"
    r"|(?:(?:Media|Press|Investors?|News|Company|Corporate)(?: (?:and|&) \w+)?(?: Relations)? )?"
    r"(?:[Cc]ontacts?|CONTACTS?)(?: (?:Information|Details|Info))?(?::.{0,80})?$"
    r"|(?:Presse|Medien)?[Kk]ontakte?(?: für Medien)?:?$|Pressekontakte?:.{0,80}$"
    r"|R(?:ü|ue)ckfrage(?:n|hinweis)(?: bitte)?(?: an)?:?$|Ansprechpartner(?:in)?:?$"
    r"|Contacts? (?:presse|médias?|investisseurs|stampa)s?\s?:?$|Contatti(?: stampa)?\s?:?$"
    r"|Contactos?(?: de prensa)?\s?:?$|Perscontact:?$|(?:Presse|Medie)kontakt(?:er)?:?$"
    r"|For (?:further|more) (?:information|details),? (?:please )?contact:?.{0,60}$)"
)
_REACHED = re.compile(r"@|https?://|\bwww\.|\+?\(?\d[\d ()/.-]{5,}\d")
_MAX_CONTACT_LINES = 40
_MAX_CONTACT_WORDS = 12
_MAX_LABEL_CHARS = 160
_RUNNING_LINE = 0.5
_RUNNING_BLOCK = 0.4
_FEW_WORDS = 4
_STOPS = (".", "!", "?", '"', "”")
_DAY_FIRST_STAMP = re.compile(r"^(\d\d)\.(\d\d)\.(\d\d|\d{4})[ ,]+(\d\d)[:.](\d\d)$")
_AP_STAMP = re.compile(
    r"^(?:AP-[A-Z]{2}-|CP-|NYT-|[Uu][Pp][Ii][- ])(\d\d)-(\d\d)-(\d\d)\s+(\d\d):?(\d\d)\s*"
    r"([A-Z]{3}|ae[ds])$"
)
_EASTERN = {"aes": "EST", "aed": "EDT"}
# EFE: `10/05/12-13/26`, the month first.
_EFE_STAMP = re.compile(r"^(\d\d)/(\d\d)/(\d\d)-(\d\d)/(\d\d)$")
# Dow Jones: `October 05, 2026 08:12 ET (12:12 GMT)`
_DJ_STAMP = re.compile(
    r"^(?P<month>[A-Z][a-z]{2,8}) (?P<day>\d\d), (?P<year>\d{4}) (?P<local>\d\d):\d\d E[DS]?T "
    r"\((?P<hour>\d\d):(?P<minute>\d\d) GMT\)$"
)
# Dow Jones: `10-05-26 0812ET`, the month first.
_DJ_SHORT_STAMP = re.compile(r"^(\d\d)-(\d\d)-(\d\d) (\d\d)(\d\d)ET$")
# Canadian Press: `10:12ET 05-10-26`, the day first.
_CP_STAMP = re.compile(r"^(\d\d):(\d\d)ET (\d\d)-(\d\d)-(\d\d)$")
_INLINE_STAMP = re.compile(r"\b(\d{6}\s?[A-Z]{1,4}\s+[A-Za-z]{3}\s+\d{2,4})$")
# `Press Association Political Staff`, which stands behind a name and a comma.
_TITLE = re.compile(
    r"\b(?:Staff|Correspondents?|Writers?|Editors?|Reporters?|Korrespondent(?:in)?|Redaktion)$"
)
# Words that may stand within a name (`João e Silva`) part two names of two words or more.
_AND = re.compile(
    r"[,;]| and | with |&| y | et | und | mit | avec "
    r"|(?<=\w) (?:e|og|och|en) (?=[^\W\d_a-z][^\s,;]*+ [^\W\d_a-z])"
)
_DAY_NAMED = re.compile(r"([^\W\d_]{3,9})\.? (\d{1,2}), (\d{4})\b")
_MAX_LINES = 14
_MAX_LINE_CHARS = 600
_MAX_STAMP_CHARS = 40
_MAX_TAIL_CHARS = 500
_MAX_BRACKET_LINES = 6


@dataclass(frozen=True, slots=True)
class SignOff:
    """Says what a sign-off said, and parts the lines: those `above` it, and those that are it."""

    above: tuple[str, ...]
    aside: tuple[str, ...] = ()
    provider: str | None = None
    bylines: tuple[str, ...] = ()
    moment: Moment | None = None
    rights: str | None = None
    more: bool = False
    keywords: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Found:
    """Holds what the lines said up to now, from the last one on."""

    provider: str | None = None
    bylines: tuple[str, ...] = ()
    moment: Moment | None = None
    rights: str | None = None
    more: bool = False
    keywords: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_sign_off(lines: Sequence[str]) -> SignOff:
    """Return the sign-off at the end of `lines`; a story that is one line is no sign-off.

    What ends the last line of the text, behind its last sentence, is a line of its own.
    """
    end, steps = contacts_begin(lines), 0
    found = _Found()
    while end > 1 and steps < _MAX_LINES:
        begin, text = end - 1, lines[end - 1].strip()
        if text.endswith(")") and (begin := _begin_of_bracket(lines, end)) < end - 1:
            text = " ".join(entry.strip() for entry in lines[begin:end])
        steps += bool(text)
        if text and not _take(text, found, is_last=end == len(lines)):
            break
        end = begin
    above, aside = tuple(lines[:end]), tuple(lines[end:])
    begin = _begin_of_bracket(lines, end)
    last = lines[begin] if begin == end - 1 else "\n".join(lines[begin:end])
    if kept := _before_tail(last, found):
        above, aside = (*lines[:begin], kept), (last[len(kept) :], *aside)
    return SignOff(
        above,
        aside,
        found.provider,
        found.bylines,
        found.moment,
        found.rights,
        found.more,
        found.keywords,
        found.notes,
    )


def _begin_of_bracket(lines: Sequence[str], end: int) -> int:
    """Return the line in which a bracket begins that the line above `end` closes; else that one."""
    last = lines[end - 1].rstrip() if end else ""
    if not last.endswith(")") or last.count("(") >= last.count(")"):
        return max(end - 1, 0)
    for number in range(end - 2, max(end - 2 - _MAX_BRACKET_LINES, 0), -1):
        entry = lines[number]
        if not entry.strip() or len(entry) > _MAX_LINE_CHARS:
            break
        if entry.count("(") > entry.count(")"):
            return number
    return end - 1


def _take(text: str, found: _Found, *, is_last: bool) -> bool:
    """Read a line into `found`; say whether it is one of a sign-off."""
    if len(text) > _MAX_LINE_CHARS:
        return False
    for what, shape in _shapes_of_lines() if _any_shape().match(text) else ():
        match = shape.match(text)
        if match and _take_as(what, match, found):
            return True
    if not is_last and _INITIALS_ABOVE.match(text) and (found.moment or text.islower()):
        return True
    if signed := _signature(text):
        found.provider = found.provider or signed
        return True
    return len(text) < _MAX_STAMP_CHARS and _take_stamp(text, found)


def _take_as(what: str, match: re.Match[str], found: _Found) -> bool:
    """Read a line of a known shape; False where a house that it names is none."""
    groups = match.groupdict()
    agency = provider(groups.get("agency") or groups.get("house"))
    if groups.get("house") and not agency:
        return False
    if what == "more":
        found.more = True
    elif what == "words":
        found.keywords = tuple(part.strip() for part in re.split("[;,]", match["words"]))
    elif what == "signed":
        agency = provider(match[0].split()[0])
    elif what == "note":
        found.notes = (match["note"], *found.notes)
    elif what == "credit":
        is_general = not groups.keys() & {"names", "agency"}
        named = _reporters(match[0]) if is_general else split_names(groups.get("names") or "")
        found.bylines = named or found.bylines
    elif what == "rights":
        found.rights = match[0]
    if groups.get("day") and (stated := _DAY_NAMED.match(groups["day"])):
        day = dates.day(int(stated[3]), dates.month(stated[1]), int(stated[2]))
        found.moment = found.moment or (dates.midnight(day) if day else None)
    found.provider = found.provider or agency
    return True


def _take_stamp(text: str, found: _Found) -> bool:
    if moment := read_stamp(text):
        found.moment, found.provider = moment, found.provider or stamp_provider(text)
        return True
    stamp = _INLINE_STAMP.search(text)
    agency = provider(text[: stamp.start()]) if stamp else None
    if not stamp or not agency:
        return False
    found.provider, found.moment = agency, dates.moment(stamp[1])
    return True


def _before_tail(text: str, found: _Found) -> str | None:
    """Return what stands before the tail of a text, and read the tail; None without one."""
    whole = kept = text.rstrip()
    begin = max(len(kept) - _MAX_TAIL_CHARS, 0)
    for words, shape in _shapes_of_tails():
        is_there = kept.endswith(words) if words == ")" else kept.find(words, begin) >= 0
        tail = shape.search(kept, begin) if is_there else None
        if tail and kept[: tail.start()].strip():
            names = split_names(tail.groupdict().get("names") or "")
            found.bylines = names or _reporters(" ".join(tail[0].split())) or found.bylines
            kept = kept[: tail.start()].rstrip()
            begin = max(len(kept) - _MAX_TAIL_CHARS, 0)
    return kept if kept != whole else None


@cache
def _shapes_of_lines() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return what each shape is; neighbours of which nothing is kept are one."""
    found: list[tuple[str, re.Pattern[str]]] = []
    for what, shapes in groupby(_rows(), key=lambda row: row[0]):
        texts = [row[2] for row in shapes]
        if what == "mark":
            found.append((what, re.compile("|".join(texts))))
        elif what != "tail":
            found += [(what, re.compile(text)) for text in texts]
    return tuple(found)


@cache
def _any_shape() -> re.Pattern[str]:
    """Return one pattern for all shapes of lines: most lines have none, which it tells at once."""
    shapes = [row[2] for row in _rows() if row[0] != "tail"]
    return re.compile("|".join(re.sub(r"\(\?P<\w+>", "(?:", shape) for shape in shapes))


@cache
def _shapes_of_tails() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return each shape with the words that have to be there."""
    found = [(row[3], row[2]) for row in _rows() if row[0] == "tail"]
    behind = r"(?<=[\s.!?\"”)\]])"
    return tuple((words, re.compile(f"{behind}(?:{shape})")) for words, shape in found)


def _rows() -> list[list[str]]:
    return list(tsv.rows("pipeline.parse.conventions", "signoffs.tsv"))


def contacts_begin(lines: Sequence[str]) -> int:
    """Return the line where a release's contacts begin; behind the last one where it has none.

    Below a line that calls them so only names, numbers and addresses may stand.
    """
    for begin in range(max(len(lines) - _MAX_CONTACT_LINES, 1), len(lines)):
        text = lines[begin]
        if len(text) > _MAX_LABEL_CHARS or not (found := _CONTACTS.match(text)):
            continue
        below = lines[begin:]
        if found["sure"] and all(map(_is_contact, below)):
            return begin
        is_reached = any(map(_REACHED.search, below))
        if is_reached and all(map(_is_contact, below)) and not _is_running(below):
            return begin
    return len(lines)


def _is_contact(text: str) -> bool:
    words = text.split()
    running = len(words) > _MAX_CONTACT_WORDS and text.rstrip().endswith(".")
    return (len(words) <= 2 * _MAX_CONTACT_WORDS and not running) or bool(_CONTACTS.match(text))


def _is_running(lines: Sequence[str]) -> bool:
    """Say whether running text is among the lines: a sentence, or a block of mostly small words."""
    words: list[str] = []
    for text in (*lines, ""):
        if _REACHED.search(text):
            continue
        if text.strip():
            words += text.split()
            if text.rstrip().endswith(_STOPS) and _small(text.split()) >= _RUNNING_LINE:
                return True
            continue
        if len(words) >= _MAX_CONTACT_WORDS and _small(words) > _RUNNING_BLOCK:
            return True
        words = []
    return False


def _small(words: list[str]) -> float:
    """Return the share of words in small letters; none of a few words."""
    if len(words) < _FEW_WORDS:
        return 0.0
    return sum(word[0].islower() and word.rstrip(".,:;").isalpha() for word in words) / len(words)


def _signature(text: str) -> str | None:
    """Return the agency of a line that is nothing but its signature: `==Kyodo`,
    `(Abr/Adnkronos)`."""
    if len(text) >= 40 or (text.endswith((".", "!", "?")) and len(text.split()) > 2):
        return None  # a sentence that begins with an agency
    signed = _SIGNED.match(text)
    if signed:
        named = (sign for sign in (signed["second"], signed["first"]) if is_written(sign))
        return provider(next(named, None))
    bare = text.strip("=- \u2013\u2014")
    bare = bare.strip("/") if bare.startswith("/") and bare.endswith("/") else bare
    # `abr/ tva/`: initials of editors, some of which are an agency's letters in capitals.
    return provider(bare) if not ("/" in bare and bare.islower()) or is_written(bare) else None


def stamp_provider(text: str) -> str | None:
    """Return the agency whose own shape a stamp has: `AP-NY-10-03-22 1530EDT`."""
    if _APA_STAMP.match(text):
        return "APA"
    if _CP_STAMP.match(text):
        return "CP"
    found = _AP_STAMP.match(text.rstrip("< "))
    return provider(re.split("[- ]", found[0])[0]) if found else None


def read_stamp(text: str) -> Moment | None:
    """Return the time of an agency's stamp.

    `AP-NY-10-03-22 1530EDT`, `061530 GMT MAR 13`, ISO 8601.
    """
    text = text.rstrip("< ").removesuffix("NNNN").removesuffix("NNN").rstrip()
    if american := _dow_jones(text):
        return american
    if spanish := _EFE_STAMP.match(text):
        month, day, hour, minute, year = spanish.groups()
        return dates.moment(f"{dates.full_year(year)}-{month}-{day}T{hour}:{minute}")
    if austrian := _APA_STAMP.match(text):
        return dates.moment(f"{austrian[1]}T{austrian[2]}")
    if canadian := _CP_STAMP.match(text):
        hour, minute, day, month, year = canadian.groups()
        return dates.moment(f"20{year}-{month}-{day}T{hour}:{minute}")
    match = _AP_STAMP.match(text)
    if not match:
        if european := _DAY_FIRST_STAMP.match(text):
            day, month, year, hour, minute = european.groups()
            text = f"{year if len(year) > 2 else f'20{year}'}-{month}-{day}T{hour}:{minute}"
        return dates.moment(text)
    month, day, year, hour, minute, zone = match.groups()
    zone = _EASTERN.get(zone, zone)
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    name = names[int(month) - 1] if 1 <= int(month) <= 12 else "x"
    return dates.moment(f"{day}{hour}{minute} {zone} {name} {year}")


def _dow_jones(text: str) -> Moment | None:
    """Return the moment of a stamp of Dow Jones, by both clocks or by that of New York alone."""
    if whole := _DJ_STAMP.match(text):
        return _in_gmt(whole)
    short = _DJ_SHORT_STAMP.match(text)
    if not short:
        return None
    month, day, year, hour, minute = short.groups()
    found = dates.moment(f"{dates.full_year(year)}-{month}-{day}T{hour}:{minute}")
    zone = zone_at("ET")
    if not found or not zone:
        return None
    local = found.at.replace(tzinfo=None)
    at = in_utc(local, zone[0])
    return replace(
        found, at=at, utc_offset_min=int((local - at.replace(tzinfo=None)).total_seconds() // 60)
    )


def _in_gmt(stamp: re.Match[str]) -> Moment | None:
    """Return the moment of a stamp that gives the day by the one clock, the hour by another too."""
    day, hour, minute = stamp["day"], stamp["hour"], stamp["minute"]
    found = dates.moment(f"{day}{hour}{minute} GMT {stamp['month'][:3]} {stamp['year']}")
    if found and hour < stamp["local"]:
        return replace(found, at=found.at + timedelta(days=1))
    return found


def _reporters(credit: str) -> tuple[str, ...]:
    match = _REPORTERS.search(credit)
    return split_names(match["names"]) if match else ()


def without_titles(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names without titles that stand among them, where any is left."""
    people = tuple(name for name in names if not _TITLE.search(name))
    return people or names


def split_names(text: str) -> tuple[str, ...]:
    """Return the names in `A and B in Paris, C in Rome`: places after `in` are left out."""
    names = []
    for part in _AND.split(text.strip(" ().")):
        name = re.sub(r"\s+(?:in|at|from|en|à|aus)\s+.*$", "", part.strip()).strip(" .")
        if name and (name[0].isupper() or not name[0].isascii()):
            names.append(name)
    return tuple(names)
