"""Making an entity model: from labelled lines to a folder that the job loads."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.enrich.entities import ner, shipped
from pipeline.enrich.entities.network import WordTable, new_recognizer, word_key
from pipeline.enrich.lexicon import load_lexicon
from pipeline.errors import ModelError
from tests.support.laws import sample
from training import __main__ as program
from training import corpora, courses, kinds
from training.languages import (
    RECIPES,
    Course,
    Labelled4,
    Recipe,
    Source,
    documents,
    drawn,
    dropped,
    read,
    renamed,
    rewritten,
)
from training.measure import as_printed, scores

_LINES = """-DOCSTART- O

Kari B-PER
Solberg I-PER
of O
Nordlys B-ORG
Bank I-ORG
went O
to O
Oslo B-LOC
. O

The O
Norwegian B-MISC
saw O
Lake B-LOC
Mjosa I-LOC
( O
Innlandet B-LOC
) O
. O

-DOCSTART- O

Ane B-PER
Dahl I-PER
left O
Bergen B-LOC
. O
"""


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "ner" / "set.txt"
    path.parent.mkdir()
    path.write_text(_LINES, encoding="utf-8")
    return path


def test_a_labelled_file_is_read_as_print_sets_it(labelled: Path) -> None:
    """Documents begin at their marks; spans are characters of the text, of the set's own kinds."""
    first, second = documents(labelled, "set")
    assert first.text == (
        "Kari Solberg of Nordlys Bank went to Oslo.\n\nThe Norwegian saw Lake Mjosa (Innlandet)."
    )
    named = [(first.text[start:end], kind) for start, end, kind in first.spans]
    assert named == [
        ("Kari Solberg", "PER"), ("Nordlys Bank", "ORG"), ("Oslo", "LOC"),
        ("Norwegian", "MISC"), ("Lake Mjosa", "LOC"), ("Innlandet", "LOC"),
    ]  # fmt: skip
    assert len(second.spans) == 2


def test_articles_of_a_file_without_marks_begin_at_their_datelines() -> None:
    """Madrid, 23 may (EFE). begins one."""
    lines = [
        [(word, "O") for word in text.split()]
        for text in (
            "Madrid , 23 may ( EFE ) .", "Uno .", "Oslo , 24 may ( EFE ) .", "Dos .", "Tres .",
        )
    ]  # fmt: skip
    assert [len(article) for article in corpora.by_dateline(lines)] == [2, 3]


def test_kinds_of_a_set_become_spacys(labelled: Path) -> None:
    """Lists, heads of names and the stock model tell a town from a lake, a people from a cup."""
    found = [kinds.fine(document, [], load_lexicon()) for document in documents(labelled, "set")]
    settled = kinds.settle([d.text for d in documents(labelled, "set")], found)
    assert [kind for _, _, kind in settled[0]] == [
        "PERSON", "ORG", "GPE", "NORP", "LOC", "GPE",
    ]  # fmt: skip


def test_four_kinds_are_what_a_set_tells() -> None:
    """Places are one kind, and so is what is neither a person, a body nor a place."""
    spans = [(0, 4, "LOC"), (5, 9, "FAC"), (10, 14, "NORP"), (15, 19, "ORG"), (20, 24, "PERSON")]
    assert [kind for _, _, kind in kinds.coarse(spans)] == [
        "GPE", "GPE", "EVENT", "ORG", "PERSON",
    ]  # fmt: skip


def test_a_text_written_another_way_keeps_its_names() -> None:
    """Names move along when umlauts are dropped or written out."""
    text, spans = rewritten(
        "Der Bürger Müller aus Köln.", [(11, 17, "PERSON"), (22, 26, "GPE")], dropped
    )
    assert [(text[start:end], kind) for start, end, kind in spans] == [
        ("Mller", "PERSON"), ("Kln", "GPE"),
    ]  # fmt: skip
    source = Source("set", "set.txt", "us", "ours")
    town = Labelled4(source, 1, "Köln", ((0, 4, "GPE"),))
    again = [drawn(RECIPES["de"], Course(), [town] * 40, epoch) for epoch in (1, 1)]
    assert again[0] == again[1]
    assert {text for text, _ in again[0]} == {"Köln", "Kln", "Koeln"}


def test_a_text_of_other_names_keeps_its_kinds() -> None:
    """Names are replaced by others of their kind and length, the same wherever they stand."""
    text = "Ana Paz left Lima. Ana Paz is in Rome."
    spans = [(0, 7, "PERSON"), (13, 17, "GPE"), (19, 26, "PERSON"), (33, 37, "GPE")]
    names = {("PERSON", 2): ["Jo Xu"], ("GPE", 1): ["Oslo"]}
    for seed in range(8):
        written, moved = renamed(text, spans, names, random.Random(seed))
        told = [written[start:end] for start, end, _ in moved]
        assert [kind for *_, kind in moved] == ["PERSON", "GPE", "PERSON", "GPE"]
        assert told[0] == told[2]
        assert told[0] in {"Ana Paz", "Jo Xu"}
        assert set(told[1::2]) <= {"Lima", "Rome", "Oslo"}


def test_texts_that_print_sets_otherwise_are_drawn_in_both_layouts(
    labelled: Path, tmp_path: Path
) -> None:
    """Each epoch has some of them apart and some as printed; they are scored in both."""
    path = labelled.with_name("curly.txt")
    path.write_text(
        "".join(f"-DOCSTART- O\n\nOslo B-LOC\n\u2019 O\ns O\nrain{n} O\n\n" for n in range(60)),
        encoding="utf-8",
    )
    source = Source("curly", "curly.txt", "us", "ours", measures=True)
    recipe = Recipe("de", (source,), epochs=1, rate=0.001, courses=(Course(printed=True),))
    found = read(recipe, tmp_path / "ner", load_lexicon())
    texts = {text.split(" rain")[0] for text, _ in drawn(recipe, recipe.courses[0], found, 0)}
    assert texts == {"Oslo \u2019 s", "Oslo\u2019s"}
    both = [*found, *as_printed(found)]
    assert {s.set_name for s in scores(both, [d.spans for d in both])} == {
        "curly", "curly, as printed",
    }  # fmt: skip


def test_a_set_gives_its_share_of_documents_to_each_epoch() -> None:
    """Another draw each time, the same for the same epoch, all of a set whose share is one."""
    half = Source("half", "half.txt", "us", "ours", share=0.5)
    whole = Source("whole", "whole.txt", "us", "ours")
    documents = [
        Labelled4(source, number, f"{source.name} {number}", ())
        for source in (half, whole)
        for number in range(200)
    ]
    first, second, again = (
        [text for text, _ in drawn(RECIPES["en"], Course(), documents, epoch)]
        for epoch in (0, 1, 0)
    )
    assert first == again
    assert first != second
    for texts in (first, second):
        assert sum(text.startswith("whole") for text in texts) == 200
        assert 70 < sum(text.startswith("half") for text in texts) < 130


@pytest.mark.parametrize("pieces", sample([True, False]))
def test_a_model_is_made_saved_and_loaded(
    labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pieces: bool
) -> None:
    """One epoch on two documents: the files are there, load, are hashed, and refuse a change.

    With pieces two courses, without them a model that is measured apart from what ships.
    """
    source = Source("set", "set.txt", "us", "ours", measures=True)
    fits = (Course(swapped=0.5), Course(seed=1)) if pieces else (Course(),)
    recipe = Recipe(
        "en", (source,), epochs=1, rate=0.001, courses=fits, pieces=pieces, whole=not pieces
    )
    monkeypatch.setitem(RECIPES, "en", recipe)
    folder = tmp_path / "models"
    words = sorted(int(word_key(word)) for word in ("oslo", "bergen"))
    table = WordTable(
        np.array(words, dtype="uint32"), np.array([1, 2], dtype="uint32"),
        np.ones((3, 64), dtype="int8"), 1 / 8,
    )  # fmt: skip
    shipped.save_words(table, shipped.WORDS, folder)
    apart = tmp_path / "apart"
    program.main(
        [
            "en",
            "--data",
            str(tmp_path),
            "--folder",
            str(folder),
            "--measured",
            str(apart),
            "--processes",
            "1",
        ]
    )
    assert shipped.describe("news-en", folder).whole != pieces
    assert shipped.is_shipped("news-en", apart) != pieces
    assert pieces or not shipped.describe("news-en", apart).whole
    nlp, step = shipped.load_shipped("news-en", folder)
    found = list(ner.entities(ner.Recognizer(nlp, step), ["Ane Dahl left Bergen for Oslo."]))
    assert len(found) == 1
    assert "| set |" in (folder / "news-en" / "card.md").read_text(encoding="utf-8")
    assert shipped.describe("news-en", folder).language == "en"
    said = json.loads((folder / "news-en" / "model.json").read_text(encoding="utf-8"))
    assert set(said["digests"]) == {"weights.npz", "words.npz"}
    other = new_recognizer(nlp, courses.KINDS, load_lexicon(), table, courses.rows_of(recipe))
    courses.begin(other, "news-en", folder)
    texts = ["Ane Dahl left Bergen for Oslo.", "Kari Solberg of Nordlys Bank"]
    first, second = (list(ner.entities(ner.Recognizer(nlp, s), texts)) for s in (step, other))
    assert first == second
    with (folder / "news-en" / "weights.npz").open("ab") as file:
        file.write(b"!")
    shipped.load_shipped.cache_clear()
    with pytest.raises(ModelError):
        shipped.load_shipped("news-en", folder)


def test_caution_is_added_to_no_entity_alone() -> None:
    """A model that is begun from another begins with what that was fitted to."""
    nlp, shipped_step = shipped.load_shipped("news-en")
    assert RECIPES["en"].caution
    step = new_recognizer(
        nlp,
        courses.KINDS,
        load_lexicon(),
        shipped.word_table(RECIPES["en"].words),
        courses.rows_of(RECIPES["en"]),
    )
    courses.begin(step, "news-en", shipped.FOLDER)

    def biases(of: Any) -> dict[str, float]:
        bias = of.model.get_ref("upper").get_param("b")
        return {of.moves.get_class_name(n): float(bias[n]) for n in range(of.moves.n_moves)}

    as_fitted, as_shipped = biases(step), biases(shipped_step)
    courses.add_caution(step, RECIPES["en"].caution)
    assert biases(step) == pytest.approx(as_shipped, abs=1e-6)
    assert as_shipped["O"] - as_fitted["O"] == pytest.approx(RECIPES["en"].caution)
    assert {k: v for k, v in as_fitted.items() if k != "O"} == pytest.approx(
        {k: v for k, v in as_shipped.items() if k != "O"}
    )
