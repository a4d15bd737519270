"""What readers of plain files make of stories without a day: three ways to name their folder.

    PYTHONPATH=. .venv/bin/python bench/undated.py

A tree of three rows, two of known days and one without, read as each tool does by itself (`plain`)
and with the types of the partitions where it takes them (`typed`): rows, nulls, least and greatest
day, or the error. Its table is in docs/tools.md.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

NAMES = ("__HIVE_DEFAULT_PARTITION__", "0001-01-01", "9999-12-31")
TYPES = ds.partitioning(pa.schema([("date", pa.date32())]), flavor="hive")


def tree(root: Path, undated: str) -> Path:
    """Write one row each into two days and the folder of the undated."""
    for n, day in enumerate(("2026-03-04", "2026-03-05", undated)):
        (root / f"date={day}").mkdir(parents=True)
        pq.write_table(pa.table({"n": [n]}), root / f"date={day}" / "a.parquet")
    return root


def _column(values: list[Any]) -> tuple[int, int, Any, Any]:
    known = [value for value in values if value is not None and str(value) != "NaT"]
    return len(values), len(values) - len(known), min(known), max(known)


def _duckdb(root: Path, types: str) -> list[Any]:
    import duckdb

    sql = f"SELECT date FROM read_parquet('{root}/*/*.parquet', hive_partitioning=true{types})"
    return [row[0] for row in duckdb.sql(sql).fetchall()]


def _polars(root: Path, schema: Any) -> list[Any]:
    import polars as pl

    scan = pl.scan_parquet(f"{root}/*/*.parquet", hive_partitioning=True, hive_schema=schema)
    return list(scan.collect()["date"].to_list())


def _pandas(root: Path, **given: Any) -> list[Any]:
    import pandas as pd

    column = pd.read_parquet(root, **given)["date"].astype(object)
    return [None if pd.isna(value) else value for value in column]


def _arrow(root: Path, partitioning: Any) -> list[Any]:
    return list(ds.dataset(root, partitioning=partitioning).to_table()["date"].to_pylist())


def _datafusion(root: Path, kind: str) -> list[Any]:
    import datafusion

    context = datafusion.SessionContext()
    context.register_parquet("t", str(root), table_partition_cols=[("date", kind)])
    return [row["date"] for row in context.sql("SELECT date FROM t").to_pylist()]


def _chdb(root: Path, settings: str = "") -> list[Any]:
    import os

    from chdb.session import Session

    os.chdir("/")
    sql = f"SELECT date FROM file('{root}/*/*.parquet', Parquet) {settings}"
    return list(Session().query(sql, "ArrowTable").to_pandas()["date"])


def _daft(root: Path) -> list[Any]:
    import daft

    return list(
        daft.read_parquet(f"{root}/*/*.parquet", hive_partitioning=True).to_pydict()["date"]
    )


def _spark(root: Path) -> list[Any]:
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", False).getOrCreate()
    return [row[0] for row in spark.read.parquet(str(root)).select("date").collect()]


def _date32() -> Any:
    import polars as pl

    return {"date": pl.Date}


READERS: dict[str, Callable[[Path], list[Any]]] = {
    "DuckDB, plain": lambda root: _duckdb(root, ""),
    "DuckDB, typed": lambda root: _duckdb(root, ", hive_types={'date': DATE}"),
    "Polars, plain": lambda root: _polars(root, None),
    "Polars, typed": lambda root: _polars(root, _date32()),
    "pandas, plain": _pandas,
    "pandas, typed": lambda root: _pandas(root, partitioning=TYPES),
    "PyArrow, plain": lambda root: (
        ds.dataset(root, partitioning="hive").to_table()["date"].to_pylist()
    ),
    "PyArrow, typed": lambda root: (
        ds.dataset(root, partitioning=TYPES).to_table()["date"].to_pylist()
    ),
    "DataFusion, as text": lambda root: _datafusion(root, pa.string()),
    "DataFusion, typed": lambda root: _datafusion(root, pa.date32()),
    "ClickHouse": _chdb,
    "Daft": _daft,
    "Spark": _spark,
}


def main() -> None:
    """Print a line a reader and name."""
    for name in NAMES:
        made = Path(tempfile.mkdtemp())
        try:
            root = tree(made / "t", name)
            for reader, read in READERS.items():
                try:
                    told = " ".join(str(part) for part in _column(read(root)))
                except BaseException as error:
                    told = f"{type(error).__name__}: {str(error).strip()[:90]!r}"
                print(f"{name:28} {reader:20} {told}", flush=True)
        finally:
            shutil.rmtree(made)


if __name__ == "__main__":
    main()
