# ruff: noqa: RUF001 - the typographic quotes and dashes are what the patterns are about
"""A story as agencies send it in plain text, read from its lines to a draft."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, tzinfo

from pipeline.parse.conventions import advisories, revisions
from pipeline.parse.conventions.byline import take_byline
from pipeline.parse.conventions.dateline import Dateline, find_dateline
from pipeline.parse.conventions.embargo import is_advance, is_embargo, read_embargo, zone_of_words
from pipeline.parse.conventions.heading import Heading, read_heading
from pipeline.parse.conventions.providers import named, provider
from pipeline.parse.conventions.signoff import SignOff, read_sign_off
from pipeline.parse.conventions.zones import in_utc, zone_of_desk
from pipeline.parse.draft import Draft, FaultError, replace
from pipeline.parse.ids import same_title
from pipeline.parse.text import dates
from pipeline.parse.text.dates import Moment
from pipeline.parse.text.paragraphs import split_paragraphs, tidy_paragraphs

_LOOK_AHEAD = 3
_MARKED = re.compile(
    r"^\W{0,2}[\[(](?P<before>[^\])]{4,80})[\])]"
    r"|[\[(](?P<behind>[^\])]{4,80})[\])]\W{0,2}$"
    r"|^(?P<bare>.{4,80}?)(?::\s|\s[|–—-]+\s)"
)
_UNPARTED = re.compile(r"^(embargo|sperrfrist) (?=\d)", re.I)
_TIMED = re.compile(r"\d|embargoed|hold for", re.I)
_SIGNATURE_CHARS = 40
_SENTENCE_END = re.compile(r"[.!?…。]['\"”’»)]*(?=\s|$)")
_SIGNATURE = re.compile(
    r"(?<=[.!?\"”»])(?: *\(©?(?P<sign>[A-Za-z-]{2,12})\)\.?"
    r"| +(?:(?P<bare>[A-Z]{2,8}|Reuters?|dpa)\.?|(?P<pti>PTI)(?: [A-Z]{2,5}){1,6}))$"
)
# APA closes with the word, Belga with the sign before the initials.
_CLOSED = re.compile(
    r"\s*\((?:Schluss|Fortsetzung möglich)\)(?: [a-z]{2,4}(?:/[a-z]{2,4})*)?$"
    # CNA and AFPBB
    r"|[（(](?:編輯|编辑|責任編輯|责任编辑|责编)[:：][^（）()]{2,30}[）)]\d{0,7}$"
    r"|\([cC]\) ?AFP(?:/.{0,40})?$"
    # Jiji, Kyodo
    r"|[（(][了完终終][)）]$"
    r"|(?<=\.)/\. ?(?:[A-Z]{2,4}(?:/[A-Z]{2,4})*/?)?$"
)
_RULE = re.compile(
    r"^\s*(?:_{2,}|-{3,}|[–—]{1,3}|={3,}|(?:\*\s?){3,}"
    r"|mfl?"  # PA, where a take ends and the next one begins
    # the New York Times' service
    r"|\(?(?:STORY CAN END HERE|(?:BEGIN|END) OPTIONAL TRIM|OPTIONAL \w+ FOLLOWS)\b[^a-z]{0,60}"
    r")\s*$"
)
# What dpa sends below a story, for desks alone.
_NOT_TO_PRINT = re.compile(
    r"^\W{0,8}(?:(?:dpa-)?Notizblock\s*$"
    r"|Die folgenden Informationen sind nicht zur Veröffentlichung)"
)
_LETTERS = re.compile(r"[^\W\d_]{2,}")


def read_story(text: str, moment: Moment | None = None) -> Draft:
    """Return the draft of a whole plain-text story.

    `text` is clean (see `pipeline.parse.text.clean`). `moment` is when it was sent, where the text
    itself gives no time.

    Raises `FaultError`: `no_text` where nothing is left, `unknown_format` for a text that has
    neither a headline over a body, nor dateline, date, agency, or two sentences.
    """
    lines = ["" if _RULE.match(entry) else entry for entry in text.strip("\n").split("\n")]
    below = read_sign_off(lines)
    above = list(below.above)
    end = next((n for n, entry in enumerate(above) if _NOT_TO_PRINT.match(entry)), len(above))
    head = read_heading(above[:end])
    head.moment = head.moment or below.moment or moment
    paragraphs = split_paragraphs("\n".join(above[head.start : end]))
    aside = (*above[end:], *below.aside)
    draft = compose(head, tidy_paragraphs(paragraphs), below, text, aside)
    _check(draft, head, below)
    return draft


def compose(
    head: Heading,
    paragraphs: tuple[str, ...],
    below: SignOff,
    delivered: str | None = None,
    aside: Sequence[str] = (),
) -> Draft:
    """Return a draft of heading, paragraphs and sign-off.

    Dateline taken out, marks of revision read. `delivered` is the text that it is read from,
    `aside` the lines of it that are left out.
    """
    embargoes, paragraphs = take_embargoes(without_rules(paragraphs))
    by, by_agency, paragraphs = take_byline(paragraphs)
    dateline, paragraphs = take_dateline(paragraphs, head.provider or below.provider)
    change, paragraphs = take_change_note(paragraphs)
    notes = [*head.notes, *embargoes, *([change] if change else ()), *below.notes]
    embargoes = [*head.embargoes, *embargoes, *slug_embargo(head.slugline)]
    signed, paragraphs = take_signature(paragraphs)
    reporter = dateline.reporters if dateline else ()
    moment = head.moment or below.moment or _of_dateline(dateline)
    agency = _provider(head, dateline, below) or signed or by_agency
    moment = as_sent(moment, agency) if moment else None
    warnings = list(head.warnings)
    if dateline and dateline.month and not dateline.year and not moment:
        warnings.append("the dateline has no year: no date of publication")
    if below.more:
        warnings.append("the story goes on in a later take")
    day: date | None = moment.at.date() if moment else None
    draft = Draft(
        headline=head.headline,
        paragraphs=(*tidy_paragraphs(head.points), *paragraphs),
        slugline=head.slugline,
        dateline=dateline.text if dateline else None,
        dateline_places=dateline.places if dateline else (),
        dateline_date=dateline.on(day) if dateline else None,
        published_at=moment.at if moment else None,
        published_precision=moment.precision if moment else None,
        utc_offset_min=moment.utc_offset_min if moment else None,
        provider=agency,
        provider_id=head.provider_id,
        bylines=head.bylines or by or reporter or below.bylines,
        language=head.language,
        editor_note="\n".join(notes) or None,
        keywords=head.keywords or below.keywords,
        urgency=head.urgency,
        summary=head.subtitle,
        rights=below.rights,
        warnings=tuple(warnings),
        delivered=delivered,
        set_aside=tuple(aside),
    )
    return with_marks(with_embargo(draft, embargoes))


def with_embargo(draft: Draft, lines: Sequence[str]) -> Draft:
    """Put the draft under the last embargo that the lines give, in the year of the story.

    Where one is not understood the story is withheld, and a warning gives its words.
    """
    if not lines:
        return draft
    day_only = draft.published_precision == "day"
    near, desk = draft.published_at, zone_of_desk(draft.provider)
    found = [read_embargo(text, near, day_only=day_only, home=desk) for text in lines]
    # Words are asked for their language only where the hour has no zone.
    homes = [
        zone_of_words(text) if entry.zoneless and not desk else desk
        for text, entry in zip(lines, found, strict=True)
    ]
    found = [
        entry if home is desk else read_embargo(text, near, day_only=day_only, home=home)
        for text, entry, home in zip(lines, found, homes, strict=True)
    ]
    pairs = list(zip(lines, found, strict=True))
    unknown = [text for text, entry in pairs if not entry.until]
    if len(unknown) < len(pairs):  # `EMBARGOED: Pier opens` above the line that says until when
        unknown = [text for text in unknown if not _is_headline(draft.headline, text)]
    warnings = [f"embargo not understood, withheld: {text[:120]}" for text in unknown]
    of_homes = zip(found, homes, strict=True)
    warnings += dict.fromkeys(zoneless(home) for entry, home in of_homes if entry.zoneless)
    if any(entry.dayless for entry in found):
        warnings.append("embargo without a day, of a story without an hour: taken as the day after")
    moments = filter(None, (draft.embargo_until, *(entry.until for entry in found)))
    return replace(
        draft,
        embargo_until=max(moments, default=None),
        status="withheld" if unknown and draft.status == "usable" else draft.status,
        warnings=(*draft.warnings, *warnings),
    )


def _is_headline(headline: str, text: str) -> bool:
    """Say whether an embargo line is nothing but its word and the story's headline."""
    _, colon, rest = text.partition(":")
    return bool(colon and headline) and same_title(headline, rest.strip())


def under_its_headline(draft: Draft) -> Draft:
    """Put the draft under the embargo that its headline is marked with, which stays as it is.

    In brackets before or behind it ("[EMBARGOED]"), or before a colon or dash, where it has a time
    or says "embargoed": news of an embargo on trade begins with that word too.
    """
    marked = _MARKED.search(draft.headline)
    if marked is None or draft.embargo_until is not None or draft.status != "usable":
        return draft
    bare = marked["bare"]
    words = _UNPARTED.sub(r"\1: ", marked["before"] or marked["behind"] or bare)
    if not is_embargo(words) or (bare and not _TIMED.search(bare)):
        return draft
    return with_embargo(draft, [words])


def slug_embargo(slugline: str | None) -> list[str]:
    """Return the slug where it says that its story is sent ahead, for a later day."""
    return [slugline] if slugline and is_advance(slugline) else []


def zoneless(home: tzinfo | None) -> str:
    """Return the warning about an embargo whose hour names no zone; `home` is the agency's."""
    taken = f"its hour is taken as that of {home}" if home else "its hour is taken as the last one"
    return f"embargo without a time zone: {taken}"


def without_rules(paragraphs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the paragraphs without the lines that part them (`___`, `* * *`)."""
    return tuple(text for text in paragraphs if not _RULE.match(text))


def take_embargoes(paragraphs: tuple[str, ...]) -> tuple[list[str], tuple[str, ...]]:
    """Return the embargo lines among the first paragraphs, and the paragraphs without them."""
    lines = [text for text in paragraphs[:_LOOK_AHEAD] if is_embargo(text)]
    if not lines:
        return lines, paragraphs
    return lines, tuple(text for text in paragraphs if text not in lines)


def take_dateline(
    paragraphs: tuple[str, ...], house: str | None = None
) -> tuple[Dateline | None, tuple[str, ...]]:
    """Return the dateline of one of the first paragraphs, and the paragraphs without it.

    `house` is the agency whose story it is, where that is known.
    """
    for index, paragraph in enumerate(paragraphs[:_LOOK_AHEAD]):
        found = find_dateline(paragraph, house)
        if found:
            rest = paragraph[found.end :].strip()
            kept = (rest,) if rest else ()
            return found, (*paragraphs[:index], *kept, *paragraphs[index + 1 :])
    return None, paragraphs


def take_signature(paragraphs: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """Return the agency in brackets behind the last sentence, and the paragraphs without it."""
    if not paragraphs:
        return None, paragraphs
    last = paragraphs[-1].removesuffix(" Enditem")
    if closed := _CLOSED.search(last, max(len(last) - _SIGNATURE_CHARS, 0)):
        last = last[: closed.start()]
    paragraphs = (*paragraphs[:-1], last) if last else paragraphs[:-1]
    match = _SIGNATURE.search(last, max(len(last) - _SIGNATURE_CHARS, 0))
    agency = provider(match["sign"] or match["bare"] or match["pti"]) if match else None
    if not match or not agency:
        return None, paragraphs
    return agency, (*paragraphs[:-1], last[: match.start()].rstrip())


def with_moment(draft: Draft, moment: Moment | None) -> Draft:
    """Return the draft published at `moment`."""
    if not moment:
        return draft
    return replace(
        draft,
        published_at=moment.at,
        published_precision=moment.precision,
        utc_offset_min=moment.utc_offset_min,
    )


def as_sent(moment: Moment, agency: str | None) -> Moment:
    """Return the moment of a stamp: without a zone it is of the clock of the agency's own country.

    Where no agency is known, or one with desks around the world, it is taken as UTC.
    """
    return in_zone(moment, zone_of_desk(agency))


def in_zone(moment: Moment, zone: tzinfo | None) -> Moment:
    """Return the moment as that hour of `zone`, where it names no zone of its own."""
    if zone is None or not lacks_zone(moment):
        return moment
    local = moment.at.replace(tzinfo=None)
    at = in_utc(local, zone)
    offset = (local - at.replace(tzinfo=None)).total_seconds()
    return Moment(at, moment.precision, int(offset // 60))


def lacks_zone(moment: Moment | None) -> bool:
    """Say whether a moment gives an hour and no zone for it."""
    return moment is not None and moment.utc_offset_min is None and moment.precision != "day"


def with_dateline(draft: Draft, dateline: Dateline | None) -> Draft:
    """Add a dateline to the draft: words, places, and the date nearest to its publication."""
    if not dateline:
        return draft
    near: date | None = draft.published_at.date() if draft.published_at else None
    return replace(
        draft,
        dateline=dateline.text,
        dateline_places=dateline.places,
        dateline_date=dateline.on(near),
    )


def with_marks(draft: Draft) -> Draft:
    """Return the draft with what headline, slugline and notes say of its place in the family."""
    found = [revisions.read_marks(text) for text in (draft.headline, draft.slugline) if text]
    notes = (draft.editor_note or "").split("\n")
    found += filter(None, (revisions.read_line(note) for note in notes if note))
    marks = [entry.mark for entry in found if entry.mark]
    version = max([draft.version, *(entry.version for entry in found)])
    urgency = draft.urgency or next((e.urgency for e in found if e.urgency), None)
    note = _change(draft) if not marks else None
    if note:
        marks, version = [note], version if draft.version_time else max(version, 2)
    texts = (*filter(None, (draft.headline, draft.editor_note)), *draft.paragraphs)
    killed = any(e.killed and _is_kill(e, draft) for e in found) or advisories.is_kill_note(texts)
    family, family_day = draft.family, draft.family_day
    if killed:
        family = family or advisories.named_story(texts)
        near = draft.published_at.date() if draft.published_at else None
        family_day = family_day or advisories.named_day(texts, near)
        marks = marks or ["KILL"]
        version = max(version, 2)
    return replace(
        draft,
        version=version,
        urgency=urgency,
        family=family,
        family_day=family_day,
        revision_mark=draft.revision_mark or " ".join(dict.fromkeys(marks)) or None,
        is_partial=not killed and (draft.is_partial or any(entry.part for entry in found)),
        status="canceled" if killed else draft.status,
    )


def _is_kill(mark: revisions.Revision, draft: Draft) -> bool:
    """Say whether it is a kill: WITHDRAWAL may stand above troops, the text must be about copy."""
    return not mark.doubtful or advisories.is_of_copy(draft.paragraphs)


def _change(draft: Draft) -> str | None:
    """Say what the editor's note says of the change, where it says so of the text itself."""
    for text in (draft.editor_note or "").split("\n"):
        word = advisories.change_of(text.strip("=()[] "))
        if word:
            return word
    return None


def take_change_note(paragraphs: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """Return the note of change above the text (`(Adds quotes)`), and the paragraphs without it."""
    for index, paragraph in enumerate(paragraphs[:_LOOK_AHEAD]):
        if advisories.is_change_note(paragraph):
            rest = (*paragraphs[:index], *paragraphs[index + 1 :])
            return paragraph.strip("=()[] "), rest
    return None, paragraphs


def _of_dateline(dateline: Dateline | None) -> Moment | None:
    whole = dateline.on(None) if dateline and dateline.year else None
    return dates.midnight(whole) if whole else None


def _provider(head: Heading, dateline: Dateline | None, below: SignOff) -> str | None:
    signed = dateline.provider if dateline else None
    unknown = dateline.signature if dateline else None
    shown = named(unknown) if unknown and unknown.isupper() and len(unknown) <= 10 else None
    return signed or head.provider or below.provider or shown


def _check(draft: Draft, head: Heading, below: SignOff) -> None:
    text = " ".join((draft.headline, *draft.paragraphs))
    if draft.status == "canceled":
        return  # a kill may be nothing but its note
    if not _LETTERS.search(text):
        raise FaultError("no_text", "there is no text between heading and sign-off")
    marked = draft.dateline or draft.provider or draft.published_at or head.evidence
    if marked or draft.urgency or draft.revision_mark or below.more or draft.bylines:
        return
    sentences = len(_SENTENCE_END.findall(" ".join(draft.paragraphs)))
    if sentences >= (1 if draft.headline else 2):
        return
    raise FaultError("unknown_format", "neither headline over text, nor dateline, date or agency")
