"""Makes a large lake by seed: stories with revisions across days and regions, events, entities.

Its rows are one template with other ids, times, statuses and partitions, encoded and committed by
the job's own code, a file for each partition and table, as upkeep leaves them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.store.commit.actions import add_action
from pipeline.store.commit.data_files import Marks, encode
from pipeline.store.commit.delta import folder_of
from pipeline.store.commit.lake import Commit, Lake
from pipeline.store.schema.contract import TABLES, contract
from pipeline.store.schema.rows import entity_rows, event_rows, ledger_row, story_row, table_of
from tests.support.rows import ENRICHMENT, a_batch, a_story, enriched

BEGIN = date(2025, 1, 1)
REGIONS = (
    *("northern-america", "western-europe", "eastern-asia", "western-asia", "southern-asia"),
    *("eastern-europe", "northern-europe", "southern-europe", "south-america", "western-africa"),
    *("south-eastern-asia", "northern-africa", "central-america", "eastern-africa", "caribbean"),
    *("southern-africa", "central-asia", "middle-africa", "australia-and-new-zealand", "unknown"),
)
Plan = dict[str, np.ndarray]
"""Of each revision its day, region, family, whether it is a kill, and when an embargo ends."""

_AT = datetime(2026, 11, 28, tzinfo=UTC)
_BLOCK = 500
_FILES_A_COMMIT = 2000
_EVENTS_A_STORY = 2


def make(root: Path, stories: int, days: int, *, revised: float = 0.2, seed: int = 1) -> None:
    """Write a lake of so many revisions; `revised` of them follow an earlier one of their family.

    A quarter of those lie on another day or in another region. One in fifty revisions is a kill,
    one in a hundred is under an embargo, mostly over.
    """
    rng = np.random.default_rng(seed)
    plan = plan_of(rng, stories, days, revised)
    lake = Lake(str(root))
    for table in TABLES:
        lake.refresh(table)
    blocks = -(-stories // _BLOCK)
    ends = {f"cluster/topic/{n}": blocks // 8 * _BLOCK + _BLOCK for n in range(8)}
    for table, each in (("entities", 1), ("events", _EVENTS_A_STORY), ("stories", 1)):
        every = np.arange(stories)
        write_rows(lake, table, template_of(table), plan, every, each, ends, "made")
    _commit(lake, "rejects", [], ends, "made-rejects")
    _commit_ledger(lake, blocks, ends)


def plan_of(rng: np.random.Generator, stories: int, days: int, revised: float) -> Plan:
    """Draw so many revisions: what makes each row another than the template's."""
    at = np.arange(stories)
    # Offsets go to eight partitions in turn, as a topic's keys would spread them.
    day = np.sort(rng.integers(0, days, stories))
    region = np.minimum(rng.geometric(0.15, stories) - 1, len(REGIONS) - 1)
    family = at.copy()
    later = np.flatnonzero(rng.random(stories) < revised)
    later = later[later > 0]
    before = np.maximum(later - rng.geometric(1 / (1 + stories / days / 4), len(later)), 0)
    family[later] = family[before]
    # Most revisions stay in the place of their first one.
    stays = later[rng.random(len(later)) < 0.75]
    day[stays], region[stays] = day[family[stays]], region[family[stays]]
    return {
        "at": at,
        "day": day,
        "region": region,
        "family": family,
        "kill": rng.random(stories) < 0.02,
        "embargo": np.where(rng.random(stories) < 0.01, rng.integers(-300, 3, stories), 9999),
    }


def template_of(table: str) -> pa.Table:
    """Return the row of `table` that all others are made from."""
    story = enriched(a_story())
    made = {
        "stories": lambda: [story_row(story, "a_model", "0" * 8)],
        "events": lambda: event_rows(story),
        "entities": lambda: entity_rows(story),
    }
    return table_of(table, made[table]())


def write_rows(  # noqa: PLR0917 (each has its own type)
    lake: Lake,
    table: str,
    template: pa.Table,
    plan: Plan,
    at: np.ndarray,
    each: int,
    ends: Mapping[str, int],
    name: str,
) -> None:
    """Write the revisions `at` of the plan, `each` rows of each, a file for each partition."""
    order = at[np.lexsort((at, plan["region"][at], plan["day"][at]))]
    key = plan["day"][order] * len(REGIONS) + plan["region"][order]
    edges = [0, *(np.flatnonzero(np.diff(key)) + 1), len(order)]
    actions = []
    for n, (start, end) in enumerate(pairwise(edges)):
        rows = np.repeat(order[start:end], each)
        partition = {
            "date": (BEGIN + timedelta(days=int(plan["day"][rows[0]]))).isoformat(),
            "region": REGIONS[plan["region"][rows[0]]],
        }
        columns = _rows(table, template, plan, rows)
        path = f"{folder_of(partition)}{name}-{n}.parquet"
        data = encode(columns, Marks(ends))
        # Not by the lake's own files, which wait for the disk after each.
        target = Path(lake.url, table, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        actions.append(add_action(table, path, data.size, partition, columns, _AT))
    for n in range(0, len(actions), _FILES_A_COMMIT):
        lake.refresh(table)
        part = actions[n : n + _FILES_A_COMMIT]
        lake.commit_actions(table, part, ends, f"{name}-{table}-{n}")


def _rows(table: str, template: pa.Table, plan: Plan, rows: np.ndarray) -> pa.Table:
    block = rows // _BLOCK
    offset = block // 8 * _BLOCK + rows % _BLOCK
    days = plan["day"][rows].astype("int64")
    second = (rows * 7919) % 86_400
    published = (np.datetime64(BEGIN, "s") + days * 86_400 + second).astype("datetime64[us]")
    made: dict[str, pa.Array] = {
        "story_id": _ids("family", plan["family"][rows]),
        "revision_id": _ids("revision", rows),
        "content_hash": _ids("content", rows),
        "event_id": _ids("event", np.arange(len(rows)) + rows[0] * 10),
        "source": pa.array([f"cluster/topic/{n}" for n in block % 8]),
        "offset": pa.array(offset, pa.int64()),
        "status": pc.if_else(pa.array(plan["kill"][rows]), "canceled", "usable"),
        "published_at": pa.array(published, pa.timestamp("us", "UTC")),
        "received_at": pa.array(published + np.timedelta64(60, "s"), pa.timestamp("us", "UTC")),
        "embargo_until": _embargo(plan["embargo"][rows]),
    }
    many = template.take(pa.array(np.zeros(len(rows), "int64")))
    for name, column in made.items():
        if name in many.schema.names:
            at = many.schema.get_field_index(name)
            many = many.set_column(at, many.schema.field(at), column)
    return many.select(contract(table).file_schema.names).combine_chunks()


def _ids(kind: str, numbers: np.ndarray) -> pa.Array:
    """Thirty-two digits that compress no better than a hash."""
    salt = sum(kind.encode()) * 0x9E3779B97F4A7C15
    high = (numbers.astype("uint64") + np.uint64(salt % 2**63)) * np.uint64(0xBF58476D1CE4E5B9)
    high ^= high >> np.uint64(31)
    low = (high + np.uint64(1)) * np.uint64(0x94D049BB133111EB)
    return pa.array([f"{a:016x}{b:016x}" for a, b in zip(high, low, strict=True)])


def _embargo(days: np.ndarray) -> pa.Array:
    until = np.datetime64(_AT.replace(tzinfo=None), "us") + days * np.timedelta64(
        86_400_000_000, "us"
    )
    return pa.array(until, pa.timestamp("us", "UTC"), mask=days == 9999)


def _commit_ledger(lake: Lake, blocks: int, ends: Mapping[str, int]) -> None:
    block = a_batch([enriched(a_story())]).blocks[0]
    rows = [
        ledger_row(
            replace(
                block,
                source=f"cluster/topic/{n % 8}",
                start=n // 8 * _BLOCK,
                end=(n // 8 + 1) * _BLOCK,
                records=_BLOCK,
                items=_BLOCK,
            ),
            stories=_BLOCK,
            rejects=0,
            skipped=0,
            entities=None,
            events=None,
            enrichment_id=ENRICHMENT,
            writer="bench",
            committed_at=_AT + timedelta(seconds=n),
        )
        for n in range(blocks)
    ]
    _commit(lake, "ledger", rows, ends, "made-ledger")


def _commit(
    lake: Lake, table: str, rows: Sequence[Mapping[str, object]], ends: Mapping[str, int], name: str
) -> None:
    lake.refresh(table)
    lake.commit(Commit(table, list(rows), ends, name, "bench", _AT))
    lake.files.release("bench")
