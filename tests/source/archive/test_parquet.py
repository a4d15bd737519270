"""Parquet files of articles: each row a record, the same as a line of JSON."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.model import Reject, Story
from pipeline.parse import parse_record
from pipeline.source.archive.archive import open_archive

ROWS = [
    {"title": f"Lamp {n} lit", "text": "The keepers lit the lamp.\nShips saw it.",
     "domain": "c.example", "date": "2017-07-04 10:00:00", "description": "Light",
     "url": f"https://c.example/{n}", "image_url": None}
    for n in range(200)
]  # fmt: skip


def _file(path: Path, rows: list[dict[str, object]] | None = None) -> Path:
    table = pa.Table.from_pylist(rows or ROWS)
    pq.write_table(table, path, row_group_size=70)
    return path


def test_each_row_is_a_story_by_the_ready_mapping(tmp_path: Path) -> None:
    archive = open_archive(_file(tmp_path / "x.parquet"))
    assert archive.total == 200
    stories = [parse_record(record)[0] for record in archive.records()]
    assert all(isinstance(story, Story) for story in stories)
    assert [s.headline for s in stories if isinstance(s, Story)][:2] == ["Lamp 0 lit", "Lamp 1 lit"]


def test_the_rows_are_the_same_source_as_lines_of_json(tmp_path: Path) -> None:
    """An archive is known by its records, whatever holds them."""
    _file(tmp_path / "x.parquet")
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in ROWS)
    (tmp_path / "x.jsonl").write_text("\n".join(lines), "utf-8")
    one, other = open_archive(tmp_path / "x.parquet"), open_archive(tmp_path / "x.jsonl")
    assert one.source == other.source


def test_reading_goes_on_at_any_offset(tmp_path: Path) -> None:
    archive = open_archive(_file(tmp_path / "x.parquet"))
    whole = list(archive.records())
    assert list(archive.records(137)) == whole[137:]


def test_values_that_json_lacks_are_text(tmp_path: Path) -> None:
    rows = [{
        "at": datetime(2015, 1, 1, 10, tzinfo=UTC), "price": Decimal("1.50"), "raw": b"\xff",
        "tags": ["a", "b"], "of": {"name": "Rosa"}, "text": b"Bytes.",
    }]  # fmt: skip
    (record,) = open_archive(_file(tmp_path / "x.parquet", rows)).records()
    assert json.loads(record.value) == {
        "at": "2015-01-01T10:00:00+00:00", "price": "1.50", "raw": "/w==", "tags": ["a", "b"],
        "of": {"name": "Rosa"}, "text": "Bytes.",
    }  # fmt: skip


def test_damage_is_a_record_and_the_rest_is_read(tmp_path: Path) -> None:
    path = _file(tmp_path / "x.parquet")
    second = pq.ParquetFile(path).metadata.row_group(1).column(0)
    data = bytearray(path.read_bytes())
    begin = second.dictionary_page_offset or second.data_page_offset
    data[begin : begin + 60] = b"\xff" * 60
    path.write_bytes(data)
    items = [parse_record(record)[0] for record in open_archive(path).records()]
    assert sum(isinstance(item, Story) for item in items) >= 130
    broken = [item for item in items if isinstance(item, Reject)]
    assert any("row group 1 is broken" in item.message for item in broken)


def test_a_file_without_its_end_is_one_damaged_record(tmp_path: Path) -> None:
    path = _file(tmp_path / "x.parquet")
    path.write_bytes(path.read_bytes()[:-100])
    (item,) = (parse_record(record)[0] for record in open_archive(path).records())
    assert isinstance(item, Reject)
    assert (item.kind, "no Parquet file" in item.message) == ("malformed", True)


def test_within_a_compression_it_is_a_reject_that_says_so(tmp_path: Path) -> None:
    data = gzip.compress(_file(tmp_path / "x.parquet").read_bytes())
    (tmp_path / "y.gz").write_bytes(data)
    (record,) = open_archive(tmp_path / "y.gz").records()
    (item,) = parse_record(record)
    assert isinstance(item, Reject)
    assert "Parquet is read from its end" in item.message


def test_a_long_row_is_cut_at_the_limit(tmp_path: Path) -> None:
    path = _file(tmp_path / "x.parquet", [{"title": "Long", "text": "x" * 5000}])
    (record,) = open_archive(path, max_record_bytes=1000).records()
    assert len(record.value) == 1000
    (item,) = parse_record(record)
    assert isinstance(item, Reject)
    assert item.kind == "too_large"
