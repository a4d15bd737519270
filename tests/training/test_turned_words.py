"""The Spanish table of word classes: its words, and how their vectors come near English ones."""

from __future__ import annotations

import numpy as np

from training.turned_words import classes, pieces_of, table_of, turned, vocabulary

PIECES = (
    "\u2581casa",
    "\u2581Madrid",
    "\u2581madrid",
    "miento",
    "\u2581naci",
    "\u25817",
    "\u2581Lo",
    "pe",
)


def test_words_are_pieces_lists_and_what_the_set_has_often() -> None:
    """A word of two pieces counts, a longer one only where the set has it three times."""
    whole = pieces_of(PIECES, [-5.0, -7.0, -9.0, -6.0, -8.0, -1.0, -8.0, -8.0])
    assert whole == {"casa": "casa", "madrid": "Madrid", "naci": "naci", "lo": "Lo"}
    counts = {"Portavoz": 3, "raro": 2, "23": 9}
    forms = vocabulary(whole, set(PIECES), ["nacimiento", "zzz"], {"Lope", "Xu"}, counts)
    assert set(forms) - set(whole) == {"nacimiento", "lope", "portavoz"}
    assert forms["lope"] == "Lope"


def test_vectors_are_turned_to_the_rows_of_the_words_that_both_have() -> None:
    """A turn that only exchanges two axes is found from the words that both tables have."""
    rng = np.random.default_rng(1)
    wanted = rng.normal(size=(40, 3)).astype("float32")
    wanted = wanted - wanted.mean(axis=0)
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    wanted = wanted - wanted.mean(axis=0)
    found = turned(wanted[:, [1, 0, 2]].copy(), list(range(30)), wanted[:30])
    near = (found * wanted).sum(axis=1) / np.linalg.norm(found, axis=1)
    assert (near / np.linalg.norm(wanted, axis=1) > 0.99).all()


def test_near_words_share_a_row() -> None:
    """Two heaps, a centre in each: the rows are their middles."""
    heaps = np.array([[0, 0], [0, 2], [9, 9], [9, 7]], dtype="float32")
    rows, nearest = classes(heaps, [0, 2])
    assert nearest.tolist() == [0, 0, 1, 1]
    assert rows.tolist() == [[0, 1], [9, 8]]


def test_the_table_has_every_word_on_a_grid_and_is_the_same_again() -> None:
    """A word that is no piece shares the row of a piece; English names are left to their table."""
    words = ["angela", "berlin", "casa", "casas", "madrid", "paris"]
    encoded = np.random.default_rng(2).normal(size=(6, 70)).astype("float16")
    whole = set(words) - {"casas"}
    spanish = {"casa", "casas", "madrid"}
    tables = [table_of(words, encoded, whole, spanish, {"casa"}) for _ in range(2)]
    first, second = tables
    rows = {word: first.row(word) for word in spanish}
    assert all(rows.values())
    assert rows["casa"] != rows["madrid"]
    assert first.steps.shape == (1 + len(whole), 100)
    assert not first.steps[0].any()
    assert first.steps.any()
    assert np.array_equal(first.steps, second.steps)
    assert np.array_equal(first.rows, second.rows)
    # The English table has them, and they are of no Spanish spelling.
    assert [first.row(word) for word in ("angela", "berlin", "paris")] == [0, 0, 0]
    assert first.row("Oviedo") == 0
