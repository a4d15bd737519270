"""The JSON in which agencies and sites deliver stories, beside ninjs: told by its own shape.

- AP Media API (https://api.ap.org/media/v): `{"api_version": …, "data": {"item": {…}}}`, a text as
  the `nitf` beside it or at an address;
- Reuters Connect: `{"data": {"item": {"headLine": …, "bodyXhtml": …}}}`;
- dpa digital wires (https://github.com/dpa-newslab): `{"format": "digitalwires@…"}`;
- JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/): a story an item;
- schema.org's NewsArticle and its kinds as JSON-LD, alone, in a graph or a list;
- Superdesk's list of items (`_items`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from pipeline.model import Code
from pipeline.parse.conventions.providers import provider, provider_of_uri, provider_or_host
from pipeline.parse.draft import Draft, Fault, FaultError, Hints, Part, replace
from pipeline.parse.formats.ninjs import read_item
from pipeline.parse.formats.nitf import read_nitf, texts_of
from pipeline.parse.limits import DEFAULT_LIMITS
from pipeline.parse.markup import values, xml
from pipeline.parse.markup.flow import read_html, without_class
from pipeline.parse.markup.values import Json
from pipeline.parse.text.clean import line

Object = dict[str, Json]
ReadObject = Callable[[Object, bytes | None], Draft]
"""Reads an object under the names that exports use (see `pipeline.parse.formats.json`)."""

_ARTICLE = re.compile(
    r"^(?:https?://schema\.org/)?(?:\w*NewsArticle|Article|LiveBlogPosting|BlogPosting|Report)$"
)
_OF_DPA = frozenset({"article_html", "urn"})
_OF_JSON_LD = frozenset({"@context", "@type", "@graph"})
_FEED = "jsonfeed.org/version/"


def read_agency(item: Object, raw: bytes | None, read: ReadObject) -> Iterator[Part] | None:
    """Yield the parts of an object of one of these shapes, None for any other.

    They may raise `FaultError` where the shape is known and holds no story.
    """
    data = item.get("data")
    found: Iterator[Part] | None = None
    if isinstance(data, dict) and "api_version" in item:
        found = _ap(item, data, raw)
    elif isinstance(data, dict) and _is_reuters(data.get("item")):
        found = iter((_reuters(data["item"], raw),))  # type: ignore[arg-type]
    elif str(item.get("format") or "").startswith("digitalwires") or item.keys() >= _OF_DPA:
        found = iter((_dpa(item, raw),))
    elif _FEED in str(item.get("version") or "") and isinstance(item.get("items"), list):
        found = _feed(item, raw, read)
    elif not _OF_JSON_LD.isdisjoint(item):
        listed = list(articles(item))
        found = read_articles(listed, raw, read) if listed else None
    elif isinstance(item.get("_items"), list):
        found = _items(item, raw)
    return found


def _is_reuters(inner: Json) -> bool:
    return isinstance(inner, dict) and ("bodyXhtml" in inner or "headLine" in inner)


def _parts(entries: list[tuple[Object, Part]], raw: bytes | None) -> Iterator[Part]:
    """Yield each part with the object around it alone as its raw form, one alone with the whole."""
    for around, part in entries:
        own = raw if len(entries) == 1 else json.dumps(around, ensure_ascii=False).encode()
        yield replace(part, raw=own)


def _reuters(inner: Object, raw: bytes | None) -> Part:
    low = {name.lower(): value for name, value in inner.items()}
    low |= {
        "body_html": low.get("bodyxhtml") or low.get("bodyxhtmlrich"),
        "slugline": low.get("slug") or low.get("slugline"),
        "description_text": low.get("fragment") or low.get("intro"),
        "description_caption": low.get("caption"),
    }
    part = read_item(low, raw)
    return _signed(replace(part, delivered=inner), "Reuters") if isinstance(part, Draft) else part


def _ap(item: Object, data: Object, raw: bytes | None) -> Iterator[Part]:
    listed = data.get("items")
    entries = listed if isinstance(listed, list) else [data]
    found: list[tuple[Object, Part]] = []
    for entry in entries:
        inner = entry.get("item") if isinstance(entry, dict) else None
        if not isinstance(inner, dict):
            continue
        around: Object = {**item, "data": {"item": inner}}
        found.append((around, _ap_item(inner, item.get("nitf"), raw)))
    if not found:
        raise FaultError("skipped.not_a_story", "AP Media API: an answer without items", "$.data")
    yield from _parts(found, raw)


def _ap_item(inner: Object, nitf: Json, raw: bytes | None) -> Part:
    altids, located = inner.get("altids"), inner.get("datelinelocation")
    ids = altids if isinstance(altids, dict) else {}
    city = values.text(located, "city") if isinstance(located, dict) else None
    text = nitf if isinstance(nitf, dict) else {"body_html": nitf}
    names = [values.text(by, "name", "by") for by in values.objects(inner, "bylines")]
    terms = inner.get("usageterms")
    low: Object = {name.lower(): value for name, value in inner.items()} | {
        "uri": values.text(ids, "itemid") or values.text(inner, "uri"),
        "byline": " and ".join(re.sub(r"^By ", "", name) for name in names if name),
        "located": city,
        "description_text": inner.get("headline_extended"),
        "usageterms": ", ".join(values.strings(terms)) or None,
    }
    low |= {name: value for name, value in text.items() if name.startswith("body_")}
    part = read_item(low, raw)
    if not isinstance(part, Draft):
        return part
    part = _with_head(part, low)
    address = _address(inner.get("renditions"))
    if not part.paragraphs and address and low.get("type") == "text":
        part = replace(part, warnings=(*part.warnings, f"the text is elsewhere: {address}"[:300]))
    return _signed(replace(part, delivered={**inner, "nitf": nitf}), "AP")


def _with_head(draft: Draft, low: Object) -> Draft:
    """Return the draft with what the head of a whole NITF article says and the item does not."""
    article = next((str(v) for name, v in low.items() if name.startswith("body_") and v), "")
    if "<body.head" not in article:
        return draft
    try:
        root = xml.read_xml(article.encode("utf-8", "replace"), Hints(), DEFAULT_LIMITS).root
    except FaultError as error:
        note = f"the head of its NITF article is not read: {error.fault.message}"
        return replace(draft, warnings=(*draft.warnings, note[:300]))
    head = read_nitf(root)
    return replace(
        draft,
        headline=draft.headline or head.headline,
        bylines=draft.bylines or head.bylines,
        dateline=draft.dateline or head.dateline,
        dateline_places=draft.dateline_places or head.dateline_places,
        dateline_date=draft.dateline_date or head.dateline_date,
        summary=draft.summary or head.summary,
        set_aside=(*draft.set_aside, *texts_of(next(xml.below(root, "body.head"), None))),
    )


def _address(renditions: Json) -> str | None:
    nitf = renditions.get("nitf") if isinstance(renditions, dict) else None
    return values.text(nitf, "href") if isinstance(nitf, dict) else None


def _dpa(item: Object, raw: bytes | None) -> Part:
    notes = [values.text(n, "ednote", "text", "value") for n in values.objects(item, "ednotes")]
    notes += [n for n in values.strings(item.get("ednotes")) if n not in notes]
    notepad = item.get("notepad")
    markup = values.text(notepad, "public_html") if isinstance(notepad, dict) else None
    notes += [line(text) for text in read_html(markup).paragraphs] if markup else []
    body, below = without_class(values.text(item, "article_html") or "", "notepad")
    notes += below
    captions = [values.text(a, "caption") for a in values.objects(item, "associations")]
    low: Object = {
        **item,
        "uri": item.get("urn"),
        "versioncreated": item.get("version_created"),
        "body_html": body,
        "description_text": item.get("teaser"),
        "ednote": "\n".join(filter(None, notes)),
        "keywords": [*values.strings(item.get("kicker"))],
        "infosource": [{"name": item.get("creditline")}],
        "subject": item.get("categories"),
        "type": "text",
    }
    part = read_item(low, raw)
    if not isinstance(part, Draft):
        return part
    mark = "correction" if str(item.get("signal") or "").lower().endswith("correction") else None
    part = replace(
        part,
        captions=(*part.captions, *(c for c in captions if c and c not in part.captions)),
        revision_mark=part.revision_mark or mark,
        format_version=values.text(item, "format"),
        delivered=item,
    )
    return _signed(part, "dpa")


def _signed(draft: Draft, agency: str) -> Draft:
    """Return the draft, of the agency whose shape this is unless it names another one."""
    return replace(draft, provider=draft.provider or agency, format="json")


def _feed(item: Object, raw: bytes | None, read: ReadObject) -> Iterator[Part]:
    listed = item.get("items")
    entries = [e for e in listed if isinstance(e, dict)] if isinstance(listed, list) else []
    if not entries:
        raise FaultError("skipped.not_a_story", "JSON Feed: no items", "$.items")
    title = values.text(item, "title")
    found: list[tuple[Object, Part]] = []
    for entry in entries:
        address = values.text(entry, "url", "external_url")
        homes = (values.text(entry, "url"), values.text(item, "home_page_url", "feed_url"))
        about: Object = {
            "id": entry.get("id") or address,
            "headline": entry.get("title"),
            "body_html": entry.get("content_html"),
            "body": entry.get("content_text"),
            "published_at": entry.get("date_published"),
            "version_time": entry.get("date_modified"),
            "authors": entry.get("authors") or entry.get("author") or item.get("authors"),
            "language": entry.get("language") or item.get("language"),
            "summary": entry.get("summary"),
            "keywords": entry.get("tags"),
            "provider": provider_of_uri(address) or provider(title),
        }
        around: Object = {**item, "items": [entry]}
        part = _object(about, entry, raw, read)
        if isinstance(part, Draft):
            by = part.provider or provider_or_host(*homes)
            part = replace(part, provider=by, format_version=values.text(item, "version"))
        found.append((around, part))
    yield from _parts(found, raw)


def _object(about: Object, entry: Object, raw: bytes | None, read: ReadObject) -> Part:
    try:
        return replace(read(about, raw), delivered=entry)
    except FaultError as error:
        return replace(error.fault, raw=raw)


def _items(item: Object, raw: bytes | None) -> Iterator[Part]:
    listed = item.get("_items")
    entries = [e for e in listed if isinstance(e, dict)] if isinstance(listed, list) else []
    if not entries:
        raise FaultError("skipped.not_a_story", "a list without items", "$._items")
    found = [(e, read_item({k.lower(): v for k, v in e.items()}, raw)) for e in entries]
    yield from _parts(found, raw)


def articles(value: Json) -> Iterator[Object]:
    """Yield the articles of a JSON-LD value: itself, in its graph, or in a list."""
    if isinstance(value, list):
        for entry in value:
            yield from articles(entry) if isinstance(entry, dict) else ()
    elif isinstance(value, dict):
        kinds = value.get("@type")
        named = kinds if isinstance(kinds, list) else [kinds]
        if any(isinstance(kind, str) and _ARTICLE.match(kind) for kind in named):
            yield value
        else:
            graph = value.get("@graph")
            yield from articles(graph) if isinstance(graph, list) else ()


def read_articles(found: list[Object], raw: bytes | None, read: ReadObject) -> Iterator[Part]:
    """Yield the stories of schema.org articles (https://schema.org/NewsArticle)."""
    entries = [(_context(entry), _article(entry, raw, read)) for entry in found]
    yield from _parts(entries, raw)


def _context(entry: Object) -> Object:
    return {"@context": "https://schema.org", **entry}


def _article(entry: Object, raw: bytes | None, read: ReadObject) -> Part:
    page = entry.get("mainEntityOfPage")
    address = values.text(page, "@id", "url") if isinstance(page, dict) else page
    publisher = _named(entry.get("publisher")) or _named(entry.get("sourceOrganization"))
    about: Object = {
        "id": values.text(entry, "url", "@id", "identifier") or address,
        "headline": values.text(entry, "headline", "name"),
        "body": entry.get("articleBody") or entry.get("text"),
        "published_at": values.text(entry, "datePublished", "dateCreated"),
        "version_time": entry.get("dateModified"),
        "authors": [name for name in map(_named, _listed(entry.get("author"))) if name],
        "dateline": entry.get("dateline"),
        "language": _named(entry.get("inLanguage")),
        "summary": values.text(entry, "abstract", "description", "alternativeHeadline"),
        "keywords": _keywords(entry.get("keywords")),
        "provider": publisher,
        "rights": values.text(entry, "copyrightNotice") or _named(entry.get("copyrightHolder")),
    }
    part = _object(about, entry, raw, read)
    if isinstance(part, Fault):
        return part
    sections = tuple(Code("schema.org-section", name, "topic") for name in _sections(entry))
    kind = entry.get("@type")
    named = next(iter(values.strings(kind)), "Article")
    part = replace(part, codes=(*part.codes, *sections), format="json-ld", format_version=named)
    if not part.paragraphs and not part.summary:
        message = f"a schema.org {named} without articleBody: {', '.join(entry)}"
        return Fault("unknown_format", message[:500], "$.articleBody", raw)
    if not part.paragraphs:
        warning = f"a schema.org {named} without articleBody"
        part = replace(part, warnings=(*part.warnings, warning))
    return part


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _named(value: Json) -> str | None:
    """Return the name of an object, or the text itself."""
    if isinstance(value, dict):
        return values.text(value, "name", "legalName", "alternateName")
    return value if isinstance(value, str) and value.strip() else None


def _keywords(value: Json) -> list[Json]:
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return list(values.strings(value))


def _sections(entry: Object) -> list[str]:
    return [" ".join(name.split()) for name in values.strings(entry.get("articleSection"))]
