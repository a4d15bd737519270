"""Values that several formats share: status, language, version, codes, a body with its dateline."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import cache

from pipeline import tsv
from pipeline.parse.conventions.byline import take_byline
from pipeline.parse.conventions.dateline import find_dateline
from pipeline.parse.conventions.embargo import is_embargo, lifts_embargo, zoned_end
from pipeline.parse.conventions.providers import house_of, named, provider
from pipeline.parse.conventions.signoff import read_sign_off, split_names, without_titles
from pipeline.parse.conventions.wiretext import (
    in_zone,
    lacks_zone,
    slug_embargo,
    take_change_note,
    take_dateline,
    take_embargoes,
    take_signature,
    with_dateline,
    with_embargo,
    with_marks,
    with_moment,
    without_rules,
    zoneless,
)
from pipeline.parse.conventions.zones import zone_of_desk
from pipeline.parse.draft import Draft, replace
from pipeline.parse.ids import headline_key
from pipeline.parse.markup.flow import Flow
from pipeline.parse.text import dates
from pipeline.parse.text.dates import Moment

_DAY_LINE = re.compile(r"^[A-Z][a-z]+day, [A-Z][a-z]+ \d{1,2}, \d{4}$")
_BY = re.compile(r"^(?:by|por|par|von|di|door|av|text)[ :]\s*", re.I)
_ADDRESS = re.compile(r"[(<]?(?:mailto:)?[\w.+-]{1,60}@[\w-]{1,60}\.[\w.-]{1,60}[)>]?")
_MAX_ADDRESS = 200
_JOB = re.compile(
    r",?\s+(?:Staff|Associated|AP|Reuters|AFP|Special|Correspondent)\b|\s+[-–—|]\s+"  # noqa: RUF001
)
_BYLINE = re.compile(r"^(?:By|BY|Von|VON|Por|POR|Par|PAR|Di|Door)\s+[^\W\d_a-z].{2,90}$")
_MAX_BYLINE_WORDS = 16
# `Ada Brenner, CTN`: beside a whole name, letters alone are those of a house.
_LETTERS_ALONE = re.compile(r"[A-Z]{2,6}")
# What may stand between a dateline's words and the text: `Athens, Greece (AP) — The …`.
_BEHIND_DATELINE = re.compile(
    r"(?: ?\([^()\d]{2,30}\))? ?(?:--|[-–—_=]|\.-)"  # noqa: RUF001
    r"(?:\s+|(?<=--))(?=[\"“„«¿¡'‘]?[^\W_a-z])"  # noqa: RUF001
)
_LOOK_AHEAD = 3
_MAX_POINTS = 8
MAX_VERSION = 2**31 - 1


@cache
def _statuses() -> dict[str, str]:
    """Return the status in the lake of each word, the word in small letters."""
    rows = tsv.rows("pipeline.parse.conventions", "statuses.tsv")
    return {word: name for name, words in rows for word in words.split("|")}


def status(text: str | None) -> tuple[str, str | None]:
    """Return the status of publication for a word, qcode or URI of it, and a warning.

    The warning says that the word is unknown (the story then counts as usable), or why a story is
    withheld that the provider does not call so: drafts, private, scheduled and trashed items.
    """
    if not text or not text.strip():
        return "usable", None
    word = re.split(r"[:/#]", text.strip().rstrip("/"))[-1].strip().lower().replace(" ", "-")
    found = _statuses().get(word) or _statuses().get(word.replace("_", "-"))
    if not found:
        return "usable", f"unknown status of publication: {text[:60]}"
    if found == "withheld" and word != "withheld":
        return found, f"withheld: the status of publication is {text.strip()[:60]}"
    return found, None


def language(tag: str | None) -> str | None:
    """Return the ISO 639-1 code of a language tag; None where it has none."""
    if not tag:
        return None
    first = re.split(r"[-_]", tag.strip())[0].lower()
    if len(first) == 3:
        import pycountry

        found = pycountry.languages.get(alpha_3=first) or pycountry.languages.get(
            bibliographic=first
        )
        return getattr(found, "alpha_2", None)
    return first if re.fullmatch(r"[a-z]{2}", first) else None


def moment(text: str | None, what: str, warnings: list[str]) -> Moment | None:
    """Return the time that `text` gives; a warning where it is no time."""
    if not text or not text.strip():
        return None
    found = dates.moment(text)
    if not found:
        warnings.append(f"{what} is no date of the calendar: {text.strip()[:60]}")
    return found


def with_zones(draft: Draft, *moments: Moment | None, held: Moment | None = None) -> Draft:
    """Return the draft with its times in their zone, where `moments`, that gave them, name none.

    It is that of another of them, else that of the agency's own country, as for stamps in text,
    else UTC; a warning says which. `held` is the end of an embargo among them, which without any
    of these is taken as in the last zone on Earth.
    """
    found = [moment for moment in (*moments, held) if moment]
    unzoned = [moment for moment in found if lacks_zone(moment)]
    if not unzoned:
        return draft
    offset = next((m.utc_offset_min for m in found if m.utc_offset_min is not None), None)
    zone = zone_of_desk(draft.provider) if offset is None else timezone(timedelta(minutes=offset))
    meant = {moment.at: in_zone(moment, zone) for moment in unzoned}

    def at(stated: datetime | None) -> datetime | None:
        return meant[stated].at if stated in meant else stated

    published = meant.get(draft.published_at) if draft.published_at else None
    return replace(
        draft,
        published_at=at(draft.published_at),
        utc_offset_min=published.utc_offset_min if published else draft.utc_offset_min,
        version_time=at(draft.version_time),
        created_at=at(draft.created_at),
        updated_at=at(draft.updated_at),
        embargo_until=zoned_end(held, zone)
        if held and draft.embargo_until == held.at
        else draft.embargo_until,
        warnings=(*draft.warnings, f"a time without a zone is taken as {zone or 'UTC'}"),
    )


def embargoed(draft: Draft, text: str | None) -> Draft:
    """Return the draft under the embargo that a field of its metadata gives.

    As for an embargo line, one that is not understood withholds the story.
    """
    if not text or not text.strip() or lifts_embargo(f"embargo: {text}"):
        return draft
    found = dates.moment(text)
    if found:
        home = zone_of_desk(draft.provider)
        is_guessed = found.utc_offset_min is None and found.precision != "day"
        warnings = (*draft.warnings, zoneless(home)) if is_guessed else draft.warnings
        return replace(draft, embargo_until=zoned_end(found, home), warnings=warnings)
    return with_embargo(draft, [text.strip()])


def bylines(text: str | None) -> tuple[str, ...]:
    """Return the names of a byline: `By Ann Sample and Bob Probe, Staff Writers`.

    An agency alone stays as it is written (`The Associated Press`); beside a name it is none, and
    neither are the letters of a house (`CTN`). A
    sentence that stands where the byline should gives no names.
    """
    if not text or is_sentence(text):
        return ()
    plain = _BY.sub("", _without_address(" ".join(text.split()))).strip(" .,;/")
    name, slash, house = plain.rpartition("/")
    plain = name if slash and " " in name and house.isupper() and provider(house) else plain
    if provider(plain) or provider(plain.removeprefix("The ")):
        return (plain,)
    names = split_names(_JOB.split(plain)[0]) or tuple(filter(None, (plain,)))
    people = tuple(name for name in names if not (provider(name) or house_of(name)))
    people = without_titles(people)
    if any(" " in name for name in people):
        people = tuple(name for name in people if not _LETTERS_ALONE.fullmatch(name))
    return people or names


def _without_address(byline: str) -> str:
    """Return a byline without the address of mail behind its names."""
    begin = max(byline.rfind(" "), byline.rfind(",")) + 1
    short = len(byline) - begin <= _MAX_ADDRESS
    return byline[:begin] if short and _ADDRESS.fullmatch(byline, begin) else byline


def is_sentence(text: str) -> bool:
    """Say whether words are running text rather than names.

    Long, and most of them in lower case.
    """
    words = text.split()
    small = sum(1 for word in words if word[:1].islower())
    return len(words) > _MAX_BYLINE_WORDS or (len(words) > 5 and 2 * small > len(words))


def version(text: str | None) -> int:
    """Return the version's number, 1 where it is none: not every provider counts."""
    if text and re.fullmatch(r"\s*\d{1,10}\s*", text):
        return min(max(int(text), 1), MAX_VERSION)
    return 1


def first_provider(*signatures: str | None) -> str | None:
    """Return the first signature that is a known agency's, else the first one as it is."""
    known = (provider(signature) for signature in signatures)
    return next(filter(None, known), None) or next(filter(None, map(named, signatures)), None)


def _take_head(
    draft: Draft, paragraphs: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the byline above the text, and the paragraphs below what stands above
    it."""
    names: tuple[str, ...] = ()
    for _ in range(_LOOK_AHEAD):
        if not paragraphs:
            break
        first = paragraphs[0]
        if _DAY_LINE.match(first):
            paragraphs = paragraphs[1:]
            continue
        if len(paragraphs) < 2:
            break
        if _BYLINE.match(first) and not first.endswith((".", ":")) and not is_sentence(first):
            names = names or bylines(first)
        elif not _repeats(draft.headline, first):
            break
        paragraphs = paragraphs[1:]
    return names, paragraphs


def _points(paragraphs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the points that Reuters puts above byline and dateline; they are of the text."""
    count = 0
    while count < min(len(paragraphs) - 1, _MAX_POINTS) and paragraphs[count].startswith("* "):
        count += 1
    return paragraphs[:count]


def _repeats(headline: str, paragraph: str) -> bool:
    if not headline or len(paragraph) > 2 * len(headline) + 40:
        return False
    if paragraph.endswith("."):
        return False  # a sentence of the text
    return headline_key(headline) == headline_key(paragraph)


def _without_known(draft: Draft, paragraphs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the paragraphs without the dateline that the metadata has already.

    What stands there is known by the metadata's own words, however little of a dateline it has.
    """
    first = paragraphs[0] if paragraphs else ""
    for stated in filter(None, (draft.dateline, *draft.dateline_places)):
        words = stated.rstrip(" -–—_:=.")  # noqa: RUF001
        if first[: len(words)].casefold() != words.casefold():
            continue
        if (behind := _BEHIND_DATELINE.match(first, len(words))) and len(first) > behind.end():
            return (first[behind.end() :], *paragraphs[1:])
    return paragraphs


def with_body(draft: Draft, flow: Flow) -> Draft:
    """Return the draft with this body: sign-off off, dateline out, marks read, captions apart.

    Above the text its day, the headline once more and a byline are taken off. What the draft has
    already (provider, bylines, dateline) stays.
    """
    below = read_sign_off(("", *without_rules(flow.paragraphs)))
    kept = below.above[1:]
    embargoes, kept = take_embargoes(kept)
    change, kept = take_change_note(kept)
    points = _points(kept)
    above, kept = _take_head(draft, kept[len(points) :])
    by, by_agency, kept = take_byline(kept)
    found, kept = take_dateline(kept, draft.provider or below.provider)
    if found is None:
        kept = _without_known(draft, kept)
    if not change:
        change, kept = take_change_note(kept)
    change = change if change and change not in (draft.editor_note or "") else None
    closed, kept = take_signature(kept)
    kept = (*points, *kept)
    signed = (found.provider if found else None) or below.provider or closed or by_agency
    draft = replace(
        draft,
        paragraphs=kept,
        provider=draft.provider or signed,
        bylines=draft.bylines or above or by or (found.reporters if found else ()) or below.bylines,
        rights=draft.rights or below.rights,
        captions=(*draft.captions, *flow.captions),
        editor_note="\n".join(filter(None, (draft.editor_note, *embargoes, change, *below.notes)))
        or None,
        set_aside=(*draft.set_aside, *below.aside, *flow.aside),
    )
    if found and draft.summary and (again := find_dateline(draft.summary)):
        draft = replace(draft, summary=draft.summary[again.end :] or draft.summary)
    if found and found.year and not draft.published_at:
        whole = found.on(None)
        draft = with_moment(draft, dates.midnight(whole) if whole else None)
    if found and not draft.dateline:
        places = draft.dateline_places
        draft = with_dateline(draft, found)
        draft = replace(draft, dateline_places=found.places or places)
    if draft.embargo_until is None:
        words = "\n".join(filter(None, (draft.editor_note, draft.usage_terms)))
        notes = [text for text in words.split("\n") if is_embargo(text)]
        draft = with_embargo(draft, [*notes, *slug_embargo(draft.slugline)])
    return with_marks(draft)
