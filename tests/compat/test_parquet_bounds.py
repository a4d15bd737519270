"""A footer that contradicts itself is told by an error, and does not end the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.compat.parquet_bounds import footer_bounds

TRIED = """
import io, sys
import pyarrow as pa
import pyarrow.parquet as pq
from pipeline.compat.parquet_bounds import footer_bounds
from pipeline.source.archive.parquet import parquet_rows
from tests.support.bits import flipped, footer_bits

def by_bounds(data):
    footer_bounds(pq.ParquetFile(pa.BufferReader(data)), ["source", "offset"])

def by_archive(data):
    told = [p.damage for p in parquet_rows(io.BytesIO(data), len(data), 1000, int, "x") if p.damage]
    if told:
        raise OSError(told[0])

def by_pyarrow(data):
    file = pq.ParquetFile(pa.BufferReader(data))
    [file.metadata.row_group(0).column(n) for n in range(file.metadata.num_columns)]

read = globals()[sys.argv[1]]
data = open(sys.argv[2], "rb").read()
told = 0
for bit in footer_bits(data):
    try:
        read(flipped(data, bit))
    except (OSError, ValueError, pa.ArrowException, MemoryError):
        told += 1
print(told)
"""


def a_file(path: Path) -> Path:
    rows = pa.table({"source": ["a", "a", "b"], "offset": [3, 4, 1], "words": [["x"], [], ["y"]]})
    pq.write_table(rows, path, row_group_size=2, store_schema=False)
    return path


def test_the_bounds_of_all_row_groups(tmp_path: Path) -> None:
    with pq.ParquetFile(a_file(tmp_path / "a.parquet")) as file:
        found = footer_bounds(file, ["offset", "source", "nowhere"])
        assert found == {"offset": (1, 4), "source": ("a", "b")}
        assert footer_bounds(file, []) == {}


def test_a_column_without_statistics_has_none(tmp_path: Path) -> None:
    rows = pa.table({"source": ["a"], "offset": [3]})
    pq.write_table(rows, tmp_path / "a.parquet", write_statistics=["source"])
    with pq.ParquetFile(tmp_path / "a.parquet") as file:
        assert footer_bounds(file, ["source", "offset"]) == {"source": ("a", "a")}


@pytest.mark.parametrize(
    ("read", "is_ended"), [("by_bounds", False), ("by_archive", False), ("by_pyarrow", True)]
)
def test_no_bit_of_a_footer_ends_the_process(tmp_path: Path, read: str, is_ended: bool) -> None:
    """As it does where pyarrow is asked for each column: else the liberty is needed no more."""
    done = subprocess.run(
        [sys.executable, "-c", TRIED, read, a_file(tmp_path / "a.parquet")],
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (done.returncode < 0) == is_ended, done.stderr[-500:]
    if not is_ended:
        assert int(done.stdout) > 100
