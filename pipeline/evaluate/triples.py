"""Triples end to end: who did what to whom on PLOVER's sentences, nothing given but the sentence.

Each sentence is a story of its own. A side of an event is right when its words overlap gold's, or
when its country is gold's and gold's two sides differ in country. A triple is right when both sides
and the root (the quad class) are. Other events of a sentence may be true and are counted as wrong:
precision, and F1 with it, is a lower bound.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pipeline.enrich.lexicon import word_set
from pipeline.evaluate.events import LabelledSentence, fold
from pipeline.evaluate.stock import gazetteer_countries
from pipeline.model import Actor, EnrichedStory, Event, Reject, Story

_WORD = re.compile(r"[^\W_]+")
_EMPTY = word_set(
    """a an the of and or in on at to from for with by its his her their s said says who which that
    former two three four other some all new"""
)
STAGES = ("none", "source", "target", "root", "right")
"""Where a gold triple is lost: no event found, none with its source, none with its target as well,
none with its root as well; `right` where it is found."""

Enrich = Callable[[Sequence[Story]], Sequence[EnrichedStory | Reject]]


@dataclass(frozen=True, slots=True)
class Triples:
    """How many gold triples were found, by root and by quad class, and where the rest was lost."""

    gold: int
    found: int
    right_root: int
    right_quad: int
    lost: Counter[str] = field(default_factory=Counter)

    def scores(self) -> dict[str, float]:
        """Return recall, precision (a lower bound), F1 by root and quad, and losses by stage."""
        result: dict[str, float] = {}
        for name, right in (("root", self.right_root), ("quad", self.right_quad)):
            recall = right / self.gold if self.gold else 0.0
            precision = right / self.found if self.found else 0.0
            both = recall + precision
            result[f"{name} R"] = recall
            result[f"{name} P"] = precision
            result[f"{name} F1"] = 2 * recall * precision / both if both else 0.0
        for stage in STAGES:
            if self.gold and stage != "right":
                result[f"lost at {stage}"] = self.lost[stage] / self.gold
        return result


def held_out(labelled: Sequence[LabelledSentence]) -> list[LabelledSentence]:
    """Return the sentences of even rows, which nobody reads while tuning."""
    return list(labelled[0::2])


def development(labelled: Sequence[LabelledSentence]) -> list[LabelledSentence]:
    """Return the sentences of odd rows, which are read while tuning."""
    return list(labelled[1::2])


def story_of(sentence: str, number: int = 0) -> Story:
    """Return a sentence as a story of its own, without a headline."""
    return Story(
        source="triples", offset=number, item=0, format="text", story_id=str(number),
        revision_id=str(number), content_hash="", raw=b"", headline="",
        paragraphs=(sentence,), language="en",
    )  # fmt: skip


def coded(labelled: Sequence[LabelledSentence], enrich: Enrich) -> list[tuple[Event, ...]]:
    """Return the events of each sentence."""
    results = enrich([story_of(item.sentence, n) for n, item in enumerate(labelled)])
    return [item.events if isinstance(item, EnrichedStory) else () for item in results]


def triples(labelled: Sequence[LabelledSentence], events: Sequence[Sequence[Event]]) -> Triples:
    """Compare the events of each sentence with its gold triple."""
    found = right_root = right_quad = 0
    lost: Counter[str] = Counter()
    for item, coded in zip(labelled, events, strict=True):
        found += len(coded)
        lost[stage(item, coded)] += 1
        sides = [event for event in coded if sided(item, event)]
        right_root += any(fold(event.root) == item.root for event in sides)
        right_quad += any(str(event.quad_class) == item.quad for event in sides)
    return Triples(len(labelled), found, right_root, right_quad, lost)


def stage(item: LabelledSentence, events: Sequence[Event]) -> str:
    """Say where the gold triple of a sentence is lost (`STAGES`)."""
    if not events:
        return "none"
    with_source = [event for event in events if is_side(event.source, item, "source")]
    if not with_source:
        return "source"
    with_both = [event for event in with_source if is_side(event.target, item, "target")]
    if not with_both:
        return "target"
    return "right" if any(fold(event.root) == item.root for event in with_both) else "root"


def sided(item: LabelledSentence, event: Event) -> bool:
    """Say whether both sides of an event are those of gold."""
    return is_side(event.source, item, "source") and is_side(event.target, item, "target")


def is_side(actor: Actor | None, item: LabelledSentence, side: str) -> bool:
    """Say whether an actor is gold's source or target: by its words, else by its country."""
    if actor is None:
        return False
    start, end = item.source if side == "source" else item.target
    if start < 0:
        return False
    gold = item.sentence[start:end]
    if _telling(gold) & (_telling(actor.text) | _telling(actor.name or "")):
        return True
    mine, other = _country(gold), _country(item.sentence[slice(*_other(item, side))])
    return actor.country is not None and actor.country == mine and mine != other


def _other(item: LabelledSentence, side: str) -> tuple[int, int]:
    return item.target if side == "source" else item.source


def _telling(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)} - _EMPTY


def _country(text: str) -> str | None:
    """Return the first country that a phrase names, None where it names none."""
    found = gazetteer_countries(text)
    return found[0][2] if found else None
