"""Identity of stories: family, revision, content.

All ids are SHA-256 over what the item itself says, never over coordinates, arrival, key or headers:
the same bytes give the same ids, live and in replay.

- `content_hash`: the headline and paragraphs, compatibility-normalised, case and blanks folded, and
  the status. Two deliveries with one hash say the same.
- `story_id` (family): the provider's id where there is one, alone if it is a URI and with the
  provider's name else; without one, the provider, the slugline or else the headline without marks
  of revision, and the day of publication. Without any of these, the content hash.
- `revision_id`: the family with every field of the draft but the raw bytes and the warnings.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import fields
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter

from pipeline import model
from pipeline.model import Code, Content
from pipeline.parse.conventions.revisions import read_marks
from pipeline.parse.draft import Draft

_NOT_WORD = re.compile(r"[\W_]+")
_URI = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$")
_APART = frozenset({"raw", "warnings", "format", "family", "family_day", "family_id"})
_APART |= {"provider_hint", "is_partial", "delivered", "set_aside"}
_HASHED = tuple(entry.name for entry in fields(Draft) if entry.name not in _APART)
_HASHED_VALUES = attrgetter(*_HASHED)
ID_CHARS = 32
MAX_TITLE_CHARS = 250


def content_hash(draft: Content) -> str:
    """Return the SHA-256 (hex) of the normalised headline and paragraphs and the status."""
    return model.content_hash(draft.headline, draft.paragraphs, draft.status)


def story_id(draft: Draft, content: str) -> str:
    """Return the family's id, 32 hex digits."""
    return _digest(*_family(draft, content))[:ID_CHARS]


def _family(draft: Draft, content: str) -> tuple[str, ...]:
    provider = draft.provider or ""
    identity = draft.family_id or draft.provider_id
    if identity:
        if _URI.match(identity):
            return ("uri", identity)
        return ("id", provider, identity)
    key = headline_key(draft.family or draft.slugline or draft.headline)
    if not key:
        return ("content", provider, content)
    own_day = draft.published_at.date() if draft.published_at else None
    day = draft.family_day or own_day
    return ("headline", provider, key, day.isoformat() if day else "")


def headline_key(text: str) -> str:
    """Return a headline or slug without marks of revision, case and punctuation."""
    base = unicodedata.normalize("NFKC", read_marks(text).base).casefold()
    return _NOT_WORD.sub(" ", base).strip()


def same_title(title: str, text: str) -> bool:
    """Say whether a line repeats the headline: whole, cut short, or with a word or two changed."""
    one, other = headline_key(title), headline_key(text)
    if not one or not other:
        return False
    if text.strip().endswith(".") and not title.endswith("."):
        return False
    short, long = sorted((one, other), key=len)
    if short == long or (len(short) > 24 and long.startswith(short)):
        return True
    words, others = set(one.split()), set(other.split())
    shared = len(words & others) / len(words | others)
    return len(text) <= MAX_TITLE_CHARS and min(len(words), len(others)) > 4 and shared >= 0.6


def revision_id(draft: Draft, family: str) -> str:
    """Return this revision's id, 32 hex digits."""
    values = zip(_HASHED, _HASHED_VALUES(draft), strict=True)
    return _digest(family, *[f"{name}={_plain(value)}" for name, value in values])[:ID_CHARS]


def _plain(value: object) -> str:
    """Return a value as text that tells different values apart."""
    kind = value.__class__
    if value is None or kind is str:
        return repr(value)
    if kind is Code:
        return _text_of_code(value)
    if isinstance(value, tuple):
        if not value:
            return "()"
        return "(" + "\x1e".join(_plain(v) for v in value) + ")"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return repr(value)


@lru_cache(maxsize=4096)
def _text_of_code(code: Code) -> str:
    return repr(code)


def _digest(*parts: str) -> str:
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()
