"""A copy of a lake that was made while the job wrote (docs/operations.md, "Backup")."""

from __future__ import annotations

import shutil
from itertools import permutations
from pathlib import Path

import pytest

from pipeline.errors import DatelineError
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.schema.contract import TABLES
from tests.store.commit.test_write import SOURCE, assert_whole, batch_of, started, writer_of
from tests.support.laws import sample

BACKWARDS = tuple(reversed(TABLES))
"""The ledger first, rejects last: against the order of the commits."""


def copy_while_writing(lake: Path, copy: Path, order: tuple[str, ...]) -> None:
    """Copy table by table, log before data files; two batches are committed after each."""
    writer, end = started(lake, SOURCE), 0
    for table in ("", *order):
        if table:
            log = Path(table, "_delta_log")
            shutil.copytree(lake / log, copy / log)
            shutil.copytree(lake / table, copy / table, dirs_exist_ok=True, ignore=_no_log)
        for _ in range(2):
            writer.write(batch_of(end, end + 9))
            end += 9


def _no_log(_: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "_delta_log"]


def test_a_copy_from_the_ledger_to_the_rejects_can_be_worked_on(tmp_path: Path) -> None:
    """No table of the copy is behind its ledger: the job goes on from there, nothing twice."""
    assert TABLES[0] == "rejects" and TABLES[-1] == "ledger"
    lake, copy = tmp_path / "lake", tmp_path / "copy"
    copy_while_writing(lake, copy, BACKWARDS)
    end = Lake(str(copy)).ends([SOURCE])[SOURCE]
    assert end == 18
    again = writer_of(Lake(str(copy)))
    while end < 130:
        again.write(batch_of(end, end + 16))
        end += 16
    assert_whole(copy, {SOURCE: end})


@pytest.mark.parametrize("order", sample([TABLES, *list(permutations(TABLES))[30:33]]))
def test_a_copy_in_another_order_is_found_out(tmp_path: Path, order: tuple[str, ...]) -> None:
    """A table behind the ledger lacks what the ledger says is there: the check tells, always."""
    copy = tmp_path / "copy"
    copy_while_writing(tmp_path / "lake", copy, order)
    try:
        report = check(str(copy))
    except DatelineError:
        return
    assert not report.ok
