"""How fast `lake check` is, and what memory it takes: over generated lakes of growing size.

Run it with `make bench-lake-check` (ARGS="--items 100000 1000000"). Rows are made,
encoded and committed by the job's own code, in blocks of 2,000 records of four sources over thirty
days, one record of ten a reject; stories have some 300 words, two entities and an event. There are
some 10,000 texts, each again and again under other ids, and ten blocks a file. Each check runs in a
process of its own, so that its peak of memory is its own. Markdown, for docs/upkeep.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from deltalake.transaction import AddAction

from pipeline.model import Block, Mention, Record, Story
from pipeline.parse import parse_record
from pipeline.store.check.derived import EVENT_PARTS
from pipeline.store.check.judge import check
from pipeline.store.commit.actions import add_action
from pipeline.store.commit.data_files import Marks, encode
from pipeline.store.commit.delta import folder_of
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.write import LakeWriter
from pipeline.store.schema.contract import TABLES, contract
from pipeline.store.schema.rows import (
    Row,
    entity_rows,
    event_id_of,
    event_rows,
    ledger_row,
    reject_row,
    story_row,
    table_of,
)
from tests.support.rows import (
    ENRICHMENT,
    HEADLINE,
    NOON,
    PARAGRAPHS,
    a_reject,
    an_entity,
    an_event,
    enriched,
)

SOURCES = tuple(f"cluster/topic/{n}" for n in range(4))
BLOCK = 2_000
DAYS = 30
_FILE = 10 * BLOCK
_TEMPLATES = 6
_MB = 1024
_ENTITIES = (
    an_entity(),
    an_entity("Yerevan", "GPE", mentions=(Mention(62, 69, "Yerevan", 1),)),
)


def main() -> None:
    """Generate, check and print."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--items", type=int, nargs="+", default=[20_000, 80_000, 320_000])
    options.add_argument("--plain", action="store_true", help="leave the deep checks out")
    options.add_argument("--memory-mb", type=int, default=128, help="DuckDB's limit")
    options.add_argument("--check", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--deep", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.check is not None:
        _checked(given.check, given.memory_mb, is_deep=given.deep)
        return
    print("| items | check | s | s of processor | items a second of processor | peak, MB |")
    print("|---:|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="bench-check-") as folder:
        root = Path(folder) / "lake"
        written = 0
        for items in sorted(given.items):
            written = generate(root, written, items)
            for mode in ("plain",) if given.plain else ("plain", "--deep"):
                found = _measured(root, mode, given.memory_mb)
                print(
                    f"| {items:,} | {mode} | {found['s']:.0f} | {found['cpu_s']:.0f} |"
                    f" {items / found['cpu_s']:,.0f} | {found['peak_mb']:.0f} |",
                    flush=True,
                )


def generate(root: Path, first: int, items: int) -> int:
    """Extend the lake to `items` items; `first` are there already."""
    lake = Lake(str(root))
    if first == 0:
        LakeWriter(lake, lambda: NOON).start(dict.fromkeys(SOURCES, 0), dict.fromkeys(SOURCES, 0))
    templates = [_template(n) for n in range(_TEMPLATES)]
    actions: dict[str, list[AddAction]] = {table: [] for table in TABLES}
    for begin in range(first, items, _FILE):
        blocks = range(begin // BLOCK, min(begin + _FILE, items) // BLOCK)
        for table in ("rejects", "entities", "events", "stories"):
            parts = [_block(table, templates[n % _TEMPLATES][table], n) for n in blocks]
            partition = {"date": NOON.date().isoformat()}
            if table != "rejects":
                partition = {"date": _day(begin).date().isoformat(), "region": "western-asia"}
                if table in {"stories", "events"}:
                    parts = [_dated(part, _day(begin)) for part in parts]
            actions[table].append(_file(lake, table, partition, pa.concat_tables(parts), begin))
    ledger = table_of("ledger", [_ledger(n) for n in range(first // BLOCK, items // BLOCK)])
    ledger = ledger.select(contract("ledger").file_schema.names)
    actions["ledger"] = [_file(lake, "ledger", {"date": NOON.date().isoformat()}, ledger, first)]
    blocks = items // BLOCK
    ends = {source: len(range(n, blocks, len(SOURCES))) * BLOCK for n, source in enumerate(SOURCES)}
    for table in TABLES:
        lake.refresh(table)
        lake.commit_actions(table, actions[table], ends, f"bench-{table}-{items}")
    return items


def _place(block: int) -> tuple[str, int]:
    """The source of a block and its first offset."""
    return SOURCES[block % len(SOURCES)], block // len(SOURCES) * BLOCK


def _day(begin: int) -> datetime:
    return NOON - timedelta(days=begin // _FILE % DAYS)


def _template(number: int) -> dict[str, pa.Table]:
    """The rows of one block, by the job's own code: texts of their own, ids to be replaced."""
    chance = random.Random(number)
    rows: dict[str, list[Row]] = {table: [] for table in TABLES}
    for offset in range(BLOCK):
        if offset % 10 == 9:
            rows["rejects"].append(reject_row(a_reject(offset)))
            continue
        text = tuple(" ".join(chance.choices(_WORDS, k=60)) + "." for _ in range(5))
        story = enriched(_read(offset, text), entities=_ENTITIES, events=(an_event(),))
        rows["stories"].append(story_row(story, "bench", "0"))
        rows["entities"] += entity_rows(story)
        rows["events"] += event_rows(story)
    return {
        table: table_of(table, made).select(contract(table).file_schema.names)
        for table, made in rows.items()
    }


def _read(offset: int, text: Sequence[str]) -> Story:
    """Read a story from its bytes, as the deep check does again."""
    words = {
        "uri": f"urn:bench:{offset}",
        "type": "text",
        "versioncreated": NOON.isoformat(),
        "headline": HEADLINE,
        "slugline": f"visit-{offset}",
        "body_text": "\n\n".join((*PARAGRAPHS, *text)),
    }
    (story,) = parse_record(Record(SOURCES[0], offset, json.dumps(words).encode()))
    assert isinstance(story, Story)
    return story


def _block(table: str, template: pa.Table, block: int) -> pa.Table:
    """The rows of a template as those of `block`."""
    source, start = _place(block)
    places = [f"{source} {start + offset}" for offset in template["offset"].to_pylist()]
    columns: dict[str, pa.Array] = {
        "source": pa.array([source] * template.num_rows),
        "offset": pc.add(template["offset"], start),
    }
    if table != "rejects":
        columns["revision_id"] = pa.array([_id(place, "revision") for place in places])
        columns["story_id"] = pa.array([_id(place, "family") for place in places])
    made = _with(template, columns)
    if table == "events":
        ids = [event_id_of(row) for row in made.select(EVENT_PARTS).to_pylist()]
        made = _with(made, {"event_id": pa.array(ids)})
    return made


def _dated(table: pa.Table, day: datetime) -> pa.Table:
    if "published_at" not in table.column_names:
        return table
    kind = table.schema.field("published_at").type
    return _with(table, {"published_at": pa.array([day] * table.num_rows, kind)})


def _with(table: pa.Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    for name, column in columns.items():
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(at), column)
    return table


def _id(place: str, kind: str) -> str:
    return hashlib.sha256(f"{place} {kind}".encode()).hexdigest()[:32]


def _ledger(block: int) -> Row:
    source, start = _place(block)
    stories = BLOCK - BLOCK // 10
    return ledger_row(
        Block(source, start, start + BLOCK, BLOCK, BLOCK),
        stories=stories,
        rejects=BLOCK // 10,
        skipped=0,
        entities=2 * stories,
        events=stories,
        enrichment_id=ENRICHMENT,
        writer="bench",
        committed_at=NOON,
    )


def _file(
    lake: Lake, table: str, partition: Mapping[str, str], rows: pa.Table, number: int
) -> AddAction:
    path = f"{folder_of(partition)}bench-{number}.parquet"
    data = encode(rows, Marks({}))
    # Not by the lake's own files, which wait for the disk after each.
    target = Path(lake.url, table, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return add_action(table, path, data.size, partition, rows, NOON)


_WORDS = (
    *("the", "minister", "said", "that", "talks", "on", "trade", "would", "go", "on", "in"),
    *("spring", "after", "both", "sides", "had", "met", "again", "and", "signed", "what"),
    *("they", "called", "an", "agreement", "in", "principle", "while", "others", "spoke", "of"),
    *("days", "lost", "to", "weather", "harbours", "ferries", "grain", "steel", "markets"),
    *("shares", "courts", "judges", "votes", "parties", "cities", "rivers", "floods"),
)


def _measured(root: Path, mode: str, memory_mb: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--check", str(root), "--memory-mb", str(memory_mb)]
    command += ["--deep"] if mode == "--deep" else []
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _checked(root: Path, memory_mb: int, *, is_deep: bool) -> None:
    begun = time.monotonic()
    report = check(
        str(root),
        strict=True,
        deep=is_deep,
        parse=parse_record if is_deep else None,
        memory_mb=memory_mb,
    )
    used = resource.getrusage(resource.RUSAGE_SELF)
    if report.counts:
        raise SystemExit(f"the generated lake is not whole: {report.findings[:3]}")
    facts = {
        "s": time.monotonic() - begun,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mb": _peak_kb() / _MB,
    }
    sys.stdout.write(json.dumps(facts))


def _peak_kb() -> int:
    """Return the peak of this process's memory: `ru_maxrss` begins with that of its parent, which
    made the lake."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
