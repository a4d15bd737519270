"""The loaders and scores of the evaluation, on files of the sets' shapes written here."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.evaluate import entity_scores, evaluate, geo, region_scores

CONLL = """-DOCSTART- -X- -X- O

Talks NNS O O
in IN O O
Quito NNP O B-LOC

( ( O O
Ana NNP O B-PER
Silva NNP O I-PER
's POS O O
party NN O O
) ) O O
left VBD O O
. . O O

-DOCSTART- -X- -X- O

Chile NNP O B-LOC
won VBD O O
"""

LGL = """<?xml version="1.0" encoding="utf-8"?>
<articles><article docid="1"><domain>example.org</domain>
<text><![CDATA[Rain fell on Nairobi.]]></text><toponyms count="1"><toponym>
<start>13</start><end>20</end><phrase>Nairobi</phrase>
<gaztag geonameid="1"><lat>-1.28</lat><lon>36.82</lon>
<country geonameid="2">Kenya</country></gaztag>
</toponym></toponyms></article></articles>
"""

SGML = """<!DOCTYPE lewis SYSTEM "lewis.dtd">
<REUTERS NEWID="1"><PLACES><D>west-germany</D></PLACES><TEXT>&#2;
<TITLE>BONN SEES GROWTH</TITLE><DATELINE>    BONN, March 1 - </DATELINE><BODY>The government
in Bonn sees growth.
 REUTER
&#3;</BODY></TEXT></REUTERS>
<REUTERS NEWID="2"><PLACES><D>usa</D><D>japan</D></PLACES><TEXT><TITLE>X</TITLE></TEXT></REUTERS>
"""


def test_a_file_without_marks_is_cut_into_documents(tmp_path: Path) -> None:
    """Twenty sentences each: all are there, once."""
    path = tmp_path / "set.conll"
    path.write_text("".join(f"Quito B-LOC\nrain{number} O\n\n" for number in range(45)))
    found = list(entity_scores.labelled_documents(path))
    assert [len(document.gold) for document in found] == [20, 20, 5]
    assert (
        entity_scores.f1(found, lambda texts: [[(m, m + 5, "GPE") for m in _at(t)] for t in texts])
        == 1.0
    )


def _at(text: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith("Quito", at)]


def test_kinds_that_a_set_has_besides_the_four_count_as_theirs(tmp_path: Path) -> None:
    """FAC is a place, NORP and PRODUCT are of the rest."""
    path = tmp_path / "set.conll"
    path.write_text("-DOCSTART- O\n\nHeathrow B-FAC\n\nTurks B-NORP\n")
    found = list(entity_scores.labelled_documents(path))
    assert entity_scores.f1(found, lambda _: [[(0, 8, "FAC"), (10, 15, "NORP")]]) == 1.0


def test_conll_words_become_text_and_spans_come_back(tmp_path: Path) -> None:
    """Print's spacing is restored; character spans map to the word ranges of the gold labels."""
    path = tmp_path / "set.conll"
    path.write_text(CONLL)
    first, second = entity_scores.labelled_documents(path)
    assert first.text == "Talks in Quito\n\n(Ana Silva's party) left."
    spans = [(9, 14, "GPE"), (17, 26, "PERSON")]
    assert entity_scores.as_words(first, spans) == set(first.gold)
    assert second.text == "Chile won"
    assert entity_scores.f1([first, second], lambda texts: [spans, []]) == pytest.approx(0.8)


def test_all_sets_are_scored_with_the_documented_keys(tmp_path: Path) -> None:
    """Each set is read from the file given; the stock model's scores have the same keys."""
    for name, text in (("a.conll", CONLL), ("b.xml", LGL), ("c.sgm", SGML)):
        (tmp_path / name).write_text(text)
    result = evaluate(
        ner_file=tmp_path / "a.conll",
        geo_file=tmp_path / "b.xml",
        places_files=[tmp_path / "c.sgm"],
    )
    assert result["entities"] == {"f1": 1.0}
    assert result["geo"] == {"right": 1.0, "within 161 km": 1.0}
    assert result["region"] == dict.fromkeys(
        ("accuracy", "outside_usa", "macro", "no_default"), 1.0
    )
    assert {k: set(v) for k, v in result["stock"].items()} == {
        k: set(v) for k, v in result.items() if k != "stock"
    }
    json.dumps(result)


def test_lgl_and_reuters_shapes(tmp_path: Path) -> None:
    """Only toponyms with a country count; only documents with one place label, labels hidden."""
    (tmp_path / "b.xml").write_text(LGL)
    (tmp_path / "c.sgm").write_text(SGML)
    (article,) = geo.lgl_articles(tmp_path / "b.xml")
    assert article.toponyms == ((13, 20, "KEN"),)
    (item,) = region_scores.labelled_stories([tmp_path / "c.sgm"])
    assert (item.country, item.region) == ("DEU", "western-europe")
    assert item.story.paragraphs == ("The government in Bonn sees growth.",)
    assert item.story.codes == ()


def test_unknown_counts_as_wrong_without_a_default(tmp_path: Path) -> None:
    """`no_default` takes no guess; the other scores fill in the configured region."""
    (tmp_path / "c.sgm").write_text(SGML)
    items = list(region_scores.labelled_stories([tmp_path / "c.sgm"]))
    scores = region_scores.scores(items, ["unknown"], "western-europe")
    assert (scores["accuracy"], scores["no_default"]) == (1.0, 0.0)


def test_without_its_extra_a_set_in_xml_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Production images lack what only the evaluation needs."""
    monkeypatch.setitem(sys.modules, "defusedxml", None)
    with pytest.raises(ConfigError, match=r"pip install 'dateline\[evaluate\]'"):
        next(geo.lgl_articles(tmp_path / "lgl.xml"))
