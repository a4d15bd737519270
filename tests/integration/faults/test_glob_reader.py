"""The reader beside the faults sees what it is there to see."""

from __future__ import annotations

from pathlib import Path

import pyarrow.fs as pafs
import pytest

from tests.integration.faults.test_store_kills import run
from tests.support.job import until
from tests.support.watch import GlobReader

pytestmark = pytest.mark.engine


@pytest.mark.breaks_files
def test_a_half_written_file_is_met_while_it_stands_there(tmp_path: Path) -> None:
    """Also one that is whole again at the end."""
    lake = tmp_path / "lake"
    assert run(lake, "write", "--records", "20").returncode == 0
    whole = next((lake / "stories").glob("date=*/region=*/*.parquet"))
    with GlobReader(pafs.LocalFileSystem(), str(tmp_path)) as reader:
        until(lambda: reader.opened > 0, 60)
        half = whole.with_name("half.parquet")
        half.write_bytes(whole.read_bytes()[:-100])
        until(lambda: bool(reader.failures), 60)
        half.unlink()
    assert list(reader.failures) == [str(half)]
    assert reader.opened == len(list(lake.glob("*/date=*/**/*.parquet")))
