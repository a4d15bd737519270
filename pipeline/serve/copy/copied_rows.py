"""What one story is in the live copy: its row, its words, and what it adds to each count."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

import pyarrow as pa
import zstandard

from pipeline.serve.copy.words import indexed
from pipeline.show.find import Row, Shown
from pipeline.store.read.query import plain
from pipeline.store.schema.contract import contract

ALL = "all"
"""The bucket of every day, and of none."""

UNDATED = "undated"
"""The bucket of what has no day."""

APART = "\x1f"
"""Stands between the parts of a count's key; texts of a lake are shown without it."""

_KEPT_BACK = frozenset({"raw"})
_FIRST_S = 1 << 33
"""Added to seconds since 1970: every year from 1697 on is above 0, where the undated are."""

_SPREAD_BITS = 28

_LAST_S = (1 << (63 - _SPREAD_BITS)) - 2
"""What is dated later than the year 2786 stands where the last that SQLite can count do."""


@dataclass(frozen=True, slots=True)
class Count:
    """One story or event more of `what`, under `key`; `quad` is 0 for a story.

    It is counted over all time, by day, and by month where figures over any time are asked of it.
    """

    what: str
    key: str
    by: Literal["all", "day", "month"] = "month"
    quad: int = 0
    goldstein: float = 0.0


def story_id_number(story: Row) -> int:
    """Return the number that a story gets in the copy, where it is free: later ones are greater."""
    published = story["published_at"]
    seconds = 0
    if published is not None:
        seconds = _seconds(_moment(published))
    spread = hashlib.sha256(story["revision_id"].encode()).digest()
    return (seconds << _SPREAD_BITS) | (int.from_bytes(spread[:4]) >> (32 - _SPREAD_BITS))


def first_number(at: datetime) -> int:
    """Return the smallest number of a story that was published at `at`."""
    return _seconds(at) << _SPREAD_BITS


def _seconds(at: datetime) -> int:
    return min(_LAST_S, max(1, int(at.timestamp()) + _FIRST_S))


def _moment(value: str | datetime) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def packed(shown: Shown) -> bytes:
    """Return a story with its entities and events as the copy keeps it; its bytes are left out."""
    story = {name: value for name, value in shown.story.items() if name not in _KEPT_BACK}
    rows = {"story": story, "entities": shown.entities, "events": shown.events}
    text = json.dumps(rows, ensure_ascii=False, default=plain)
    return _compressor().compress(text.encode("utf-8", "backslashreplace"))


def unpacked(blob: bytes) -> Shown:
    """Return what `packed` kept: times are times again, days stand in ISO 8601."""
    rows = json.loads(zstandard.decompress(blob))
    story = rows["story"]
    for name in _times():
        if story.get(name) is not None:
            story[name] = datetime.fromisoformat(story[name])
    return Shown(story, tuple(rows["entities"]), tuple(rows["events"]))


@cache
def _compressor() -> zstandard.ZstdCompressor:
    return zstandard.ZstdCompressor(level=3)


@cache
def _times() -> tuple[str, ...]:
    schema = contract("stories").schema
    return tuple(field.name for field in schema if pa.types.is_timestamp(field.type))


def entity_id_of(entity: Row) -> str:
    """Return an entity's id; rows of older lakes have none, and get one of kind and name."""
    return str(entity["entity_id"] or f"{entity['kind']}:{entity['name']}")


def is_deed(event: Row) -> bool:
    """Say whether an event was done: not denied, not held possible, not of long ago."""
    return not (event["negated"] or event["hypothetical"] or event.get("historical"))


def label_of(event: Row, side: str) -> str | None:
    """Return what the source or target of an event is called, None where there is none."""
    for name in ("label", "name", "text"):
        found = event.get(f"{side}_{name}")
        if found is not None:
            return str(found)
    return None


def tags(shown: Shown, numbers: Mapping[str, int]) -> str:
    """Return what a story is filed under, as words; `numbers` has those of its entities."""
    story = shown.story
    found = [tag("g", story["region"])]
    found += [tag("g", region) for region in story["regions"] or ()]
    found += [tag("c", country) for country in story["countries"] or ()]
    found += [tag("l", story["language"])] if story["language"] else []
    found += [tag("p", story["provider"])] if story["provider"] else []
    found += [f"e{numbers[entity_id_of(row)]}" for row in shown.entities]
    for event in filter(is_deed, shown.events):
        found += [tag("r", event["root"]), f"q{event['quad_class']}"]
        if event["place_latitude"] is not None:
            found.append(tag("o", place_id_of(event)))
    return " ".join(dict.fromkeys(found))


def tag(kind: str, value: str) -> str:
    """Return the word that stands for a code or a name in the index: letters and digits alone."""
    if value.isascii() and value.isalnum():
        return f"{kind}{value.lower()}"
    return f"{kind}x{hashlib.sha256(value.encode()).hexdigest()[:16]}"


def words(shown: Shown, tagged: str) -> tuple[str, str, str]:
    """Return the columns of the index of words."""
    story = shown.story
    return indexed(story["headline"] or ""), indexed(story["body"] or ""), tagged


def counts(shown: Shown) -> Iterator[Count]:
    """Yield what a story in force adds to the counts: itself, its filing, its names, its deeds."""
    story = shown.story
    yield Count("stories", "")
    yield Count("region", story["region"])
    for country in dict.fromkeys(story["countries"] or ()):
        yield Count("country", country)
    yield Count("provider", f"{story['provider'] or ''}{APART}{story['language'] or ''}", "all")
    for row in story["topics"] or ():
        yield Count("topic", f"{row['code']}{APART}{row['name'] or ''}", "all")
    for kind, entity in dict.fromkeys((row["kind"], entity_id_of(row)) for row in shown.entities):
        yield Count(named_as(kind), entity, "day")
    yield from (Count("entities", "") for _ in shown.entities)
    for event in filter(is_deed, shown.events):
        yield from _counts_of(event)


def place_id_of(event: Row) -> str:
    """Return what an event's place is asked by: its GeoNames id, else its name."""
    return str(event["place_geonames_id"] or event["place"] or "")


def named_as(kind: str) -> str:
    """Return the count that entities of a kind are in: persons and bodies have one of their own."""
    return {"PERSON": "person", "ORG": "body"}.get(kind, "name")


def _counts_of(event: Row) -> Iterator[Count]:
    quad, goldstein = event["quad_class"], event["goldstein"]

    def one(what: str, *key: object, by: Literal["all", "day", "month"] = "month") -> Count:
        return Count(what, APART.join(map(str, key)), by, quad, goldstein)

    yield one("events", "")
    yield one("root", event["root"])
    source, target = label_of(event, "source"), label_of(event, "target")
    if source is not None and target is not None:
        yield one("dyad", source, target, by="day")
        yield one("dyad-of", target, source, by="all")
    states = event["source_country"], event["target_country"]
    if all(states):
        yield one("states", *states)
        yield from (one("side", state) for state in states)
    for country in dict.fromkeys(state for state in states if state):
        yield one("balance", country)
    if event["place_latitude"] is not None:
        place = (event["place"], event["place_country"], event["place_exactness"])
        where = f"{event['place_latitude']:.4f}", f"{event['place_longitude']:.4f}"
        yield one(
            "place", *(part or "" for part in place), *where, event["place_geonames_id"] or ""
        )


def deeds(shown: Shown) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the table deeds, without the story's number."""
    for number, event in enumerate(shown.events):
        if is_deed(event):
            yield (
                *(number, shown.story["date"], label_of(event, "source"), event["source_country"]),
                *(label_of(event, "target"), event["target_country"]),
                *(event.get("source_entity_id"), event.get("target_entity_id"), event["root"]),
                *(event["quad_class"], event["goldstein"], event["confidence"]),
                *(event["sentence"] or "", event["place"] or event["place_country"]),
            )
