"""Uploads to an object store through deltalake's own client: whole, or not at all.

Its public file system (`deltalake.fs.DeltaStorageHandler`) has pyarrow's stream around an upload.
That stream hands over a Buffer, which deltalake does not take, and closes an upload that failed, so
that half of it appears.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from deltalake._internal import DeltaFileSystemHandler

from pipeline.compat.liberty import Liberty

LIBERTY = Liberty(
    library="deltalake",
    version="1.6.6",
    why="pyarrow's stream around an upload hands over what is not taken, and ends what failed",
    issue="https://github.com/apache/arrow/issues/40502",
)


class Uploads:
    """The object store at `url`; paths are relative to it."""

    def __init__(self, url: str, options: Mapping[str, str]) -> None:
        self._handler = DeltaFileSystemHandler(url, dict(options))

    def put(self, path: str, data: pa.Buffer) -> None:
        """Make `path` appear with all of `data`, or not at all."""
        out: Any = self._handler.open_output_stream(path)
        out.write(data.to_pybytes())
        # Only this makes the object appear.
        out.close()
