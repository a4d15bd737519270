"""A reader beside the job, that at every moment opens what a plain glob finds in the lake.

A half-written file under a final name would make DuckDB, pandas or Spark fail on the whole table;
this reader meets it while it stands there, not only when all is over.
"""

from __future__ import annotations

import re
import threading
from typing import Self

import pyarrow.fs as pafs
import pyarrow.parquet as pq

_PAUSE_S = 0.05
_DATA_FILE = re.compile(r"/[^_/][^/]*/date=[^/]*/(region=[^/]*/)?[^/]+\.parquet")
_STAGING = "/_staging/"


class GlobReader:
    """Opens every data file below `root` as soon as it stands there, in a thread of its own.

    What the glob `TABLE/date=*/region=*/*.parquet` finds is opened once as it is; what clean-up
    took away in between is no fault. `failures` holds the others, by path.
    """

    def __init__(self, files: pafs.FileSystem, root: str) -> None:
        self._files = files
        self._root = root
        self._seen: set[tuple[str, int, int]] = set()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.opened = 0
        self.failures: dict[str, str] = {}

    def look(self) -> None:
        """Open what is new."""
        everything = pafs.FileSelector(self._root, allow_not_found=True, recursive=True)
        for found in self._files.get_file_info(everything):
            if _STAGING not in found.path and _DATA_FILE.search(found.path):
                self._open(found)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(60)
        self.look()

    def _run(self) -> None:
        while not self._stopped.wait(_PAUSE_S):
            try:
                self.look()
            except OSError:
                continue  # A folder went away while it was listed, or the store is restarted.

    def _open(self, found: pafs.FileInfo) -> None:
        known = (found.path, found.size, found.mtime_ns)
        if known in self._seen:
            return
        try:
            with self._files.open_input_file(found.path) as file:
                pq.read_metadata(file)
        except Exception as error:
            # An object store tells in other words than a file system that it is gone.
            if self._files.get_file_info(found.path).type != pafs.FileType.NotFound:
                self.failures[found.path] = repr(error)
            return
        self._seen.add(known)
        self.opened += 1
