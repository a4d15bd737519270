"""What ninjs demands of its properties, as advice: `$.path: what is wrong`.

From the schemas 1.0 to 3.1 at https://iptc.org/std/ninjs/. Real feeds break the schema: an item is
read as far as it goes, and the advice stands in its warnings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.parse.markup.values import Json

_STRINGS = [
    "uri", "type", "mimetype", "representationtype", "profile", "version", "versioncreated",
    "embargoed", "pubstatus", "language", "located", "copyrightholder", "copyrightnotice",
    "usageterms", "headline", "byline", "slugline", "ednote", "title", "firstcreated",
    "contentcreated", "contentmodified", "expires", "ttl", "copyrightstatus",
]  # fmt: skip
_LISTS = [
    "person", "people", "organisation", "organisations", "place", "places", "subject", "subjects",
    "event", "events", "object", "objects", "infosource", "infosources", "genre", "genres",
    "headlines", "bodies", "descriptions", "trustindicator", "trustindicators", "advices",
    "plannedcoverage", "keywords", "symbols", "contactinfo",
]  # fmt: skip
_OBJECTS = ["standard", "$standard", "rightsinfo", "digitalsourcetype", "eventdetails"]
_EITHER = ["renditions", "associations", "altids", "by"]
_NUMBERS = ["urgency", "charcount", "wordcount"]
_SUPERDESKS = [
    "guid", "source", "service", "priority", "authors", "readtime", "extra", "extra_items",
    "attachments", "annotations", "products", "signal", "original_source", "assignment_id",
    "coverage_id", "family_id", "creditline", "place", "refs", "abstract", "dateline",
    "firstpublished", "sms_message", "description_custom",
    # of its own items, as its API and its archive give them
    "_id", "_current_version", "_etag", "_created", "_updated", "_links", "_type", "unique_id",
    "unique_name", "state", "operation", "event_id", "original_id", "original_creator",
    "version_creator", "sign_off", "anpa_category", "task", "word_count", "flags", "format",
    "schedule_settings", "publish_schedule", "publish_sequence_no", "template", "fields_meta",
    "publishedin", "linked_in_packages", "bookmarks", "highlights", "revert_state", "expiry",
    "ingest_id", "ingest_provider", "ingest_provider_sequence", "ingest_version", "deleted_fields",
    "rewrite_sequence", "rewrite_of", "rewritten_by", "translated_from", "translation_id",
    "item_id", "last_published_version", "moved_to_legacy", "archived", "syndicate_to", "groups",
    "target_regions", "target_types", "target_subscribers", "content_type", "used", "embargo",
]  # fmt: skip
"""Properties that Superdesk adds to every item."""
_KNOWN = frozenset((*_STRINGS, *_LISTS, *_OBJECTS, *_EITHER, *_NUMBERS, "$schema", "name", "rel"))
_KNOWN |= frozenset(_SUPERDESKS)
_EXTENSION = re.compile(r"^(?:body|description)_[^*&%]+$|^headline_.+$", re.I)
_WORD_EXTENSION = re.compile(r"^headline_[A-Za-z0-9_]+$", re.I)
_TYPES = frozenset([
    "text", "audio", "video", "picture", "graphic", "composite", "component", "planning", "event",
    "podcast",
])  # fmt: skip
_STATUSES = frozenset({"usable", "withheld", "canceled"})
_REPRESENTATIONS = ("complete", "incomplete", "full", "partial")
_SINGULARS = frozenset(
    ["headline", "person", "organisation", "place", "subject", "event", "object", "infosource",
     "genre", "trustindicator"]
)  # fmt: skip
_PLURALS = frozenset(["headlines", "bodies", "descriptions", "people", "infosources"])
_PLURALS |= {f"{name}s" for name in _SINGULARS}
_CAMEL = (
    "versionCreated", "firstCreated", "contentCreated", "contentModified", "pubStatus", "mimeType",
    "representationType", "copyrightHolder", "copyrightNotice", "usageTerms", "edNote", "altIds",
    "infoSources", "rightsInfo", "trustIndicators", "digitalSourceType", "charCount", "wordCount",
)  # fmt: skip
_AFTER_1_0 = frozenset({"component", "planning", "event"})
_NEW_PROPERTIES = frozenset({"infosource"})
_DATE = re.compile(
    r"^\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)?)?)?$"
)
_GEOMETRIES = frozenset([
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
    "GeometryCollection", "Feature", "FeatureCollection",
])  # fmt: skip


def advise(item: dict[str, Json]) -> Iterator[str]:
    """Yield what is wrong with a ninjs item, each with its path; nothing for a right one."""
    return _item(item, "$", declared=_declared(item))


def _declared(item: dict[str, Json]) -> bool:
    standard = item.get("standard") or item.get("$standard")
    return isinstance(standard, dict) or any(name in item for name in ("headlines", "bodies"))


def _item(item: dict[str, Json], path: str, declared: bool) -> Iterator[str]:
    for name, value in item.items():
        yield from _property(name, value, f"{path}.{name}", declared)
    yield from _values({k.lower(): v for k, v in item.items()}, path)
    yield from _mixed(set(item), path)
    yield from _renditions(item.get("renditions"), f"{path}.renditions")


def _mixed(names: set[str], path: str) -> Iterator[str]:
    """Names of different major versions in one item: 2.0 made them plural, 3.0 camel case."""
    plural = sorted(names & _PLURALS)
    for name in sorted(names) if plural else ():
        if name in _SINGULARS or _EXTENSION.match(name):
            yield f"{path}.{name}: of ninjs 1, beside {plural[0]} of ninjs 2 and 3"
    camel = sorted(name for name in names if name.lower() != name and name.lower() in _KNOWN)
    for name in sorted(names & {entry.lower() for entry in _CAMEL}) if camel else ():
        yield f"{path}.{name}: of ninjs 1 and 2, beside {camel[0]} of ninjs 3"


def _renditions(renditions: Json, path: str) -> Iterator[str]:
    named = renditions.items() if isinstance(renditions, dict) else ()
    listed = enumerate(renditions) if isinstance(renditions, list) else ()
    entries = [(f"{path}.{name}", e) for name, e in named]
    for here, entry in entries + [(f"{path}[{index}]", e) for index, e in listed]:
        if not isinstance(entry, dict):
            yield f"{here}: not an object"
            continue
        for name, value in entry.items():
            if name in {"href", "mimetype", "title", "contenttype", "mimeType", "contentType"}:
                good = isinstance(value, str)
            elif name in {"width", "height", "sizeinbytes", "sizeInBytes"}:
                good = isinstance(value, (int, float)) and not isinstance(value, bool)
            else:
                good = True
            if not good:
                yield f"{here}.{name}: not what ninjs says"


def _property(name: str, value: Json, path: str, declared: bool) -> Iterator[str]:
    low = name.lower()
    if low not in _KNOWN and not _EXTENSION.match(name):
        yield f"{path}: no property of ninjs"
    elif low in _STRINGS or _EXTENSION.match(name):
        if not isinstance(value, str):
            yield f"{path}: not a string"
        elif "\n" in value or "\r" in value:
            yield from () if low.startswith(("body", "description")) else (f"{path}: line break",)
    elif low in _LISTS:
        yield from _list(value, path)
    elif low in _OBJECTS and not isinstance(value, dict):
        yield f"{path}: not an object"
    elif low in _EITHER and not isinstance(value, (dict, list)):
        yield f"{path}: neither object nor list"
    elif low in _NUMBERS and (not isinstance(value, int) or isinstance(value, bool)):
        yield f"{path}: not a whole number"
    if low.startswith("headline_") and declared and not _WORD_EXTENSION.match(name):
        yield f"{path}: an extension has letters, digits and underscores only"
    if low in _NEW_PROPERTIES and not declared:
        yield f"{path}: not in ninjs 1.0 and 1.1, and the item names no version"


def _list(value: Json, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: not a list"
        return
    for index, entry in enumerate(value):
        here = f"{path}[{index}]"
        if not isinstance(entry, dict):
            if not path.lower().endswith("keywords"):
                yield f"{here}: not an object"
            continue
        for name in ("name", "scheme", "code", "uri", "literal", "rel", "role", "href"):
            if name in entry and not isinstance(entry[name], str):
                yield f"{here}.{name}: not a string"
        yield from _place(entry, here)
        yield from _inner_numbers(entry, here)
        if path.lower().endswith("advices"):
            for name in ("importance", "lifetime"):
                inner = entry.get(name)
                if name in entry and not (isinstance(inner, dict) and inner.get("code")):
                    yield f"{here}.{name}: not an object with a code"


def _place(entry: dict[str, Json], path: str) -> Iterator[str]:
    for name, value in entry.items():
        if name.lower() in {"geojson", "geometry_geojson"} and (
            not isinstance(value, dict)
            or value.get("type") not in _GEOMETRIES
            or not ({"coordinates", "geometry", "geometries", "features"} & set(value))
        ):
            yield f"{path}.{name}: no GeoJSON"


def _inner_numbers(entry: dict[str, Json], path: str) -> Iterator[str]:
    urgency = entry.get("urgency")
    if urgency is not None and not (isinstance(urgency, int) and 1 <= urgency <= 9):
        yield f"{path}.urgency: not 1 to 9"


def _values(low: dict[str, Json], path: str) -> Iterator[str]:
    kind, state = low.get("type"), low.get("pubstatus")
    complete = low.get("representationtype")
    versioned = "standard" in low or "$standard" in low
    if isinstance(kind, str) and kind not in _TYPES:
        yield f"{path}.type: unknown: {kind[:40]}"
    elif isinstance(kind, str) and kind in _AFTER_1_0 and not versioned:
        yield f"{path}.type: {kind} is not in ninjs 1.0, and the item names no version"
    if isinstance(state, str) and state.rpartition("/")[2] not in _STATUSES:
        yield f"{path}.pubstatus: unknown: {state[:40]}"
    if isinstance(complete, str) and complete not in _REPRESENTATIONS:
        yield f"{path}.representationtype: unknown"
    urgency = low.get("urgency")
    if isinstance(urgency, int) and not 1 <= urgency <= 9:
        yield f"{path}.urgency: not 1 to 9"
    standard = low.get("$standard")
    if isinstance(low.get("standard"), str) or isinstance(standard, str):
        yield f"{path}.standard: not an object"
    yield from _rights(low.get("rightsinfo"), f"{path}.rightsinfo")
    yield from _associations(low.get("associations"), f"{path}.associations")
    yield from _event(low, path)


def _rights(rights: Json, path: str) -> Iterator[str]:
    if isinstance(rights, dict):
        names = {name.lower() for name in rights}
        if {"linkedrights", "encodedrights"} <= names:
            yield f"{path}: both linkedrights and encodedrights"
        for name, value in rights.items():
            if not isinstance(value, str):
                yield f"{path}.{name}: not a string"


def _associations(entries: Json, path: str) -> Iterator[str]:
    named = entries.items() if isinstance(entries, dict) else ()
    for name, entry in named:
        if isinstance(entry, dict):
            yield from _item(entry, f"{path}.{name}", declared=True)
        else:
            yield f"{path}.{name}: not an object"
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        here = f"{path}[{index}]"
        if not isinstance(entry, dict):
            yield f"{here}: not an object"
            continue
        yield from (f"{here}.{need}: missing" for need in ("name", "uri") if need not in entry)
        yield from _item(entry, here, declared=True)


def _event(low: dict[str, Json], path: str) -> Iterator[str]:
    details = low.get("eventdetails")
    dates = details.get("dates") if isinstance(details, dict) else None
    here = f"{path}.eventDetails.dates"
    if isinstance(dates, dict):
        if {"startDate", "expectedStartDate"} <= set(dates):
            yield f"{here}: both startDate and expectedStartDate"
        for name, value in dates.items():
            if name.endswith("Date") and not (isinstance(value, str) and _DATE.match(value)):
                yield f"{here}.{name}: no date"
    if low.get("type") == "event" and "renditions" in low:
        yield f"{path}.renditions: not for events"
