"""The table of word classes: which words it has, what their rows are, a table behind it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.enrich.entities.network import WordTable
from training.wordtable import GRID, SPREAD, make, read_vectors

WORDS = ("the", "Paris", "paris", "1987", "u.s.", "lyon")


@pytest.fixture
def table() -> WordTable:
    vectors = np.random.default_rng(3).normal(size=(len(WORDS), 6)).astype("float32")
    return make(WORDS, vectors)


def test_every_word_of_small_letters_has_a_row(table: WordTable) -> None:
    """Whatever its case in a text. What has capitals or no letter is no word of the table."""
    rows = [table.row(word) for word in ("the", "Paris", "U.S.", "LYON")]
    assert sorted(rows) == [1, 2, 3, 4]
    assert table.row("1987") == table.row("Oslo") == 0


def test_rows_are_whole_steps_as_far_apart_as_the_words(table: WordTable) -> None:
    """Of the row of no word all numbers are zero."""
    assert not table.vectors(np.array([0])).any()
    found = table.vectors(np.arange(1, 5))
    assert np.array_equal(found, np.round(found / GRID) * GRID)
    assert found.std() == pytest.approx(SPREAD, rel=0.2)


def test_a_table_behind_another_has_the_words_that_the_first_lacks(table: WordTable) -> None:
    """The first one's row wins; rows of both are got at once."""
    first = replace(make(["paris", "sevilla"], np.eye(6, dtype="float32")[:2]), after=table)
    rows = np.array([first.row(word) for word in ("Paris", "lyon", "sevilla", "Oslo")])
    assert rows[3] == 0
    assert len({*rows.tolist()}) == 4
    own, behind = first.steps * GRID, table.steps * GRID
    expected = [own[first.row("paris")], behind[table.row("lyon")], own[first.row("sevilla")]]
    assert np.array_equal(first.vectors(rows), np.array([*expected, np.zeros(6)]))


def test_words_and_vectors_come_from_the_packages_file(tmp_path: Path) -> None:
    """Behind its numbers a word has their length and its own number."""
    said = {
        "words": ["of", "oslo"],
        "dimensions": 2,
        "vectors": {"oslo": [0.5, 1.0, 1.1, 1], "of": [0.25, 0.0, 0.25, 0]},
    }
    (tmp_path / "v.json").write_text(json.dumps(said), encoding="utf-8")
    words, vectors = read_vectors(tmp_path / "v.json")
    assert words == ["of", "oslo"]
    assert vectors.tolist() == [[0.25, 0.0], [0.5, 1.0]]
