"""A store that ignores the condition of a put is refused before anything is written to it."""

from __future__ import annotations

from pathlib import Path

import pyarrow.fs as pafs
import pytest
from structlog.testing import capture_logs

from pipeline.errors import StoreError
from pipeline.store.commit import conditional
from pipeline.store.commit.conditional import assert_put_if_absent
from pipeline.store.commit.lake import Lake
from pipeline.store.schema.contract import TABLES
from tests.support.object_store import SECRET, Store, options_of


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditional, "_known", set())


def objects(store: Store, prefix: str) -> list[str]:
    selector = pafs.FileSelector(f"news/{prefix}", recursive=True, allow_not_found=True)
    found = store.files().get_file_info(selector)
    return [info.path for info in found if info.type == pafs.FileType.File]


def test_a_store_that_ignores_the_condition_is_refused_and_nothing_is_left(store: Store) -> None:
    store.plan(is_deaf=True)
    lake = Lake("s3://news/deaf", options_of(store.faulty))
    for table in TABLES:
        with pytest.raises(StoreError) as refused:
            lake.refresh(table)
        told = str(refused.value)
        assert refused.value.exit_code == 12
        assert "put-if-absent" in told
        assert "lake.url" in told
        assert "s3://news/deaf" in told
        assert SECRET not in told
    assert objects(store, "deaf") == []


def test_a_store_that_heeds_it_is_taken_and_asked_once(store: Store) -> None:
    store.plan()
    lake = Lake("s3://news/sound", options_of(store.faulty, timeout="30s"))
    before = sum(store.counts().values())
    assert_put_if_absent(lake.url, lake.options)
    asked = sum(store.counts().values()) - before
    assert asked == 3  # two puts and a deletion
    assert_put_if_absent(lake.url, lake.options)
    assert sum(store.counts().values()) - before == asked
    assert objects(store, "sound") == []
    assert lake.refresh("ledger").version() >= 0


def test_a_store_that_is_down_is_not_called_one_without_it(store: Store) -> None:
    """It is told of in the log: nobody knows then whether two writers are safe there."""
    store.plan(is_down=True)
    with capture_logs() as told:
        assert_put_if_absent("s3://news/down", options_of(store.faulty))
    store.plan()
    assert [(line["log_level"], "put-if-absent" in line["event"]) for line in told] == [
        ("warning", True)
    ]


def test_a_folder_is_not_asked(tmp_path: Path) -> None:
    for url in (str(tmp_path), f"file://{tmp_path}"):
        assert_put_if_absent(url, {})
    assert list(tmp_path.iterdir()) == []
