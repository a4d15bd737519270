"""Values that several formats share: status, language, version, codes, a body with its dateline."""

from __future__ import annotations

import re
from dataclasses import replace

from pipeline.parse.conventions.providers import named, provider
from pipeline.parse.conventions.signoff import read_sign_off, split_names
from pipeline.parse.conventions.wiretext import (
    take_change_note,
    take_dateline,
    with_dateline,
    with_marks,
    with_moment,
)
from pipeline.parse.draft import Draft
from pipeline.parse.markup.flow import Flow
from pipeline.parse.text import dates
from pipeline.parse.text.dates import Moment

_STATUS = {
    "usable": "usable", "canceled": "canceled", "cancelled": "canceled", "cancel": "canceled",
    "withheld": "withheld", "embargoed": "withheld", "killed": "canceled", "kill": "canceled",
    "deleted": "canceled", "withdrawn": "canceled", "commissioned": "commissioned",
}  # fmt: skip
_DAY_LINE = re.compile(r"^[A-Z][a-z]+day, [A-Z][a-z]+ \d{1,2}, \d{4}$")
MAX_VERSION = 2**31 - 1


def status(text: str | None) -> tuple[str, str | None]:
    """Status of publication for a value, qcode or URI of it, and a warning if it is unknown."""
    if not text:
        return "usable", None
    word = re.split(r"[:/#]", text.strip().rstrip("/"))[-1].lower()
    if word in _STATUS:
        return _STATUS[word], None
    return "usable", f"unknown status of publication: {text[:60]}"


def language(tag: str | None) -> str | None:
    """ISO 639-1 code of a language tag; None where it has none."""
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
    """The time that `text` gives; a warning where it is no time."""
    if not text or not text.strip():
        return None
    found = dates.moment(text)
    if not found:
        warnings.append(f"{what} is no date of the calendar: {text.strip()[:60]}")
    return found


def bylines(text: str | None) -> tuple[str, ...]:
    """The names of a byline: `By Ann Sample and Bob Probe, Staff Writers`."""
    if not text:
        return ()
    plain = re.sub(r"^\s*(?:by|por|par|von|di)\s+", "", text.strip(), flags=re.I)
    plain = re.split(r",?\s+(?:Staff|Associated|AP|Reuters|AFP|Special|Correspondent)\b", plain)[0]
    return split_names(plain) or tuple(filter(None, (plain.strip(),)))


def version(text: str | None) -> int:
    """The version's number, 1 where it is none: not every provider counts."""
    if text and re.fullmatch(r"\s*\d{1,10}\s*", text):
        return min(max(int(text), 1), MAX_VERSION)
    return 1


def first_provider(*signatures: str | None) -> str | None:
    """The first signature that is a known agency's, else the first one as it is."""
    known = (provider(signature) for signature in signatures)
    return next(filter(None, known), None) or next(filter(None, map(named, signatures)), None)


def with_body(draft: Draft, flow: Flow) -> Draft:
    """The draft with this body: sign-off off, dateline out, marks read, captions apart.

    What the draft has already (provider, bylines, dateline) stays.
    """
    paragraphs = flow.paragraphs
    below = read_sign_off(["", *paragraphs])
    kept = paragraphs[: max(below.end - 1, 0)]
    if kept and _DAY_LINE.match(kept[0]):
        kept = kept[1:]
    found, kept = take_dateline(kept)
    change, kept = take_change_note(kept)
    signed = (found.provider if found else None) or below.provider
    draft = replace(
        draft,
        paragraphs=kept,
        provider=draft.provider or signed,
        bylines=draft.bylines or below.bylines,
        rights=draft.rights or below.rights,
        captions=(*draft.captions, *flow.captions),
        editor_note="\n".join(filter(None, (draft.editor_note, change))) or None,
        set_aside=(*draft.set_aside, *paragraphs[max(below.end - 1, 0) :]),
    )
    if found and found.year and not draft.published_at:
        whole = found.on(None)
        draft = with_moment(draft, dates.midnight(whole) if whole else None)
    if found and not draft.dateline:
        places = draft.dateline_places
        draft = with_dateline(draft, found)
        draft = replace(draft, dateline_places=found.places or places)
    return with_marks(draft)
