"""What others may see of a job, for tests that search it for secrets."""

from __future__ import annotations

import io
from collections.abc import Iterator

import psutil
import pyarrow.fs as pafs
import pyarrow.parquet as pq


def command_lines(pid: int) -> list[str]:
    """Those of a process and of all that it has started."""
    try:
        root = psutil.Process(pid)
        return [" ".join(one.cmdline()) for one in (root, *root.children(recursive=True))]
    except psutil.Error:
        return []


def contents(files: pafs.FileSystem, folder: str) -> Iterator[str]:
    """Every file below `folder`: as bytes, and the rows and footers of Parquet files unpacked."""
    for info in files.get_file_info(pafs.FileSelector(folder, recursive=True)):
        if info.type != pafs.FileType.File:
            continue
        with files.open_input_file(info.path) as file:
            data = file.read()
        yield data.decode("latin-1")
        if info.path.endswith(".parquet"):
            table = pq.read_table(io.BytesIO(data))
            yield repr(table.to_pylist())
            yield repr(table.schema.metadata)
