# ruff: noqa: RUF001 - the typographic quotes and dashes are what the patterns are about
"""What stands above a plain-text story: dates, keyword lines, notes, bylines, the headline."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, time, tzinfo

from pipeline.parse.conventions.advisories import is_change_note
from pipeline.parse.conventions.dateline import find_dateline
from pipeline.parse.conventions.embargo import is_advance, is_embargo, lifts_embargo
from pipeline.parse.conventions.providers import house_of, named, provider
from pipeline.parse.conventions.revisions import read_line
from pipeline.parse.conventions.signoff import split_names, without_titles
from pipeline.parse.conventions.zones import in_utc, zone_at
from pipeline.parse.ids import MAX_TITLE_CHARS, same_title
from pipeline.parse.text import dates
from pipeline.parse.text.dates import Moment

_DATED_TITLE = re.compile(r"^date\s+(?P<date>\d{4}-\d\d-\d\d)\s+(?P<title>\S.*)$", re.I)
_BUTTONS = re.compile(r"^(?:Share|Listen to|Print|Save) (?:this|the) (?:article|story|release)$")
_NEWS_OF = re.compile(r"^News provided by:?$")
_RELEASE = re.compile(r"^(?:(?:MEDIA|PRESS|NEWS) RELEASE|PRESSEMITTEILUNG)(?: PR ?\d{3,6})?:?$")
_REACHED_AT = re.compile(
    r"^(?:(?:Media|Press) )?Contacts?:\s.{3,100}$|^\S+@\S+\.\w{2,}$|^\+?\(?\d[\d ()./-]{6,20}\d$",
    re.I,
)
_READING_TIME = re.compile(r"^\d{1,3}\s*-?\s*min(?:ute)?s?\.?(?: (?:read|to read))?$", re.I)
_FIELD = re.compile(
    r"^(?P<name>headline|title|slug(?:line)?|keywords?|byline|author|by-line|date|published|"
    r"source|provider|agency|embargo(?:ed)?(?: until)?|editor'?s? note|ednote|note|"
    r"urgency|priority|id|version|language)\s*[:=]\s*(?P<value>\S.*)$",
    re.I,
)
_BYLINE = re.compile(
    r"^(?:(?:By|BY|Por|Par|Von|Di)\s+(?P<names>[^\W\d_].{2,90})"
    r"|(?:by|Av|Af|Door|Text|Tekst):?\s+(?P<people>[A-ZÅÄÖØÆÉ]\S+(?: (?:van|de|der|den|von|og|och"
    r"|en|and)?\s?[A-ZÅÄÖØÆÉ]\S+){1,5}))$"
)
# `Af Tilda Nord /ritzau/`
_SIGNED_BYLINE = re.compile(r"\s+/(?P<agency>[^\W\d_]{2,12})/$")
_BYLINE_TITLE = re.compile(
    r"^(?:The )?(?:Associated Press|AP|Reuters|AFP|UPI)(?: \w+){0,3} (?:Writers?|Correspondents?)$"
)
_NOTE = re.compile(
    r"^\W{0,4}(?:eds?|editors?(?:['’]s?)?(?: note)?|note to editors|attention|nota|advisory"
    r"|notice|attn|index)\b\W*[-:–—]"
    # ANSA: `(V. 'Norrby al voto...' delle 10.12)`, a story that was sent before
    r"|^\(V\. ['‘\"«].{3,120}\)$"
    # the New York Times' service, above the headline
    r"|^\((?:For use by|Editors:|ATTN:?) .{3,80}\)$",
    re.I,
)
_SLUG = re.compile(
    r"^(?:[A-Za-z]?\d{3,4}\s+)?(?:(?:BC|AM|PM|GLB|EU|ML|AS|AF|LT|US|BC-)-\S.{2,80}|"
    r"\w[\w.'&]*(?:[-/]{1,2}\w[\w.'&]*){2,}(?:,\s?.{2,30})?)$"
)
# `EFE6021 1 POL DEP INDIA`: number, priority, sections; a line of key words follows.
_EFE = re.compile(r"^EFE\d{3,6}\s+\d\s+(?P<codes>[A-Z]{3}(?:[ ,-]+\w+){0,8})$")
# `APA0123 5 WI 0210 WI/CI    Mo, 05.Okt 2026`: number, priority, category, words.
_APA = re.compile(r"^APA\d{4} +(?P<urgency>\d) +[A-Z]{2} +\d{3,4}\b.{0,80}$")
# `R EST S0B QBXB`, below ANSA's number: priority, category, services.
_ANSA = re.compile(r"^[A-Z] [A-Z]{3} S\d[A-Z] QBX[A-Z]$")
# `5 OCT, 10:11`, TASS: no year, so no date.
_HOUR_OF_DAY = re.compile(
    r"^(?:\d{1,2} (?P<m>[^\W\d_]{3,12})|(?P<m2>[^\W\d_]{3,12})\.? \d{1,2}),? \d{1,2}[:.][0-5]\d"
    r"(?: ?[AaPp]\.?[Mm]\.?)?$"
)
# With a dash, or as `05.10.2026 / 07:30 CET/CEST`.
_PARTED_CLOCK = re.compile(
    r"^(?P<day>\d{1,2}\.\d{1,2}\.\d{4}) [-–—/|] (?P<clock>\d{1,2}[:.]\d\d)"
    r"(?: (?:Uhr|(?P<zone>CET/CEST|CES?T|MES?Z)))?$"
)
_CLOCK_FIRST = re.compile(r"^(\d{1,2}:\d\d) +(\d{1,2}\.\d{1,2}\.\d{4})$")
_SUBTITLE = re.compile(
    r"\s(?:Utl|Untertitel|Sottotitolo|Sous-titre)\.?\s?: ?(?P<words>\S.*?)(?: =)?$"
)
_MATERIAL = re.compile(
    r"^= ?\((?:PICTURE|PHOTO|VID[EÉ]O|GRAPHIC|FILE|INFOGRAPHIE|ARCHIVE|FOTO|ENCADR)"
    r"[^\W\d_]{0,6}(?:[+/, ]{1,3}[^\W\d_]{2,14}){0,4}\) ?=$",
    re.I,
)
# EQS: who answers for a release.
_ISSUER = re.compile(
    r"^(?:Für den Inhalt der Mitteilung ist der Emittent\b.{0,40} verantwortlich"
    r"|The issuer is solely responsible for the content of this (?:announcement|release))\.?$"
)
# `Xinhua | 2026-10-05 18:15:00 | Editor: huaxia`, as portals write it below a headline.
_PORTAL = re.compile(r"^[^|]{2,60}(?: \| ?[^|]{2,60}){1,3}$")
_OF_CHANGE = re.compile(r"^(?:Last )?Updated?\s?:?\s", re.I)
_EDITOR = re.compile(r"^(?:Editor|Edited by|Source)\s?: ?(?P<name>.{2,40})$", re.I)
_PERSON = re.compile(r"^[^\W\d_a-z][\w.'’-]+(?: [^\W\d_a-z][\w.'’-]*){1,3}$")
_POINT = re.compile(r"^\*\s+\S.{0,300}$")
_RELEASE_DATE = re.compile(
    r"^(?P<month>[^\W\d_]{3,9})\.? (?P<day>\d{1,2}), (?P<year>\d{4}),? "
    r"(?P<hour>\d{1,2}):(?P<minute>[0-5]\d)(?: ?(?P<half>[AaPp])\.?[Mm]\.?)? "
    r"(?P<zone>[A-Za-z ]{2,30})$"
)
_DAY = re.compile(r"^\d{4}-\d\d-\d\d$")
# `October 5, 2026` on a line of its own below a headline
_NAMED_DAY = re.compile(
    r"^(?:[^\W\d_]{5,12},? )?(?:(?P<m>[^\W\d_]{3,12})\.? (?P<d>\d{1,2}),"
    r"|(?P<d2>\d{1,2})\.?(?: de)? (?P<m2>[^\W\d_]{3,12})\.?(?: de)?) (?P<y>(?:19|20)\d\d)"
    r"(?:,? (?:às|at|um|kl\.?|a las|à|alle|klo|om|,|[-–|]) ?| ?, ?| )?"
    r"(?:(?P<h>[01]?\d|2[0-3])[:.h](?P<i>[0-5]\d)(?: ?(?:Uhr|hrs?|h))?)?$"
)
_SERVICE_NUMBER = re.compile(r"^(?:[A-Za-z]?\d{3,4}|[A-Z]\d-\d{2,4})\s+")
# `K2-042 FERRY-VOTE`: Kyodo's number, then the slug, which may be a single word.
_NUMBERED = re.compile(
    r"^[A-Z]\d-\d{2,4}(?P<slug>\s++[A-Z\d][A-Z\d'&.]*+(?:[-/ ][A-Z\d'&.]++){0,8})?$"
)
# `a1234` of the New York Times' service, alone on a line above its slug.
_SERVICE_NUMBER_ALONE = re.compile(r"^[a-z]\d{3,4}$")
# `c.2026 New York Times News Service`
_SERVICE_LINE = re.compile(
    r"^(?:c\.|©|\(c\)|Copyright) ?(?:19|20)\d\d,? (?:The )?(?P<agency>[^\W\d_].{2,60})$", re.I
)
# `HARBOUR Ferry`, PA's catch line.
_CATCH_LINE = re.compile(r"^(?P<number>\d{1,2} )?[A-Z]{3,}(?: [A-Z]?[a-z][\w-]*){1,2}$")
_PAGE = re.compile(r"^\d{1,2} (?=[A-Z]{3})")
# `EEUU ELECCIONES (Previsión)`
_GENRE = re.compile(r"\s*\([^()\d]{3,24}\)$")
# `France-politique`, above a headline
_JOINED = re.compile(r"[^\W\d_]{2,}(?:[-/][^\W_]{2,})+")
_KEY_LINES = frozenset(("AAP", "EFE", "Kyodo", "NZN", "NZPA"))
_MAX_KEY_WORDS = 4
_MAX_KEY_GAP = 4
_TITLE_WORDS = 24
_MAX_KEY_CHARS = 36
_MAX_LINE_CHARS = 1000
_MAX_NAME_CHARS = 120
_MAX_TITLE_LINES = 3
_MAX_HEAD_LINES = 16


@dataclass(slots=True)
class Heading:
    """Holds what the lines above the body say; `start` is the first line of the body."""

    start: int = 0
    headline: str = ""
    slugline: str | None = None
    bylines: tuple[str, ...] = ()
    provider: str | None = None
    provider_id: str | None = None
    language: str | None = None
    moment: Moment | None = None
    embargoes: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    keywords: tuple[str, ...] = ()
    urgency: int | None = None
    subtitle: str | None = None
    warnings: list[str] = field(default_factory=list)
    evidence: bool = False


def read_heading(lines: list[str]) -> Heading:
    """Return the heading of a text: reads until the first line that belongs to the body."""
    head = Heading()
    index = seen = 0
    while index < len(lines) and seen < _MAX_HEAD_LINES:
        text = lines[index].strip()
        seen += bool(text)
        if _NEWS_OF.match(text) and (issuer := _next_text(lines, index)):
            head.notes.append(f"{text.rstrip(':')} {lines[issuer].strip()}")
            index = issuer + 1
            continue
        used = _read_mark(head, text) or _read_title(head, lines, index) if text else 1
        if not used:
            break
        index += used
    head.start = index
    return head


def _next_text(lines: list[str], index: int) -> int | None:
    """Return the next line that is not empty, and no longer than a name."""
    for number in range(index + 1, min(index + 4, len(lines))):
        if lines[number].strip():
            return number if len(lines[number]) <= _MAX_NAME_CHARS else None
    return None


def _read_mark(head: Heading, text: str) -> int:
    """Return 1 if the line is something other than headline or body, 0 if not."""
    if _read_date(head, text):
        head.evidence = True
        return 1
    if len(text) > _MAX_LINE_CHARS:
        return 0
    return int(_read_label(head, text) or _read_note(head, text) or _read_sign(head, text))


def _read_label(head: Heading, text: str) -> bool:
    """Say whether the line is a named field, a time of reading, or the headline again."""
    named_field = _FIELD.match(text)
    if named_field and _read_field(head, named_field["name"].lower(), named_field["value"]):
        head.evidence = True
    elif head.headline and not head.subtitle and (below := _SUBTITLE.match(f" {text}")):
        head.subtitle = below["words"]
    elif head.headline and same_title(head.headline, text):
        if head.headline.endswith(("...", "…")) and len(text) > len(head.headline):
            head.headline = text
    elif not (_READING_TIME.match(text) or (head.headline and _BUTTONS.match(text))):
        return False
    return True


def _read_note(head: Heading, text: str) -> bool:
    """Say whether the line is an embargo, a note to editors, or a mark of revision."""
    is_of_release = not head.headline and (_RELEASE.match(text) or _REACHED_AT.match(text))
    if is_of_release or _MATERIAL.match(text) or _ISSUER.match(text):
        head.notes.append(text.strip("=(): "))
    elif is_embargo(text):
        if _is_advance_slug(head, text):
            return False
        _embargo(head, text)
    elif _NOTE.match(text) or is_change_note(text) or lifts_embargo(text):
        head.notes.append(text.strip("()[] "))
    elif read_line(text):
        head.notes.append(text.strip("=()[]* "))
        head.evidence = True
    else:
        return False
    return True


def _read_sign(head: Heading, text: str) -> bool:
    """Say whether the line is an agency, a byline or a keyword line."""
    if len(text) < 40 and provider(text):
        head.provider = provider(text)
    elif _ANSA.match(text) and not head.headline:
        head.provider, head.evidence = "ANSA", True
    elif (apa := _APA.match(text)) and not head.headline:
        head.provider, head.urgency = "APA", int(apa["urgency"]) or None
        head.evidence = True
    elif _POINT.match(text) and head.headline:
        head.points.append(text)
    elif (efe := _EFE.match(text)) and not head.headline:
        head.provider, head.keywords = "EFE", tuple(efe["codes"].split())
    elif head.keywords and not head.headline and not head.slugline and _is_capital(text):
        head.slugline = text
    elif _BYLINE_TITLE.match(text):
        head.provider = head.provider or named(
            text.split(" Writer", maxsplit=1)[0].split(" Corresp", maxsplit=1)[0]
        )
    elif (
        (by := _BYLINE.match(_unsigned(text)))
        and not text.endswith((".", ":"))
        and len(text.split()) < 14
    ):
        names = split_names(by["names"] or by["people"])
        people = without_titles(tuple(name for name in names if not provider(name)))
        if people and len(people) < len(names):  # `By Ada Brenner, PA`
            head.provider = head.provider or next(
                (house for name in names if (house := provider(name) or house_of(name))), None
            )
        head.bylines = (*head.bylines, *(people or names))
    elif head.headline and (own := _SERVICE_LINE.match(text)) and provider(own["agency"]):
        head.provider = head.provider or provider(own["agency"])
    else:
        return _read_key_words(head, text)
    return True


def _unsigned(text: str) -> str:
    """Return a line without the agency between strokes at its end."""
    signed = _SIGNED_BYLINE.search(text) if text.endswith("/") else None
    return text[: signed.start()] if signed and provider(signed["agency"]) else text


def _read_key_words(head: Heading, text: str) -> bool:
    """Say whether the line is an agency's number, its key words, or both."""
    if head.slugline or head.headline:
        return False
    if _SERVICE_NUMBER_ALONE.match(text) and not head.evidence:
        pass
    elif numbered := _NUMBERED.match(text):
        head.slugline = numbered["slug"] and numbered["slug"].strip()
    elif _SLUG.match(text):
        head.slugline = _SERVICE_NUMBER.sub("", text)
    else:
        return False
    head.evidence = True
    return True


def _read_date(head: Heading, text: str) -> bool:
    """Say whether the line is a date, or the portal's first line with date and title."""
    titled = _DATED_TITLE.match(text)
    if titled and not head.headline:
        head.moment, head.headline = _checked(head, titled["date"]), titled["title"].strip()
        return True
    if _DAY.match(text):
        head.moment = head.moment or _checked(head, text)
        return True
    if head.headline and (named_day := _NAMED_DAY.match(text)):
        number = dates.month(named_day["m"] or named_day["m2"])
        found_day = dates.day(int(named_day["y"]), number, int(named_day["d"] or named_day["d2"]))
        if found_day:
            clock = f"{named_day['h']:0>2}:{named_day['i']}" if named_day["h"] else ""
            found = dates.moment(f"{found_day}T{clock}") if clock else dates.midnight(found_day)
            head.moment = head.moment or found
            return True
    if head.headline and " | " in text and _read_portal(head, text):
        return True
    if not head.headline and (hour := _HOUR_OF_DAY.match(text)):
        return dates.month(hour["m"] or hour["m2"]) is not None
    text, _, issuer = text.partition(" | Source: ")
    if clock_first := _CLOCK_FIRST.match(text):
        text = f"{clock_first[2]} {clock_first[1]}"
    parted = _PARTED_CLOCK.match(text) if text[:1].isdigit() else None
    if parted:
        text = f"{parted['day']} {parted['clock']}"
    found = (dates.moment(text) or _release_date(text)) if len(text) < 50 else None
    if found and parted and parted["zone"] and (zone := zone_at(parted["zone"])):
        found = _zoned(found.at.replace(tzinfo=None), zone[0])
    head.moment = head.moment or found
    head.notes += [f"Source: {issuer}"] if found and issuer else []
    return found is not None


def _read_portal(head: Heading, text: str) -> bool:
    """Say whether a line below the headline is a portal's: time, agency, reporter, editor.

    Each of its parts has to be one of these, and one of them the time.
    """
    if not _PORTAL.match(text):
        return False
    agency, names, moments = None, [], []
    for part in (entry.strip() for entry in text.split("|")):
        first, _, changed = part.partition(" - ")
        found = dates.moment(first) if not changed or _OF_CHANGE.match(changed) else None
        if found:
            moments.append(found)
        elif house := provider(part):
            agency = house
        elif _PERSON.match(part):
            names.append(part)
        elif not _EDITOR.match(part) and not _OF_CHANGE.match(part):
            return False
    if not moments:
        return False
    head.moment = head.moment or moments[0]
    head.provider = head.provider or agency
    head.bylines = head.bylines or tuple(names)
    return True


def _release_date(text: str) -> Moment | None:
    """Return the time of `October 05, 2026 08:00 AM Eastern Daylight Time`, as releases begin."""
    match = _RELEASE_DATE.match(text)
    zone = zone_at(match["zone"]) if match else None
    month = dates.month(match["month"]) if match else None
    if not match or not zone or not month:
        return None
    found = dates.day(int(match["year"]), month, int(match["day"]))
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + 12 * (match["half"].lower() == "p")
    if found is None or hour > 23:
        return None
    return _zoned(datetime.combine(found, time(hour, int(match["minute"]))), zone[0])


def _zoned(local: datetime, zone: tzinfo) -> Moment:
    at = in_utc(local, zone)
    offset = (local - at.replace(tzinfo=None)).total_seconds()
    return Moment(at, "minute", int(offset // 60))


def _checked(head: Heading, text: str) -> Moment | None:
    found = dates.moment(text)
    warning = f"no date of the calendar: {text[:60]}"
    if not found and warning not in head.warnings:
        head.warnings.append(warning)
    return found


def _read_field(head: Heading, name: str, value: str) -> bool:
    value = value.strip()
    if name in {"headline", "title"}:
        head.headline = head.headline or value
    elif name.startswith("slug"):
        head.slugline = value
    elif name.startswith("keyword"):
        head.keywords = tuple(filter(None, (k.strip() for k in re.split("[;,]", value))))
    elif name in {"byline", "author", "by-line"}:
        head.bylines = split_names(re.sub(r"^by ", "", value, flags=re.I))
    elif name in {"date", "published"}:
        head.moment = _checked(head, value) or head.moment
    elif name in {"source", "provider", "agency"}:
        head.provider = named(value)
    elif name.startswith("embargo"):
        _embargo(head, f"{name}: {value}")
    elif name in {"urgency", "priority"} and value[:1].isdigit():
        head.urgency = int(value[0]) or None
    elif name == "id":
        head.provider_id = value
    elif name == "language" and re.fullmatch(r"[A-Za-z]{2}(?:[-_]\w+)?", value):
        head.language = value[:2].lower()
    elif "note" in name:
        head.notes.append(value)
    else:
        return False
    return True


def _is_advance_slug(head: Heading, text: str) -> bool:
    """Say whether an embargo is given by the slug, which stays one: `BC-Ferry-Vote,ADV06`."""
    return not head.slugline and not head.headline and is_advance(text) and bool(_SLUG.match(text))


def _embargo(head: Heading, text: str) -> None:
    """Note the words of an embargo; its moment may need the story's date (`wiretext.compose`)."""
    words = text.strip("()[] ")
    head.notes.append(words)
    if not lifts_embargo(words):
        head.embargoes.append(words)


def _is_capital(text: str) -> bool:
    return _GENRE.sub("", text).isupper()


def _is_key_line(lines: list[str], index: int) -> bool:
    """Say whether a few words in capitals stand above a headline that is not in capitals.

    AAP and EFE put key words there, AFP such as are joined by a sign. What is below the headline
    has to be a story as agencies send it: a byline, then a dateline. Else the capitals are a
    headline over a second one.
    """
    first = lines[index].strip()
    words = first.split()
    is_joined = bool(_JOINED.fullmatch(first))
    catch = _CATCH_LINE.match(first)
    is_key = is_joined or catch or _is_capital(first)
    if not is_key or len(first) > _MAX_KEY_CHARS or len(words) > _MAX_KEY_WORDS:
        return False
    below = [text for text in map(str.strip, lines[index + 1 : index + _MAX_HEAD_LINES]) if text]
    while below and _begins_other(below[0]) and not find_dateline(below[0]):
        del below[0]
    title, *rest = below or [""]
    is_capital = title.isupper() and not (catch and catch["number"])
    if is_capital or title.endswith((".", ":")) or not 3 <= len(title.split()) <= _TITLE_WORDS:
        return False
    if catch:
        return any(_is_house_byline(text) for text in rest[:1])
    for text in rest[:_MAX_KEY_GAP]:
        if dateline := find_dateline(text):
            signed = dateline.provider in _KEY_LINES or (is_joined and bool(dateline.provider))
            return signed and not find_dateline(title)
        if not _begins_other(text):
            return False
    return False


def _is_house_byline(text: str) -> bool:
    """Say whether a byline ends with its agency: `By Ada Brenner, PA`."""
    by = _BYLINE.match(text)
    return bool(by) and provider(text.rpartition(", ")[2].split(" ")[0]) is not None


def _read_title(head: Heading, lines: list[str], index: int) -> int:
    """Say how many lines from `index` are the headline; 0 where the body begins."""
    first = lines[index].strip()
    if head.headline or find_dateline(first):
        return 0
    if not head.slugline and _is_key_line(lines, index):
        head.slugline = _PAGE.sub("", first)
        return 1
    block = [first]
    block += map(str.strip, _subtitle_lines(lines[index + 1 : index + 2 + _MAX_TITLE_LINES]))
    for text in lines[index + len(block) :] if len(block) == 1 else ():
        stripped = text.strip()
        if not stripped or _begins_other(stripped) or text.startswith(("  ", "\t")):
            break
        block.append(stripped)
        if len(block) > _MAX_TITLE_LINES:
            break
    title = " ".join(block)
    more = any(text.strip() for text in lines[index + len(block) :])
    sentence = title.endswith((".", "。", "!”", '."', ".”", ":", ";", ","))
    is_short = len(block) <= _MAX_TITLE_LINES or title.endswith(" =")
    if len(title) <= MAX_TITLE_CHARS and not sentence and more and is_short:
        below = _SUBTITLE.search(title)
        head.subtitle = below["words"] if below else None
        head.headline = title[: below.start()] if below else title
        return len(block)
    alone = len(block) > 1 and len(first) <= 150 and not first.endswith((".", ",", ":", ";"))
    if alone and len(lines[index + 1].strip()) > 100:
        head.headline = first
        return 1
    return 0


def _subtitle_lines(lines: list[str]) -> list[str]:
    """Return the lines of the headline, and of a subtitle whose last one ends in ` =`.

    None where the lines have no such subtitle.
    """
    for number, text in enumerate(lines):
        if not text.strip():
            break
        if text.rstrip().endswith(" ="):
            found = lines[: number + 1]
            return found if any(_SUBTITLE.match(f" {entry.strip()}") for entry in found) else []
    return []


def _begins_other(text: str) -> bool:
    probe = Heading(headline="-")
    return bool(find_dateline(text) or _read_mark(probe, text))
