"""Place names against an LGL file: found, with the right country."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.enrich.lexicon import load_lexicon, phrase
from pipeline.enrich.places.locate import apart_km, of_country, of_town
from pipeline.errors import ConfigError
from pipeline.evaluate.entity_scores import read_corpus
from pipeline.evaluate.layout import LabelledSpan
from pipeline.model import EnrichedStory, Location, Reject, Story


@dataclass(frozen=True, slots=True)
class Article:
    """One article: its text, where it was published, and the gold toponyms.

    `toponyms` are (start, end, ISO 3166-1 alpha-3) in characters of `text`, `points` degrees north
    and east of each.
    """

    text: str
    domain: str
    toponyms: tuple[tuple[int, int, str], ...]
    points: tuple[tuple[float, float], ...] = ()


def lgl_articles(path: Path) -> Iterator[Article]:
    """Yield the articles of an LGL file (XML, gzipped or not); only toponyms with a country.

    Raises `ConfigError` where the extra `evaluate` is not installed.
    """
    try:
        from defusedxml import ElementTree
    except ImportError as error:
        raise ConfigError(
            "sets in XML need the extra: pip install 'dateline[evaluate]'", path=path
        ) from error

    for node in ElementTree.fromstring(read_corpus(path)).iter("article"):
        toponyms = []
        points = []
        for toponym in node.iter("toponym"):
            country = toponym.findtext("gaztag/country")
            code = _code(country) if country else None
            if code:
                start, end = toponym.findtext("start"), toponym.findtext("end")
                toponyms.append((int(start or 0), int(end or 0), code))
                north, east = toponym.findtext("gaztag/lat"), toponym.findtext("gaztag/lon")
                points.append((float(north or "nan"), float(east or "nan")))
        text, domain = node.findtext("text") or "", node.findtext("domain") or ""
        yield Article(text, domain, tuple(toponyms), tuple(points))


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


def story_of(article: Article, number: int) -> Story:
    """Return the article as a story; it has no headline of its own in this set."""
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


NEAR_KM = 161.0
"""How far from gold a place may lie and be right: 100 miles, as is usual for this set."""


def right(
    items: Sequence[Article],
    enrich: Callable[[Sequence[Story]], Sequence[EnrichedStory | Reject]],
) -> dict[str, float]:
    """Return the shares of gold toponyms that overlap a mention of an entity of the right country.

    `right` is that, `within 161 km` of an entity that lies near enough.
    """
    from pipeline.enrich.entities.mentions import StoryEntities

    hits = near = total = 0
    results = enrich([story_of(article, n) for n, article in enumerate(items)])
    for article, result in zip(items, results, strict=True):
        found = StoryEntities(result.entities if isinstance(result, EnrichedStory) else ())
        total += len(article.toponyms)
        for start, end, country in article.toponyms:
            # The text begins with an empty headline and a blank line.
            hits += found.country_of(start + 2, end + 2) == country
        for (start, end, _), point in zip(article.toponyms, article.points, strict=False):
            entity = found.entity_at(start + 2, end + 2)
            near += _is_near(entity.location if entity else None, point)
    shares = {"right": hits, "within 161 km": near}
    return {name: count / total if total else 0.0 for name, count in shares.items()}


def _is_near(location: Location | None, point: tuple[float, float]) -> bool:
    if location is None or location.latitude is None or location.longitude is None:
        return False
    return apart_km((location.latitude, location.longitude), point) <= NEAR_KM


def right_of_model(
    items: Sequence[Article], places: Callable[[Sequence[str]], Sequence[Sequence[LabelledSpan]]]
) -> dict[str, float]:
    """Return the same shares for look-up of the names that a model takes for places.

    `places` gives (start, end, kind) text by text.
    """
    from pipeline.evaluate.stock import gazetteer_countries

    hits = near = total = 0
    for article, spans in zip(items, places([a.text for a in items]), strict=True):
        seen = [(a, b) for a, b, kind in spans if kind in ("GPE", "LOC", "NORP")]
        found = [
            (start, end, code)
            for start, end, code in gazetteer_countries(article.text)
            if any(a < end and start < b for a, b in seen)
        ]
        total += len(article.toponyms)
        for start, end, country in article.toponyms:
            hits += any(a < end and start < b and code == country for a, b, code in found)
        for (start, end, _), point in zip(article.toponyms, article.points, strict=False):
            named = [(a, b, code) for a, b, code in found if a < end and start < b]
            near += any(_is_near(_largest(article.text[a:b], c), point) for a, b, c in named)
    shares = {"right": hits, "within 161 km": near}
    return {name: count / total if total else 0.0 for name, count in shares.items()}


def _largest(name: str, country: str) -> Location | None:
    """Return the largest town of a name in a country, else the country's middle."""
    lexicon = load_lexicon()
    towns = lexicon.towns.get((phrase(name), country))
    return of_town(towns[0]) if towns else of_country(country, lexicon)
