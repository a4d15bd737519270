"""What both renderings say of a story, its entities and events: labels with values, in order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pipeline.show.find import Shown

Fact = tuple[str, str]

_BEGINNING = 80

_METADATA = (
    ("story_id", "story_id"),
    ("revision_id", "revision_id"),
    ("version", "version"),
    ("revision_mark", "revision"),
    ("status", "status"),
    ("published_at", "published"),
    ("version_time", "version of"),
    ("embargo_until", "embargo until"),
    ("provider", "provider"),
    ("slugline", "slugline"),
    ("language", "language"),
    ("urgency", "urgency"),
    ("keywords", "keywords"),
    ("countries", "countries"),
    ("regions", "regions"),
    ("warnings", "warnings"),
)
_PROVENANCE = (
    ("source", "source"),
    ("offset", "offset"),
    ("item", "item"),
    ("received_at", "received"),
    ("format", "format"),
    ("format_version", "format version"),
    ("raw_bytes", "raw bytes"),
    ("content_hash", "content hash"),
    ("enrichment_status", "enrichment"),
    ("enrichment_id", "enrichment_id"),
    ("model", "model"),
    ("model_hash", "model hash"),
    ("code_version", "code version"),
)


def metadata(shown: Shown) -> list[Fact]:
    """Return what the provider says of the story, and what it is filed under."""
    facts = [*_facts(shown.story, _METADATA)]
    codes = [_code(code) for code in shown.story.get("codes") or ()]
    if codes:
        facts.append(("codes", ", ".join(codes)))
    topics = [
        f"{topic.get('name') or topic['code']} ({topic['weight']:.2f})"
        for topic in shown.story.get("topics") or ()
    ]
    if topics:
        facts.append(("topics (derived)", ", ".join(topics)))
    return facts


def provenance(shown: Shown) -> list[Fact]:
    """Say where the bytes came from, and what read them."""
    return _facts(shown.story, _PROVENANCE)


def act(event: Mapping[str, Any]) -> str:
    """Return root, mode and code of an event, with what qualifies it."""
    words = [event["root"], *([event["mode"]] if event["mode"] else []), f"[{event['cameo']}]"]
    words += [name for name in ("negated", "hypothetical") if event[name]]
    return " ".join(words)


def side(event: Mapping[str, Any], name: str) -> str:
    """Return the source or the target: canonical name, country, role."""
    who = event[f"{name}_label"] or event[f"{name}_name"] or event[f"{name}_text"]
    if not who:
        return "-"
    facts = [event[f"{name}_country"], event[f"{name}_role"]]
    return f"{who} ({', '.join(fact for fact in facts if fact)})" if any(facts) else str(who)


def days(event: Mapping[str, Any]) -> str:
    """Return the event's day or days, or nothing."""
    first, last = event["event_date"], event["event_date_end"]
    if first is None:
        return ""
    return f"{first} to {last}" if last is not None and last != first else f"{first}"


def printable(value: object) -> str:
    """Return `value` as text without what a terminal or a browser would obey: control characters.

    Bidirectional controls and escapes become U+FFFD, so every character keeps its place; line
    breaks and tabs stay.
    """
    return _OBEYED.sub("\ufffd", str(value))


_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""Unicode's categories Cc (but line breaks and tabs) and Cs, and controls of writing direction."""


def _facts(row: Mapping[str, Any], columns: tuple[Fact, ...]) -> list[Fact]:
    facts = []
    for column, label in columns:
        value = row.get(column)
        if value is None or value == []:
            continue
        if isinstance(value, list):
            value = ", ".join(map(str, value))
        elif isinstance(value, datetime):
            value = value.isoformat(sep=" ").replace("+00:00", " UTC")
        facts.append((label, str(value)))
    return facts


def _code(code: Mapping[str, Any]) -> str:
    name = f" {code['name']}" if code["name"] else ""
    return f"{code['scheme']}:{code['value']}{name} ({code['role']})"


def beginning(body: str) -> str:
    """Return what stands for the headline of a story that has none: its first words, on a line.

    At most 80 characters and an ellipsis, which shows that it goes on; writing without blanks is
    cut anywhere.
    """
    words = " ".join(body[: 2 * _BEGINNING].split())
    if len(words) <= _BEGINNING:
        return words
    return f"{words[: _BEGINNING + 1].rpartition(' ')[0] or words[:_BEGINNING]} …"
