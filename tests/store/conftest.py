"""What the tests of the store share: a small lake that has a bit of everything."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.rows import a_batch, a_reject, a_story, enriched, written

TOPIC = "cluster/topic/1"


@pytest.fixture
def lake(tmp_path: Path, written_lake: Path) -> Path:
    """Two sources in three batches: stories of two days, rejects, a skip, gaps."""
    return Path(shutil.copytree(written_lake, tmp_path / "lake"))


@pytest.fixture
def logged(tmp_path: Path, logged_lake: Path) -> Path:
    """A story a batch, 22 of them: past a checkpoint of each table."""
    return Path(shutil.copytree(logged_lake, tmp_path / "lake"))


@pytest.fixture(scope="session")
def logged_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That lake as it was written: to be copied, not to be touched."""
    root = tmp_path_factory.mktemp("logged") / "lake"
    written(root, *(a_batch([enriched(a_story(n))]) for n in range(22))).close()
    return root


@pytest.fixture(scope="session")
def written_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That lake as it was written: to be copied, not to be touched."""
    root = tmp_path_factory.mktemp("written") / "lake"
    next_day = datetime(2026, 3, 5, 9, tzinfo=UTC)
    written(
        root,
        a_batch(
            [enriched(a_story(10)), enriched(a_story(11, 0)), enriched(a_story(11, 1))],
            [a_reject(12), a_reject(13, kind="skipped.not_a_story", raw=None)],
            spans={a_story().source: (10, 15)},
        ),
        a_batch([enriched(a_story(0, source=TOPIC, published_at=next_day))]),
        a_batch(
            [
                enriched(a_story(15), entities=(), events=()),
                enriched(a_story(1, source=TOPIC, published_at=None), region="unknown"),
            ]
        ),
    )
    return root
