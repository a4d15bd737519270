"""Uploads without pyarrow's stream; each test of what lacks fails once it does no more."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs
import pytest
from deltalake.fs import DeltaStorageHandler

from pipeline.compat.delta_uploads import Uploads


def test_an_upload_is_there_as_it_was_given(tmp_path: Path) -> None:
    """All of its bytes, by its path."""
    Uploads(tmp_path.as_uri(), {}).put("folder/file", pa.py_buffer(b"all of it"))
    assert (tmp_path / "folder" / "file").read_bytes() == b"all of it"


def test_the_public_stream_still_ends_what_failed(tmp_path: Path) -> None:
    """A write that breaks off leaves half a file: once it does not, the liberty can go."""
    files = pafs.PyFileSystem(DeltaStorageHandler(tmp_path.as_uri(), {}))

    def write() -> None:
        with files.open_output_stream("file") as out:
            out.write(b"half")
            raise OSError("breaks off")

    with pytest.raises((OSError, TypeError)):
        write()
    assert (tmp_path / "file").exists()
