"""What a log says is held against itself: its entries, its checkpoints, the files beside it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from pipeline.errors import StoreError
from pipeline.store.check.judge import check
from pipeline.store.commit.entry_seal import ENTRY_SEAL
from pipeline.store.commit.lake import Lake
from pipeline.store.schema.contract import TABLES
from pipeline.store.upkeep.clean_up import clean_up
from tests.store.commit.test_write import batch_of, started
from tests.support.laws import sample
from tests.support.rows import NOON, SOURCE, altered

LATER = NOON + timedelta(days=9)


def checkpoint(lake: Path, table: str) -> Path:
    return sorted((lake / table / "_delta_log").glob("*.checkpoint.parquet"))[-1]


def thin_out(path: Path) -> None:
    """Drop every third addition, as a damaged or wrongly written checkpoint would."""
    table = pq.read_table(path)
    adds = [bool(add and add.get("path")) for add in table["add"].to_pylist()]
    kept = [not add or n % 3 > 0 for n, add in enumerate(adds)]
    pq.write_table(table.filter(pa.array(kept)), path)


def files(lake: Path) -> set[Path]:
    return set(lake.glob("*/date=*/**/*.parquet"))


@pytest.mark.long
@pytest.mark.parametrize("table", sample(["ledger", "events", "stories"]))
def test_a_checkpoint_that_lost_entries_is_found_and_never_made_final(
    logged: Path, table: str
) -> None:
    """The files are whole: clean-up leaves them, so that a repair can still name them."""
    assert check(str(logged), strict=True).ok
    before = files(logged)
    thin_out(checkpoint(logged, table))
    assert {"log_checkpoint", "lost_file"} <= set(check(str(logged)).counts)
    cleaned = clean_up(Lake(str(logged)), LATER)
    assert (cleaned.removed, files(logged)) == (0, before)
    assert cleaned.lost > 0
    assert not check(str(logged)).ok


def test_what_a_commit_removed_is_no_loss(logged: Path) -> None:
    """Deletion on purpose: the log knows of it, clean-up carries it out, and the check sees it."""
    DeltaTable(str(logged / "entities")).delete(f"source = '{SOURCE}'")
    assert clean_up(Lake(str(logged)), LATER).removed == 22
    assert set(check(str(logged)).counts) == {"story_found", "foreign_entry"}


def test_a_missing_entry_is_told(logged: Path) -> None:
    entries = sorted((logged / "events" / "_delta_log").glob("*.json"))
    entries[3].unlink()
    assert check(str(logged)).counts == {"log_entry": 1}


@pytest.mark.parametrize("table", sample(TABLES, 4))
def test_a_damaged_old_entry_is_told_by_deep(logged: Path, table: str) -> None:
    entries = sorted((logged / table / "_delta_log").glob("*.json"))
    entries[2].write_bytes(b'{"commitInfo":')
    assert check(str(logged), deep=True).counts == {"log_entry": 1}


def test_an_emptied_lake_does_not_add_up(lake: Path) -> None:
    """The logs still name how far each source was committed."""
    for table in TABLES:
        altered(lake, table, lambda _: [])
    report = check(str(lake))
    assert report.counts == {"ledger_end": 2}


def test_a_source_without_rows_does_not_add_up(lake: Path) -> None:
    for table in TABLES:
        altered(lake, table, lambda rows: [row for row in rows if row["source"] != SOURCE])
    (finding,) = check(str(lake)).findings
    assert (finding.kind, finding.source, finding.end) == ("ledger_end", SOURCE, 16)


def kinds(lake: Path) -> set[str]:
    """What the check finds; `refused` where delta-rs does not open a table, with the remedy."""
    try:
        return set(check(str(lake), deep=True).counts)
    except StoreError as error:
        return {"refused"} if "dateline lake repair" in str(error) else set()


def entry_of(lake: Path, table: str, nth: int) -> Path:
    return sorted((lake / table / "_delta_log").glob("*.json"))[nth]


@pytest.mark.parametrize(
    "words",
    sample(
        [
            ('\\"numRecords\\": 1', '\\"numRecords\\": 9'),
            ('"size":', '"sizd":'),
            ('"dataChange":true', '"dataChange":false'),
            ('"partitionValues"', '"partitionVamues"'),
            ('"appId":"cluster', '"appId":"bluster'),
        ]
    ),
)
@pytest.mark.parametrize(
    "nth", [3, pytest.param(-1, marks=pytest.mark.long)], ids=["below a checkpoint", "last"]
)
def test_an_entry_whose_actions_are_not_those_that_were_committed_is_found(
    logged: Path, words: tuple[str, str], nth: int
) -> None:
    """Also where a checkpoint covers it: the last reader of it would be a repair."""
    before, after = words
    path = entry_of(logged, "events", nth)
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    assert {"log_entry", "log_checkpoint", "refused"} & kinds(logged)


def test_what_only_a_history_tells_is_no_part_of_the_seal(logged: Path) -> None:
    path = entry_of(logged, "events", 3)
    path.write_text(path.read_text().replace('"engineInfo":"delta', '"engineInfo":"selta'))
    assert check(str(logged), strict=True, deep=True).ok


def test_metadata_that_an_entry_gives_twice_are_held_against_each_other(logged: Path) -> None:
    path = entry_of(logged, "events", 0)
    text = path.read_text()
    path.write_text(text.replace('"name":"events"', '"name":"events2"'))
    assert path.read_text() != text
    report = check(str(logged), deep=True)
    assert report.counts["log_entry"] == 1


@pytest.mark.parametrize("said", sample(['{"version":7,"size":3}', '{"version":', '{"size":3}'], 3))
def test_a_hint_that_names_no_checkpoint_is_found(logged: Path, said: str) -> None:
    (logged / "events" / "_delta_log" / "_last_checkpoint").write_text(said)
    assert {"log_checkpoint", "refused"} & kinds(logged)


@pytest.mark.parametrize("part", sample(["stats", "modificationTime"]))
def test_a_checkpoint_that_tells_other_things_of_a_file_is_found(logged: Path, part: str) -> None:
    path = checkpoint(logged, "events")
    rows = pq.read_table(path)
    adds = rows["add"].to_pylist()
    other = {"stats": '{"numRecords": 4}', "modificationTime": 1}[part]
    changed = [add and {**add, part: other} for add in adds]
    at = rows.schema.get_field_index("add")
    column = pa.array(changed, rows.schema.field("add").type)
    pq.write_table(rows.set_column(at, rows.schema.field("add"), column), path)
    assert check(str(logged), deep=True).counts["log_checkpoint"] == 1


def committed(lake: Path, table: str, *actions: object) -> None:
    """One more entry of a log, as another tool writes it."""
    number = len(list((lake / table / "_delta_log").glob("*.json")))
    text = "\n".join(json.dumps(action) for action in actions)
    (lake / table / "_delta_log" / f"{number:020}.json").write_text(f"{text}\n")


def added(lake: Path, table: str) -> dict[str, Any]:
    """The last addition of a table's log."""
    lines = entry_of(lake, table, -1).read_text().splitlines()
    return next(json.loads(line) for line in lines if '"add"' in line)


def test_a_file_that_is_added_again_is_told_by_deep(logged: Path) -> None:
    """Readers of the whole table see no difference, those that follow its log get rows twice."""
    entry = entry_of(logged, "events", -1)
    (entry.parent / f"{int(entry.stem) + 1:020}.json").write_bytes(entry.read_bytes())
    assert check(str(logged), strict=True).counts == {"log_entry": 1}


def test_rows_that_a_vector_hides_are_told(logged: Path) -> None:
    add = added(logged, "events")
    add["add"]["deletionVector"] = {
        **{"storageType": "i", "pathOrInlineDv": "", "offset": 1},
        **{"sizeInBytes": 40, "cardinality": 1},
    }
    committed(logged, "events", {"remove": add["add"]}, add)
    assert {"log_entry", "foreign_entry"} <= set(check(str(logged)).counts)


def test_statistics_of_other_columns_are_told(logged: Path) -> None:
    """Readers may leave the file out by them."""
    entry = entry_of(logged, "events", -1)
    actions = [json.loads(line) for line in entry.read_text().splitlines()]
    for action in actions:
        # As of a version that knew no seals: the rule is asked, and not the seal.
        action.get("commitInfo", {}).pop(ENTRY_SEAL, None)
        if "add" in action:
            stats = json.loads(action["add"]["stats"])
            stats["minValues"]["root"] = "Z"
            action["add"]["stats"] = json.dumps(stats)
    entry.write_text("".join(f"{json.dumps(action)}\n" for action in actions))
    assert check(str(logged), deep=True).counts == {"log_entry": 1}


def test_features_of_another_tool_are_refused_with_the_remedy(logged: Path) -> None:
    features = ["deletionVectors"]
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7}
    named = {"readerFeatures": features, "writerFeatures": features}
    committed(logged, "events", {"protocol": {**protocol, **named}})
    with pytest.raises(StoreError, match=r"from a backup .docs/upkeep\.md"):
        check(str(logged))


def test_another_id_of_a_table_is_told_by_deep(logged: Path) -> None:
    """Who follows the table by its id takes it for another one."""
    lines = entry_of(logged, "events", 0).read_text().splitlines()
    (metadata,) = [json.loads(line) for line in lines if '"metaData"' in line]
    metadata["metaData"]["id"] = "00000000-0000-4000-8000-000000000000"
    committed(logged, "events", metadata)
    assert check(str(logged), deep=True).counts == {"log_entry": 1}


def test_two_makings_at_once_of_an_older_version_are_told_by_nobody(logged: Path) -> None:
    """The second came before any file: nobody can have followed the table by its first id."""
    lake = logged.parent / "older"
    for handle in (Lake(str(lake)).handle(table) for table in TABLES):
        handle.version()
    made = entry_of(lake, "events", 0)
    again = re.sub(r'(\\*"id\\*":\\*")[0-9a-f]{8}', r"\g<1>00000000", made.read_text())
    assert again != made.read_text()
    (made.parent / f"{1:020}.json").write_text(again)
    assert not check(str(lake), deep=True, strict=True).findings
    started(lake, SOURCE).write(batch_of(0, 3))
    assert not check(str(lake), deep=True).counts
