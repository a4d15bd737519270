"""What goes wrong with a lake is found: a few of the mutations that `make mutate` tries whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.mutations import base_lake, mutations, tried

A_FEW = 254


def test_a_few_mutations_are_found(tmp_path: Path) -> None:
    base = base_lake(tmp_path)
    outcomes = [tried(base, mutation, tmp_path) for mutation in mutations()[::A_FEW]]
    missed = [o.mutation.name for o in outcomes if not o.is_found and o.equivalent is None]
    assert missed == []
    assert any(outcome.is_found for outcome in outcomes)


@pytest.mark.long
def test_nearly_every_mutation_is_found() -> None:
    """At least 98 of 100; a miss is one that changes nothing that anyone reads, and says what.

    Of each tenth mutation: `make mutate` tries all, for about a quarter of an hour.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.mutations", "--every", "10"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_there_are_many_of_each_kind() -> None:
    """At least 150, none twice."""
    every = mutations()
    assert len(every) >= 150
    assert len({mutation.name for mutation in every}) == len(every)
    groups = {"table", "rows", "values", "files", "log", "bits", "accounts", "notes"}
    assert {m.group for m in every} == groups
