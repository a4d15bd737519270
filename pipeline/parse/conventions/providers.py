# ruff: noqa: RUF001 - the typographic quotes and dashes are what the patterns are about
"""Which agency a signature stands for; the table is `providers.tsv`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from pipeline import tsv

_EVERYDAY = frozenset(
    (
        "the", "of", "agency", "america", "asia", "center", "english", "europe", "financial",
        "foundation", "free", "group", "health", "international", "legal", "market", "media",
        "national", "news", "press", "radio", "report", "service", "square", "times", "voice",
        "wire",
    )
)  # fmt: skip
_PARTS = re.compile(r"[/,;]| via ")
_HOST = re.compile(r"^(?:https?://|tag:|urn:newsml:|urn:)?(?:www\.)?([a-z0-9.-]+\.[a-z]{2,})", re.I)


@cache
def _tables() -> tuple[Mapping[str, str], Mapping[str, str]]:
    signatures: dict[str, str] = {}
    hosts: dict[str, str] = {}
    for name, signs, domains in tsv.rows("pipeline.parse.conventions", "providers.tsv"):
        for sign in signs.split("|"):
            signatures.setdefault(sign.casefold(), name)
        for host in filter(None, domains.split("|")):
            hosts[host] = name
    return signatures, hosts


@cache
def telling_words() -> frozenset[str]:
    """Return the longest word of every signature that is no everyday one, in small letters.

    Where none stands, no agency does.
    """
    signatures, _ = _tables()
    words = (re.split(r"[\W_]+", plain_letters(sign)) for sign in signatures)
    return frozenset(max(found, key=lambda w: (w not in _EVERYDAY, len(w))) for found in words)


def plain_letters(text: str) -> str:
    """Return a text in small letters, the Turkish capital of the dotted i as one of them."""
    return text.casefold().replace("\u0307", "")


def provider(signature: str | None) -> str | None:
    """Return the agency's name for a signature (`Reuter`, `dpa/lno`), None if unknown."""
    if not signature:
        return None
    signatures, _ = _tables()
    key = signature.strip(" ()/.-–—").casefold()
    if key in signatures:
        return signatures[key]
    first = _PARTS.split(key, maxsplit=1)[0].strip()
    if first in signatures or "-" not in first:
        return signatures.get(first)
    several = [signatures.get(part) for part in first.lstrip("©").split("-")]
    return several[0] if all(several) else None  # `NTB-AP-Reuters`, `ANSA-AFP`


def house_of(title: str) -> str | None:
    """Return the agency whose letters a title begins with: `PA Political Correspondent`.

    Letters alone tell it: a word may be a place or a paper's.
    """
    letters = title.partition(" ")[0]
    return provider(letters) if letters.isupper() else None


def is_written(signature: str) -> bool:
    """Say whether an agency writes the first part of a signature so: `dpa/lno`, not `abr/tv`."""
    return re.split(r"[/,;]", signature)[0].strip() in _written()


@cache
def _written() -> frozenset[str]:
    rows = tsv.rows("pipeline.parse.conventions", "providers.tsv")
    return frozenset(sign for _, signs, _ in rows for sign in signs.split("|"))


def provider_of_uri(uri: str | None) -> str | None:
    """Return the agency whose host or signature begins `uri` (`tag:afp.com,2020:…`)."""
    match = _HOST.match(uri.strip()) if uri else None
    if not match:
        return None
    _, hosts = _tables()
    labels = match[1].lower().rstrip(".").split(".")
    for cut in range(len(labels) - 1):
        found = hosts.get(".".join(labels[cut:]))
        if found:
            return found
    return None


def provider_or_host(*uris: str | None) -> str | None:
    """Return the agency of one of these addresses, else the first host that they name."""
    for uri in uris:
        if found := provider_of_uri(uri):
            return found
    hosts = (_HOST.match(uri.strip()) for uri in uris if uri)
    return next((match[1].lower().rstrip(".") for match in hosts if match), None)


def named(signature: str | None) -> str | None:
    """Return the agency's name, or the signature itself where the table does not know it."""
    return provider(signature) or (signature.strip() or None if signature else None)
