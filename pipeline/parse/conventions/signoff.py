"""What desks put under a story: agency, initials, time, credits, end marks. Read, and taken off."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta

from pipeline.parse.conventions.providers import is_written, provider
from pipeline.parse.text import dates
from pipeline.parse.text.dates import Moment

_END = re.compile(
    r"^\W*(?:END(?:S|IT|ALL|ITEM)?|[Ee]nd(?:s|it|item)?|-30-|###+|NNNN|XXX+|\*{3,}|[-_=]{3,})\W*$"
)
_MORE = re.compile(r"^\W*(?:MORE|More|more|MORETOCOME|MORE TO COME|\(more\)|MTC)\W*$")
_INITIALS = re.compile(
    r"^[a-z]{2,5}(?:-[a-z]{2,5})*(?:/ ?[a-z]{1,5}(?:-[a-z]{1,5})*)+/?$"
    r"|^[A-Z]{2,4}(?:/[A-Z]{1,4})+/?$"
)
# Italian agencies put them above the day that ends the message.
_INITIALS_ABOVE = re.compile(r"^(?!MORE|MTC)[A-Z]{2,4}(?:[-/][A-Z]{1,4})?/?$")
_SIGNED = re.compile(
    r"^\((?P<first>[^\W\d_]{2,10}(?:-[A-Za-z]{2,5})?)/(?P<second>[^\W\d_-]{2,14})"
    r"(?:/[a-z]{2,4}){0,2}\)\.?$"
)
_APA_STAMP = re.compile(r"^APA\d{4} +(\d{4}-\d\d-\d\d)/(\d\d:\d\d)$")
_SERIAL = re.compile(r"^ISSN \d{4} ?- ?\d{3}[\dX]$")
_CREDIT = re.compile(
    r"^\W{0,2}(?:(?:Additional |Further )?(?:Reporting|Writing|Editing|Compiled|Written|Report|"
    r"Edited|Translated|Translation)\b(?: and \w+)? by\b|"
    r"Reporting from\b)[^.]{3,400}\W*$"
    r"|^Write to [^\W\d_].{3,80} at \S+@\S+$"
    r"|^.{3,160}\bcontributed to this (?:report|story)\.?$"
    r"|^Follow .{3,80} (?:on|at) (?:Twitter|X|Facebook|https?:|@).{0,100}$",
    re.I,
)
_REPORTERS = re.compile(
    r"(?:report(?:ing|ed)?|writing|written)(?: and (?:writing|editing|reporting))? by"
    r"\s+(?P<names>.+?)(?=;|\.\s|,? (?:writing|editing|edited) by|\)|$)",
    re.I,
)
# Antara; Canadian Press; releases of PR Newswire; what EFE sends beside a text.
_REPORTER = re.compile(
    r"^(?P<role>Reporter|Pewarta|Penulis|Muhabir|Editor|Editör|Redaktur|Translator|Penerjemah)"
    r"s?\s?: "
    r"(?P<names>[^\W\d_].{2,80})$"
)
_FIRST_PUBLISHED = re.compile(
    r"^This report by (?P<agency>The (?:Canadian|Associated) Press) was first published .{3,60}$"
)
_SOURCE = re.compile(r"^SOURCES?:? [^\W\d_a-z][^.!?]{1,100}\.?$")
_BESIDE = re.compile(
    r"^\((?:con )?(?:fotos?|audios?|v[ií]deos?|infograf[ií]as?|photos?|pictures?|archivo)"
    r"(?:(?:,| y| and|/) ?(?:fotos?|audios?|v[ií]deos?|photos?))*\)$",
    re.I,
)
_CONTACT = re.compile(r"^\(*\S+@\S+[^)]*\)*$|^\(\(.{3,200}\)\)$")
_NEWSROOM = re.compile(r"^--\s*[^\W\d_][^.]{3,80}(?:\bnewsroom\b|\d{3})[^.]{0,40}$", re.I)
_CONTACTS = re.compile(
    r"[ \t*]*(?:(?P<sure>View (?:source|original) (?:version|content)\b"
    r"|To view the (?:source|original) version of this|Original-Content von: |KEYWORDS?: [A-Z]{2}"
    r"|To contact the (?:reporter|editor|author)s? (?:on|responsible for) this story\b"
    r"|INDUSTRY KEYWORDS?: |PUB: \d\d/\d\d/\d{4}|Related Links:?$)"
    r"|(?:(?:Media|Press|Investors?|News|Company|Corporate)(?: (?:and|&) \w+)?(?: Relations)? )?"
    r"(?:Contacts?|CONTACTS?)(?: (?:Information|Details|Info))?(?::.{0,80})?$"
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
_RIGHTS = re.compile(r"^(?:©|\(c\)|copyright\b).{0,300}$", re.I)
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
# Canadian Press: `10:12ET 05-10-26`, the day first.
_CP_STAMP = re.compile(r"^(\d\d):(\d\d)ET (\d\d)-(\d\d)-(\d\d)$")
_INLINE_STAMP = re.compile(r"\b(\d{6}\s?[A-Z]{1,4}\s+[A-Za-z]{3}\s+\d{2,4})$")
_KEYWORDS = re.compile(r"^Keywords?:\s*(?P<words>\S.{1,200})$")
_CODES = re.compile(r"^<org idsrc=[^<>]{1,80}>[^<>]{0,120}</org>$")
_PTI = re.compile(r"^PTI(?: [A-Z]{2,5}){1,6}$")
_AAP = re.compile(r"^AAP(?: [a-z]{2,4}(?:/[a-z]{1,4})*){1,3}/?$")
_DPA = re.compile(r"^dpa(?:-\w+)?(?: [a-z0-9]{1,5}){2,8}$")
_END_OF_HOUSE = re.compile(r"^\(END\) (?P<house>Dow Jones Newswires|[A-Z][\w .]{2,40})$")
# `Ada Brenner/TT`
_BY_HOUSE = re.compile(
    r"^(?P<names>[^\W\d_a-z]\w+(?:[ -][^\W\d_a-z][\w.-]*){1,4})/(?P<house>[A-Z]{2,8})$"
)
_WHO_WRITES = frozenset(("Reporter", "Pewarta", "Penulis", "Muhabir"))
# `Press Association Political Staff`, which stands behind a name and a comma.
_TITLE = re.compile(
    r"\b(?:Staff|Correspondents?|Writers?|Editors?|Reporters?|Korrespondent(?:in)?|Redaktion)$"
)
_MAX_LINES = 14
_MAX_LINE_CHARS = 600


@dataclass(frozen=True, slots=True)
class SignOff:
    """Says how many lines of text are left above the sign-off, and what it said."""

    end: int
    provider: str | None = None
    bylines: tuple[str, ...] = ()
    moment: Moment | None = None
    rights: str | None = None
    more: bool = False
    keywords: tuple[str, ...] = ()


def read_sign_off(lines: list[str]) -> SignOff:
    """Return the sign-off at the end of `lines`; a story that is one line is no sign-off."""
    end, steps = contacts_begin(lines), 0
    agency: str | None = None
    rights: str | None = None
    when: Moment | None = None
    bylines: tuple[str, ...] = ()
    more = False
    keywords: tuple[str, ...] = ()
    while end > 1 and steps < _MAX_LINES:
        text = lines[end - 1].strip()
        steps += bool(text)
        if len(text) > _MAX_LINE_CHARS:
            break
        stamp = _INLINE_STAMP.search(text) if len(text) < 40 else None
        if (
            not text
            or _END.match(text)
            or _NEWSROOM.match(text)
            or _INITIALS.match(text)
            or _CONTACT.match(text)
            or _CODES.match(text)
            or _SERIAL.match(text)
            or _BESIDE.match(text)
            or _SOURCE.match(text)
            or (end < len(lines) and when and _INITIALS_ABOVE.match(text))
        ):
            pass
        elif _MORE.match(text):
            more = True
        elif words := _KEYWORDS.match(text):
            keywords = tuple(part.strip() for part in re.split("[;,]", words["words"]))
        elif _DPA.match(text) or _PTI.match(text) or _AAP.match(text):
            agency = agency or provider(text.split()[0])
        elif signed := _signature(text):
            agency = agency or signed
        elif credit := _credit(text):
            bylines, agency = credit[0] or bylines, agency or credit[1]
        elif len(text) < 40 and (found := read_stamp(text)):
            when, agency = found, agency or stamp_provider(text)
        elif stamp and provider(text[: stamp.start()]):
            agency, when = provider(text[: stamp.start()]), dates.moment(stamp[1])
        elif _RIGHTS.match(text):
            rights = text
        else:
            break
        end -= 1
    return SignOff(end, agency, bylines, when, rights, more, keywords)


def contacts_begin(lines: list[str]) -> int:
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


def _is_running(lines: list[str]) -> bool:
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
    bare = text.strip("= ")
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
    if american := _DJ_STAMP.match(text):
        return _in_gmt(american)
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


def _in_gmt(stamp: re.Match[str]) -> Moment | None:
    """Return the moment of a stamp that gives the day by the one clock, the hour by another too."""
    day, hour, minute = stamp["day"], stamp["hour"], stamp["minute"]
    found = dates.moment(f"{day}{hour}{minute} GMT {stamp['month'][:3]} {stamp['year']}")
    if found and hour < stamp["local"]:
        return replace(found, at=found.at + timedelta(days=1))
    return found


def _credit(text: str) -> tuple[tuple[str, ...], str | None] | None:
    """Return the names that a line of credits gives, and the agency; None for any other line."""
    if ended := _END_OF_HOUSE.match(text):
        return (), provider(ended["house"])
    if (own := _BY_HOUSE.match(text)) and provider(own["house"]):
        return split_names(own["names"]), provider(own["house"])
    if credit := _REPORTER.match(text):
        return (split_names(credit["names"]) if credit["role"] in _WHO_WRITES else ()), None
    if first := _FIRST_PUBLISHED.match(text):
        return (), provider(first["agency"])
    return (_reporters(text), None) if _CREDIT.match(text) else None


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
    for part in re.split(r",| and | with |&| y | et | und ", text.strip(" ().")):
        name = re.sub(r"\s+(?:in|at|from|en|à|aus)\s+.*$", "", part.strip()).strip(" .")
        if name and (name[0].isupper() or not name[0].isascii()):
            names.append(name)
    return tuple(names)
