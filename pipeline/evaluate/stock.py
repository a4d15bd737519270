"""What is compared with: the model alone, and look-up of names.

Entities: the model's spans as they come. Places: names of countries, nationalities and towns (the
most populous of a name), where the model sees a place. Regions: the one that most names of
countries and nationalities lie in. Events: the model has none, so it finds none in a gold story.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipeline.enrich.entities.ner import KINDS
from pipeline.enrich.entities.spans import listed
from pipeline.enrich.lexicon import load_lexicon, tokenize
from pipeline.evaluate.seed import Gold, as_list
from pipeline.model import Story

LabelledSpan = tuple[int, int, str]
_TOWN_PEOPLE = 15_000


def pipeline(model: str) -> Any:
    """Return the model's whole pipeline as its package loads it, nothing changed."""
    import spacy

    return spacy.load(model)


def stock_entities(nlp: Any, texts: Sequence[str]) -> list[list[LabelledSpan]]:
    """Return (start, end, kind) of the model's entities, text by text."""
    return [
        [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents if ent.label_ in KINDS]
        for doc in nlp.pipe(texts)
    ]


def gazetteer_countries(text: str, towns: bool = True) -> list[tuple[int, int, str]]:
    """Return (start, end, ISO alpha-3) of countries, nationalities, and towns of 15,000 people."""
    lexicon = load_lexicon()
    found = []
    for span in listed(tokenize(text), lexicon):
        name = span.name
        if name is None or not name.country or span.kind not in ("GPE", "LOC", "NORP"):
            continue
        if name.source in ("countries.tsv", "policy.tsv"):
            found.append((span.start, span.end, name.country))
        elif towns and name.source == "cities.tsv":
            places = lexicon.cities[name.canonical]
            if places[0][1] >= _TOWN_PEOPLE:
                found.append((span.start, span.end, name.country))
    return found


def region(story: Story) -> str:
    """Return the region that most listed places of the story lie in, or `unknown`."""
    region_of = load_lexicon().region_of
    counts = Counter(
        region_of[country]
        for _, _, country in gazetteer_countries(f"{story.headline}\n\n{story.body}", towns=False)
        if country in region_of
    )
    if not counts:
        return "unknown"
    return min(counts.items(), key=lambda item: (-item[1], item[0]))[0]


def gold_entities(nlp: Any, gold: Gold) -> int:
    """Say how many of a gold story's entities the model names, with kind and looked-up country."""
    text = f"{gold.story.headline}\n\n{gold.story.body}"
    places = {text[start:end]: country for start, end, country in gazetteer_countries(text)}
    (spans,) = stock_entities(nlp, [text])
    found = {(text[start:end], kind) for start, end, kind in spans}
    return sum(
        any(
            name in (item["name"], *item.get("also_written", ()))
            and kind in as_list(item["kind"])
            and item.get("country") in (None, places.get(name))
            for name, kind in found
        )
        for item in gold.wanted["entities"]
    )
