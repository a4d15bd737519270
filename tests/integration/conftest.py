"""Fixtures: an embedded broker, a small disk, the development data."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.source.broker.embedded import EmbeddedBroker
from tests.support.data import DATA


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    """A broker with an empty topic `wire` of three partitions."""
    with EmbeddedBroker(topics={"wire": 3}) as running:
        yield running


@pytest.fixture
def reuters() -> list[Path]:
    """The ten files of Reuters-21578."""
    files = sorted((DATA / "reuters21578").glob("*.sgm.gz"))
    if not files:
        pytest.skip("DATELINE_DATA names no folder that holds reuters21578")
    return files


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 4 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a file system")
    yield disk
    # As often as it was mounted over.
    while disk.is_mount():
        subprocess.run(["umount", "-l", str(disk)], check=True)
