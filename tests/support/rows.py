"""Builders of what flows through the pipeline, with sensible defaults: for tests of the lake.

Every builder takes the fields that a test is about and fills in the rest; the same call gives the
same value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from deltalake.transaction import RemoveAction

from pipeline.model import (
    Actor,
    Block,
    EnrichedBatch,
    EnrichedStory,
    Entity,
    Event,
    Mention,
    Reject,
    Story,
    content_hash,
)
from pipeline.store.commit.lake import Commit, Lake
from pipeline.store.commit.write import LakeWriter
from pipeline.store.schema.rows import Row

SOURCE = "cluster/topic/0"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ENRICHMENT = "enrichment-1"
HEADLINE = "Minister visits Yerevan"
PARAGRAPHS = ("Foreign Minister Ann Example visited Yerevan on Wednesday.",)


def a_story(offset: int = 0, item: int = 0, *, source: str = SOURCE, **fields: Any) -> Story:
    """A usable story of 4 March 2026; its ids follow from its family and `fields`."""
    family = fields.pop("story_id", f"family-{source}-{offset}-{item}")
    seed = (family, fields.get("version", 1), fields.get("status", "usable"))
    bytes_ = hashlib.sha256(repr((seed, sorted(fields.items()))).encode()).hexdigest()
    values: dict[str, Any] = {
        "format": "plain",
        "revision_id": bytes_[:32],
        "headline": HEADLINE,
        "paragraphs": PARAGRAPHS,
        "raw": f"{HEADLINE}\n\n{PARAGRAPHS[0]}".encode(),
        "published_at": NOON,
        "published_precision": "second",
        "received_at": NOON,
        "language": "en",
        **fields,
    }
    text = (values["headline"], values["paragraphs"], values.get("status", "usable"))
    values.setdefault("content_hash", content_hash(*text))
    return Story(source=source, offset=offset, item=item, story_id=family, **values)


def an_entity(name: str = "Ann Example", kind: str = "PERSON", **fields: Any) -> Entity:
    """An entity with one mention in the first paragraph."""
    mention = Mention(start=42, end=53, text=name, sentence=1)
    return Entity(name=name, kind=kind, **{"mentions": (mention,), "salience": 0.5, **fields})


def an_event(**fields: Any) -> Event:
    """One visit."""
    values: dict[str, Any] = {
        "root": "CONSULT",
        "cameo": "042",
        "sentence": PARAGRAPHS[0],
        "sentence_index": 1,
        "trigger": "visited",
        "start": 54,
        "end": 61,
        "confidence": 0.8,
        "quad_class": 1,
        "goldstein": 1.9,
        "source": Actor("Ann Example", "Ann Example", None, "foreign minister"),
        "target": Actor("Yerevan", "Yerevan", "ARM"),
        **fields,
    }
    return Event(**values)


def enriched(story: Story, **fields: Any) -> EnrichedStory:
    """`story` with one entity and one event, in western Asia."""
    region = fields.get("region", "western-asia")
    values: dict[str, Any] = {
        "language": "en",
        "region": "western-asia",
        "regions": () if region == "unknown" else (region,),
        "countries": ("ARM",),
        "entities": (an_entity(),),
        "events": (an_event(),),
        "enrichment_id": ENRICHMENT,
        **fields,
    }
    return EnrichedStory(story=story, **values)


def a_reject(offset: int = 0, item: int = 0, *, source: str = SOURCE, **fields: Any) -> Reject:
    """A record that could not be parsed."""
    values: dict[str, Any] = {
        "kind": "malformed",
        "stage": "parse",
        "message": "the header line is missing",
        "raw": b"???",
        "received_at": NOON,
        **fields,
    }
    return Reject(source=source, offset=offset, item=item, **values)


def a_batch(
    stories: Sequence[EnrichedStory] = (),
    rejects: Sequence[Reject] = (),
    *,
    spans: Mapping[str, tuple[int, int]] | None = None,
    enrichment_id: str = ENRICHMENT,
) -> EnrichedBatch:
    """A batch of these items; `spans` gives `(start, end)` of each source.

    Without spans each source's block goes from its first offset to its last one's successor.
    """
    places = [(s.story.source, s.story.offset) for s in stories]
    expired = [(r.source, r.offset) for r in rejects if r.kind == "skipped.expired"]
    places += [(r.source, r.offset) for r in rejects if r.kind != "skipped.expired"]
    blocks = []
    for source in sorted({source for source, _ in places + expired} | set(spans or ())):
        offsets = [offset for s, offset in places if s == source]
        skipped = sum(s == source for s, _ in expired)
        start, end = (spans or {}).get(source) or (min(offsets), max(offsets) + 1)
        blocks.append(Block(source, start, end, len(set(offsets)), len(offsets) + skipped))
    return EnrichedBatch(0, tuple(blocks), tuple(stories), tuple(rejects), enrichment_id)


def written(
    root: Path, *batches: EnrichedBatch, starts: Mapping[str, int] | None = None
) -> LakeWriter:
    """A lake at `root` that holds `batches`; sources start where their first block does."""
    writer = LakeWriter(Lake(str(root)), clock=lambda: NOON, model="a_model", model_hash="0" * 8)
    firsts: dict[str, int] = {}
    for batch in batches:
        for block in batch.blocks:
            firsts.setdefault(block.source, block.start)
    known = {**firsts, **(starts or {})}
    writer.start(known, known, ENRICHMENT)
    for batch in batches:
        writer.write(batch)
    return writer


def forced(
    root: Path | str, table: str, rows: Iterable[Row], ends: Mapping[str, int] | None = None
) -> None:
    """Append rows past the writer and its rules, with new committed ends: a lake gone wrong."""
    name = f"forced-{uuid4().hex}"
    Lake(str(root)).commit(Commit(table, list(rows), ends or {}, name, "forced", NOON))


def altered(root: Path, table: str, change: Callable[[list[Row]], list[Row]]) -> None:
    """Replace the rows of a table by what `change` makes of them, in files like our own.

    A hand that knows how a lake is made: all that it cannot know is what the rows should say.
    """
    lake = Lake(str(root))
    rows = change(lake.dataset(table).to_table().to_pylist())
    removals = [
        RemoveAction(
            path=unquote(action["path"]),
            data_change=True,
            deletion_timestamp=0,
            size=action["size_bytes"],
            partition_values={
                key.removeprefix("partition."): None if value is None else str(value)
                for key, value in action.items()
                if key.startswith("partition.")
            },
        )
        for action in lake.added(table).to_pylist()
    ]
    name = f"altered-{uuid4().hex}"
    written = lake._write_files(Commit(table, rows, {}, name, "altered", NOON))
    lake.commit_actions(table, [*written, *removals], {}, name)
    lake.files.release("altered")
    for removal in removals:
        (root / table / removal.path).unlink()
