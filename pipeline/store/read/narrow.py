"""Data files that lack columns of today: those that a version before an upgrade has written.

A reader that goes by the table's log sees nulls there. A plain glob takes the columns of one file
for those of all, unless it is told otherwise (docs/tables.md, "Plain files").
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from pipeline.store.schema.contract import contract

_OPEN_AT_ONCE = 8


def narrow_files(filesystem: pafs.FileSystem, table: str, paths: Iterable[str]) -> list[str]:
    """Return those of `paths`, below the table, whose files lack a column of the contract.

    Reads their footers. A file that is gone or damaged is none of them: the check tells of it.
    """
    wanted = set(contract(table).file_schema.names)

    def is_narrow(path: str) -> bool:
        try:
            schema = pq.read_schema(f"{table}/{path}", filesystem=filesystem)
        except (OSError, pa.ArrowInvalid):
            return False
        return not wanted <= {*schema.names}

    listed = list(paths)
    with ThreadPoolExecutor(_OPEN_AT_ONCE) as pool:
        found = pool.map(is_narrow, listed)
        return [path for path, narrow in zip(listed, found, strict=True) if narrow]
