"""Words of labelled files as texts: apart as the file has them, or set as print does."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.evaluate.entity_scores import labelled_documents
from pipeline.evaluate.layout import Layout, lay_out, splits_compounds
from training.languages import documents


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ("Europe \u2019 s plan , don \u2019 t", "Europe\u2019s plan, don\u2019t"),
        ("\u201c We won , \u201d he said .", "\u201cWe won,\u201d he said."),
        ("O \u2019 Brien saw the girls \u2019 school", "O\u2019Brien saw the girls\u2019 school"),
        ("the \u2018 No \u2019 to it", "the \u2018No\u2019 to it"),
        ("Al - Shabaab and / or COVID - 19", "Al-Shabaab and/or COVID-19"),
        ("the U . S . in the 1980 s", "the U.S. in the 1980s"),
        ("- a list -", "- a list -"),
        ('Ana \'s " dear " friend ( 5 % )', 'Ana\'s "dear" friend (5%)'),
    ],
)
def test_signs_that_a_file_has_apart_are_set_as_print_does(words: str, printed: str) -> None:
    """Apostrophes, quotes, hyphens and dots of letters; words are found at their offsets."""
    sentence = [(word, "O") for word in words.split()]
    laid = lay_out([sentence], Layout.PRINTED, compounds_split=True)
    assert laid.text == printed
    assert [laid.text[start:end] for start, end in laid.words] == words.split()


def test_a_layout_of_spaces_and_a_set_with_whole_compounds_keep_signs_apart() -> None:
    """A set that has "Al-Shabaab" as one word means a dash by a hyphen of its own."""
    sentences = [[(word, "O") for word in ["pro-EU", "Oslo", "-", "Europe", "\u2019", "s"]]]
    assert not splits_compounds(sentences)
    spaced = lay_out(sentences, Layout.SPACED, compounds_split=False)
    assert spaced.text == "pro-EU Oslo - Europe \u2019 s"
    printed = lay_out(sentences, Layout.PRINTED, compounds_split=False)
    assert printed.text == "pro-EU Oslo - Europe\u2019s"


def test_both_users_lay_a_file_out_alike_and_hold_the_same_documents_out(tmp_path: Path) -> None:
    """Fitting and scoring have the same text, names and held-out documents in each layout."""
    path = tmp_path / "set.conll"
    path.write_text(
        "".join(
            f"-DOCSTART- O\n\nAl B-ORG\n- I-ORG\nS{number} I-ORG\n\u2019 O\ns O\nday O\n\n"
            for number in range(40)
        ),
        encoding="utf-8",
    )
    held = []
    for layout in Layout:
        scored, fitted = list(labelled_documents(path, layout)), documents(path, "set", layout)
        assert [d.text for d in scored] == [d.text for d in fitted]
        assert [d.is_held_out for d in scored] == [d.group % 10 == 0 for d in fitted]
        assert {d.gold for d in scored} == {frozenset({(0, 3, "ORG")})}
        names = [d.text[start:end] for d in fitted for start, end, _ in d.spans]
        assert names[7] == ("Al-S7" if layout is Layout.PRINTED else "Al - S7")
        held.append([d.is_held_out for d in scored])
    assert held[0] == held[1]
    assert any(held[0])
