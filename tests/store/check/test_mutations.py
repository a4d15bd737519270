"""What goes wrong with a lake is found: some of the mutations that `make mutate` tries whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.mutations import mutations


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
    groups = {
        *("table", "rows", "values", "files", "log", "bits", "accounts", "notes"),
        *("statistics", "transactions", "metadata", "additions", "entries", "pairs", "derived"),
    }
    assert {m.group for m in every} == groups
