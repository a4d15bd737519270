"""The tables of a snapshot as Arrow datasets, by the files that their logs hold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs as pafs

from pipeline.store.commit.delta import local_path, reading_log
from pipeline.store.commit.tables import arrow_dataset
from pipeline.store.schema.contract import contract

if TYPE_CHECKING:
    from pipeline.store.read.snapshot import Snapshot


def whole_dataset(snapshot: Snapshot, table: str) -> ds.Dataset:
    """Return a table's rows: see `Snapshot.dataset`."""
    rule = contract(table).schema
    if table not in snapshot.tables:
        return ds.dataset(rule.empty_table())
    with reading_log(table):
        found = arrow_dataset(snapshot.tables[table], snapshot.url, table)
    return found.replace_schema(_widened(found.schema, rule))


def partitioned_dataset(snapshot: Snapshot, table: str) -> ds.Dataset:
    """Return a table's rows by files that know their partition: see `Snapshot.partitioned`."""
    path = local_path(snapshot.url)
    if path is None or table not in snapshot.tables or not snapshot.is_plain(table):
        return whole_dataset(snapshot, table)
    root = pafs.SubTreeFileSystem(str(path / table), pafs.LocalFileSystem())
    form = ds.ParquetFileFormat(
        default_fragment_scan_options=ds.ParquetFragmentScanOptions(pre_buffer=True)
    )
    schema = pa.schema(snapshot.tables[table].schema().to_arrow())
    parts = [
        form.make_fragment(file, filesystem=root, partition_expression=where)
        for file, where in _file_filters(snapshot, table)
    ]
    wide = _widened(schema, contract(table).schema)
    return ds.FileSystemDataset(parts, wide, form, root)


def _file_filters(snapshot: Snapshot, table: str) -> Iterator[tuple[str, pc.Expression]]:
    """Yield each file's path, and what its partition says of its rows."""
    keys = contract(table).partition_by
    paths, partitions = snapshot.paths(table), snapshot.partitions(table)
    # Made once a value: Arrow takes longer for it than for all else of a file.
    known = {
        (key, value): _is(key, value)
        for values in set(partitions)
        for key, value in zip(keys, values, strict=True)
    }
    for path, values in zip(paths, partitions, strict=True):
        yield path, reduce(and_, (known[pair] for pair in zip(keys, values, strict=True)))


def _is(key: str, value: object) -> pc.Expression:
    return ds.field(key).is_null() if value is None else ds.field(key) == value


def _widened(schema: pa.Schema, rule: pa.Schema) -> pa.Schema:
    lacking = [column for column in rule if column.nullable and column.name not in schema.names]
    return pa.schema([*schema, *lacking])
