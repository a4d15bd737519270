"""Place names against an LGL file: found, with the right country."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.evaluate.ner import Labelled, read_text
from pipeline.model import EnrichedStory, Reject, Story


@dataclass(frozen=True, slots=True)
class Article:
    """One article: its text, where it was published, and the gold toponyms.

    `toponyms` are (start, end, ISO 3166-1 alpha-3) in characters of `text`.
    """

    text: str
    domain: str
    toponyms: tuple[tuple[int, int, str], ...]


def articles(path: Path) -> Iterator[Article]:
    """The articles of an LGL file (XML, gzipped or not); only toponyms with a country."""
    from defusedxml import ElementTree

    for node in ElementTree.fromstring(read_text(path)).iter("article"):
        toponyms = []
        for toponym in node.iter("toponym"):
            country = toponym.findtext("gaztag/country")
            code = _code(country) if country else None
            if code:
                start, end = toponym.findtext("start"), toponym.findtext("end")
                toponyms.append((int(start or 0), int(end or 0), code))
        yield Article(node.findtext("text") or "", node.findtext("domain") or "", tuple(toponyms))


_GEONAMES_NAMES = {
    "Palestinian Territory": "PSE",
    "Russia": "RUS",
    "Vatican": "VAT",
    "Kosovo": "XKX",
    "Ivory Coast": "CIV",
    "East Timor": "TLS",
    "Macedonia": "MKD",
    "Swaziland": "SWZ",
    "Democratic Republic of the Congo": "COD",
    "Republic of the Congo": "COG",
    "Turkey": "TUR",
    "Cape Verde": "CPV",
    "Macao": "MAC",
    "U.S. Virgin Islands": "VIR",
    "Burma": "MMR",
}


def _code(country: str) -> str | None:
    import pycountry

    if country in _GEONAMES_NAMES:
        return _GEONAMES_NAMES[country]
    try:
        return str(pycountry.countries.lookup(country).alpha_3)
    except LookupError:
        return None


def story(article: Article, number: int) -> Story:
    """The article as a story; its first sentence is the headline in this set, so none is given."""
    moment = datetime(2009, 3, 1, tzinfo=UTC)
    return Story(
        source="lgl",
        offset=number,
        item=0,
        format="lgl",
        story_id=f"lgl-{number}",
        revision_id=f"lgl-{number}",
        content_hash="",
        headline="",
        paragraphs=(article.text,),
        raw=b"",
        provider=article.domain or None,
        language="en",
        published_at=moment,
    )


def right(
    items: Sequence[Article],
    enrich: Callable[[Sequence[Story]], Sequence[EnrichedStory | Reject]],
) -> float:
    """The share of gold toponyms that overlap a mention of an entity of the right country."""
    from pipeline.enrich.entities.mentions import StoryEntities

    hits = total = 0
    results = enrich([story(article, n) for n, article in enumerate(items)])
    for article, result in zip(items, results, strict=True):
        found = StoryEntities(result.entities if isinstance(result, EnrichedStory) else ())
        total += len(article.toponyms)
        for start, end, country in article.toponyms:
            # The text begins with an empty headline and a blank line.
            hits += found.country_of(start + 2, end + 2) == country
    return hits / total if total else 0.0


def right_of_model(
    items: Sequence[Article], places: Callable[[Sequence[str]], Sequence[Sequence[Labelled]]]
) -> float:
    """The same share for look-up of the names that a model takes for places.

    `places` gives (start, end, kind) text by text.
    """
    from pipeline.evaluate.stock import countries

    hits = total = 0
    for article, spans in zip(items, places([a.text for a in items]), strict=True):
        seen = [(a, b) for a, b, kind in spans if kind in ("GPE", "LOC", "NORP")]
        found = [
            (start, end, code)
            for start, end, code in countries(article.text)
            if any(a < end and start < b for a, b in seen)
        ]
        total += len(article.toponyms)
        for start, end, country in article.toponyms:
            hits += any(a < end and start < b and code == country for a, b, code in found)
    return hits / total if total else 0.0
