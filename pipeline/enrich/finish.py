"""The last step of a story: its region, topics and status, by what was found and delivered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from pipeline.enrich import topics
from pipeline.enrich.languages.rooms import language_of
from pipeline.enrich.languages.sentences import split
from pipeline.enrich.lexicon import Lexicon, load_lexicon, phrase, rows
from pipeline.enrich.places import region
from pipeline.model import Code, EnrichedStory, Entity, Event, Location, Reject, Story, Topic

Status = Literal["enriched", "no_events", "no_model", "no_text", "truncated"]

_KNOWN_PEOPLE = 100_000
_COUNTRY_LISTS = frozenset({"countries.tsv", "policy.tsv", "us_states.tsv"})


@dataclass(frozen=True)
class Work:
    """A story on its way: the text for offsets, the text with its case restored."""

    story: Story
    text: str
    cased: str
    language: str | None
    truncated: bool
    filed_from: tuple[str | None, Location | None]
    """Country and place of its dateline."""

    @cached_property
    def sentences(self) -> tuple[tuple[int, int], ...]:
        """Where each sentence of the text begins and ends."""
        return split(self.text, language_of(self.language).sentence_ends)


def finish(
    item: Work,
    found: tuple[Entity, ...],
    events: tuple[Event, ...],
    enrichment_id: str,
    *,
    modelled: bool,
    coded: bool,
) -> EnrichedStory:
    """Return the enriched story.

    Without a model (`modelled`) its entities only speak for the region; `coded` says whether the
    event coder has its language.
    """
    story = item.story
    size = len(story.headline)
    lead_end = size + 2 + len(story.paragraphs[0] if story.paragraphs else "")
    country, location = item.filed_from
    regions = region.weigh(
        item.text,
        size,
        lead_end,
        found,
        dateline=(story.dateline or "", country) if country else None,
        codes=place_codes(story.codes),
        events=events,
    )
    return EnrichedStory(
        story,
        item.language,
        regions.primary,
        regions.regions,
        regions.countries,
        found if modelled else (),
        events,
        enrichment_id,
        _status(item, modelled, coded),
        country,
        location,
        regions.evidence,
        _topics(item),
    )


def _status(item: Work, modelled: bool, coded: bool) -> Status:
    if not item.text:
        return "no_text"
    if not modelled:
        return "no_model"
    if item.truncated:
        return "truncated"
    return "enriched" if coded else "no_events"


def _topics(item: Work) -> tuple[Topic, ...]:
    """Return the provider's own topics, else those that the words of the story speak for."""
    story = item.story
    own = topics.given(story.codes)
    if own or not language_of(item.language).has_topics:
        return own
    lead = story.paragraphs[0] if story.paragraphs else ""
    return topics.derive(story.headline, lead, item.text[len(story.headline) + 2 + len(lead) :])


def place_codes(codes: tuple[Code, ...]) -> list[tuple[str, str]]:
    """Return (value, country) of the provider's codes that name a country, each country once.

    ISO 3166-1 codes, with or without a scheme before a colon or slash; Reuters' codes; names of
    countries, states and large towns, as the value or as the code's name.
    """
    found: dict[str, str] = {}
    for code in codes:
        if code.role == "place":
            country = _country(code, load_lexicon())
            if country is not None:
                found.setdefault(country, code.value)
    return [(value, country) for country, value in found.items()]


def _country(code: Code, lexicon: Lexicon) -> str | None:
    import pycountry

    value = code.value.replace("/", ":").rsplit(":", 1)[-1].strip().upper()
    listed = _provider_codes().get(value)
    if listed:
        return listed
    entry = None
    if len(value) == 2:
        entry = pycountry.countries.get(alpha_2=value)
    elif len(value) == 3:
        entry = pycountry.countries.get(alpha_3=value)
    if entry is not None:
        return str(entry.alpha_3)
    for name in (code.name, code.value.replace("-", " ").title(), code.value):
        country = _named(name or "", lexicon)
        if country:
            return country
    return None


def _named(words: str, lexicon: Lexicon) -> str | None:
    key = phrase(words)
    name = lexicon.names.get(key)
    if name is not None and name.source in _COUNTRY_LISTS and name.kind in ("GPE", "LOC"):
        return name.country
    places = lexicon.cities.get(key)
    return places[0][0] if places and places[0][1] >= _KNOWN_PEOPLE else None


@lru_cache(maxsize=1)
def _provider_codes() -> dict[str, str]:
    return {row[0]: row[1] for row in rows("place_codes.tsv")}


def failed(story: Story, error: Exception) -> Reject:
    """Return the reject of a story whose enrichment failed."""
    return Reject(
        story.source,
        story.offset,
        story.item,
        "enrich_failed",
        "enrich",
        f"{type(error).__name__}: {error}",
        f"revision {story.revision_id}",
        story.raw,
        story.received_at,
        story.revision_id,
        story.origin,
        charset=story.charset,
        provider=story.provider,
    )
