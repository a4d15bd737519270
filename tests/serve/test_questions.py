"""What the map reads off its indexes is what summing all counts gives."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.serve import questions
from pipeline.serve.copy import live_copy
from pipeline.serve.copy.copied_rows import APART
from pipeline.serve.copy.live_copy import CopyState
from pipeline.serve.questions import Questions

BUCKETS = ("2026-01", "2026-02", "2026-03-01", "2026-03-02")
PLACES = tuple(f"Town {n}" for n in range(12))
STATES = ("AUT", "BRA", "CHN", "DEU")

place_counts = st.dictionaries(
    st.tuples(st.sampled_from(BUCKETS), st.sampled_from(PLACES)), st.integers(1, 40), max_size=40
)
pair_counts = st.dictionaries(
    st.tuples(st.sampled_from(BUCKETS), st.sampled_from(STATES), st.sampled_from(STATES)),
    st.integers(1, 9),
    max_size=20,
)


def asked(path: Path, rows: list[tuple[str, str, str, int]]) -> Questions:
    """Questions to a copy that has these counts: what, bucket, key, n."""
    writer = live_copy.create(path)
    writer.executemany("INSERT INTO counts VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0)",
                       [(*row, row[3]) for row in rows])  # fmt: skip
    writer.close()
    connection = live_copy.open_readonly(path)
    return Questions(connection, CopyState(), datetime(2026, 3, 3, tzinfo=UTC))


def most(counts: Counter[str], n: int) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:n]


@given(place_counts, st.lists(st.sampled_from(BUCKETS), unique=True), st.integers(1, 4))
def test_the_places_named_most_on_some_days(
    tmp_path_factory: pytest.TempPathFactory,
    told: dict[tuple[str, str], int],
    buckets: list[str],
    n: int,
) -> None:
    """A place that is first nowhere, and first in the sum, is among them."""
    path = tmp_path_factory.mktemp("copy") / "copy.sqlite"
    ask = asked(path, [("place", bucket, key, n) for (bucket, key), n in told.items()])
    sums = Counter[str]()
    for (bucket, key), count in told.items():
        sums[key] += count if bucket in buckets else 0
    with mock.patch.object(questions, "_PLACES", n):
        found = ask._places_named_most(buckets)
    ask.connection.close()
    assert [(row["key"], row["events"]) for row in found] == most(+sums, n)
    assert all(row["quad1"] == row["events"] for row in found)


@given(pair_counts, st.lists(st.sampled_from(BUCKETS), unique=True))
def test_deeds_between_the_states_that_have_most(
    tmp_path_factory: pytest.TempPathFactory,
    told: dict[tuple[str, str, str], int],
    buckets: list[str],
) -> None:
    """A state is counted on both sides; one that acts upon itself, twice."""
    sides, sums, most_of = Counter[tuple[str, str]](), Counter[str](), Counter[str]()
    for (bucket, one, other), n in told.items():
        for state in (one, other):
            sides[bucket, state] += n
            most_of[state] += n if bucket in buckets else 0
        sums[f"{one}{APART}{other}"] += n if bucket in buckets else 0
    rows = [("states", bucket, f"{a}{APART}{b}", n) for (bucket, a, b), n in told.items()]
    rows += [("side", bucket, state, n) for (bucket, state), n in sides.items()]
    ask = asked(tmp_path_factory.mktemp("copy") / "copy.sqlite", rows)
    with mock.patch.object(questions, "_STATES", 2):
        found = ask._states(buckets)
    ask.connection.close()
    chosen = {state for state, _ in most(+most_of, 2)}
    wanted = Counter({key: n for key, n in sums.items() if set(key.split(APART)) <= chosen})
    assert [(row["key"], row["events"]) for row in found] == most(+wanted, 99)
