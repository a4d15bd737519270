"""Triples end to end: what counts as a side, where a triple is lost, which rows are read."""

from __future__ import annotations

from dataclasses import replace

from pipeline.evaluate import triples
from pipeline.evaluate.events import LabelledSentence
from pipeline.model import Actor, Event

SENTENCE = "The Peruvian cabinet condemned the raid by the Chilean navy."
GOLD = LabelledSentence(SENTENCE, (0, 20), (39, 59), "ACCUSE", "3")
EVENT = Event(
    "ACCUSE", "111", SENTENCE, 0, "condemned", 21, 30, 0.9, 3, -2.0,
    source=Actor("The Peruvian cabinet", None, "PER", "GOV"),
    target=Actor("sailors", None, "CHL", "MIL"),
)  # fmt: skip


def test_a_side_is_right_by_words_or_by_a_country_that_only_one_side_has() -> None:
    """Words that overlap are enough; a country is where gold's sides are of two."""
    assert triples.is_side(EVENT.source, GOLD, "source")
    assert triples.is_side(EVENT.target, GOLD, "target")
    assert not triples.is_side(Actor("the", None, None, None), GOLD, "source")
    assert not triples.is_side(None, GOLD, "target")
    one = LabelledSentence(
        "Peruvian police beat Peruvian miners.", (0, 15), (21, 36), "ASSAULT", "4"
    )
    assert not triples.is_side(Actor("soldiers", None, "PER", "MIL"), one, "source")


def test_a_lost_triple_is_counted_where_it_is_lost() -> None:
    """The stage is the last one that an event of the sentence reached."""
    assert triples.stage(GOLD, []) == "none"
    assert triples.stage(GOLD, [replace(EVENT, source=None)]) == "source"
    assert triples.stage(GOLD, [replace(EVENT, target=None)]) == "target"
    assert triples.stage(GOLD, [replace(EVENT, root="ASSAULT")]) == "root"
    assert triples.stage(GOLD, [EVENT]) == "right"


def test_precision_counts_every_event_and_quad_classes_are_scored_apart() -> None:
    """An event beside the right one lowers precision; a root of the same quad class is half."""
    told = [[EVENT, replace(EVENT, root="ASSAULT", quad_class=4)], [replace(EVENT, root="REJECT")]]
    scores = triples.triples([GOLD, GOLD], told).scores()
    assert scores["root R"] == 0.5
    assert scores["quad R"] == 1.0
    assert round(scores["root P"], 3) == 0.333
    assert scores["lost at root"] == 0.5


def test_no_row_is_both_read_and_held_out() -> None:
    """Even rows are held out, odd rows are for development."""
    rows = [replace(GOLD, sentence=str(number)) for number in range(5)]
    assert [row.sentence for row in triples.held_out(rows)] == ["0", "2", "4"]
    assert [row.sentence for row in triples.development(rows)] == ["1", "3"]
