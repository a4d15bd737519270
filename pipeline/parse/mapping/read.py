"""An object and a mapping to the fields of a story, under the names that JSON exports use."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from pipeline.model import Code
from pipeline.parse.draft import Draft, FaultError, replace
from pipeline.parse.mapping.field_map import Field, FieldMap, ready_mappings
from pipeline.parse.markup.flow import Flow, read_html
from pipeline.parse.markup.values import Json
from pipeline.parse.text.clean import clean, line
from pipeline.parse.text.paragraphs import split_paragraphs, tidy_paragraphs

_STEP = re.compile(r"([^.\[\]]+)|\[(\d*)\]")
_TIMES = frozenset(("published_at", "version_time", "created_at", "updated_at", "embargo_until"))
_LISTS = frozenset({"byline", "keywords", "captions"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_VALUES = 100_000
_MAX_NAMES_CHARS = 300

ReadObject = Callable[[dict[str, Json], bytes | None], Draft]
"""Makes the draft of an object whose names are those of JSON exports."""


def first_fitting(item: dict[str, Json], mappings: Sequence[FieldMap]) -> FieldMap | None:
    """Return the first of the operator's mappings whose shape `item` has."""
    return next((mapping for mapping in mappings if fits(mapping, item)), None)


def find_ready(item: dict[str, Json]) -> FieldMap | None:
    """Return the first ready mapping whose shape `item` has."""
    names = item.keys()
    for mapping, has in _signatures():
        if has <= names and fits(mapping, item):
            return mapping
    return None


@cache
def _signatures() -> tuple[tuple[FieldMap, frozenset[str]], ...]:
    """Return the ready mappings that are told by their fields, and those of them at the top."""
    found = ((entry, frozenset(entry.when.has)) for entry in ready_mappings() if entry.when.has)
    return tuple((entry, frozenset(re.split(r"[.\[]", p)[0] for p in has)) for entry, has in found)


def fits(mapping: FieldMap, item: dict[str, Json]) -> bool:
    """Say whether `item` is of the mapping's shape: by `when`, else where its text stands there."""
    when = mapping.when
    if when.has or when.equals:
        equal = all(_plain(item, path) == value for path, value in when.equals.items())
        return equal and all(_present(item, path) for path in when.has)
    entries = (mapping.entry("body"), mapping.entry("headline"))
    return any(entry and any(True for _ in _values(item, entry)) for entry in entries)


def find_items(
    item: dict[str, Json], mappings: Sequence[FieldMap]
) -> tuple[FieldMap, str, list[dict[str, Json]]] | None:
    """Find a list of articles in one object: its mapping, path and objects.

    None if there is none.
    """
    for mapping in mappings:
        for path in mapping.items:
            if path not in item and _first_name(path) not in item:
                continue
            inner = list(_walk(item, path))
            entries = inner[0] if len(inner) == 1 else None
            if isinstance(entries, dict):
                entries = [entries]
            if not isinstance(entries, list):
                continue
            objects = [entry for entry in entries if isinstance(entry, dict)]
            if objects and any(fits(mapping, entry) for entry in objects):
                return mapping, path, objects
    return None


@cache
def _first_name(path: str) -> str:
    """Return the field of the object itself that a path begins with."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def alone(item: dict[str, Json], path: str, entry: dict[str, Json]) -> bytes:
    """Return the object around a list of articles, with this one alone in it."""
    names = path.split(".")
    copy: dict[str, Json] = dict(item)
    at = copy
    for name in names[:-1]:
        inner = at[name]
        at[name] = at = dict(inner) if isinstance(inner, dict) else {}
    at[names[-1]] = [entry] if isinstance(at.get(names[-1]), list) else entry
    return json.dumps(copy, ensure_ascii=False).encode("utf-8", "surrogatepass")


def read_mapped(
    mapping: FieldMap, item: dict[str, Json], raw: bytes | None, read: ReadObject
) -> Draft:
    """Return the draft of `item` by the mapping.

    Raises `FaultError` that names the fields it has.
    """
    low: dict[str, Json] = {}
    warnings: list[str] = []
    for name in mapping.fields:
        entry = mapping.entry(name)
        if entry is None or name in {"body", "section"}:
            continue
        found = list(_values(item, entry))
        if not found:
            continue
        if name in _TIMES:
            text = _time(found[0], entry)
            if text is None:
                shown = line(str(found[0]))[:60]
                warnings.append(f"{name}: {entry.time} does not fit {shown}")
            else:
                low[name] = text
        elif name in _LISTS:
            low[_NAMES.get(name, name)] = _list(name, found)
        elif name == "language":
            low[name] = _language(_scalar(found[0]))
        elif entry.text == "html" or _MARKUP.search(_scalar(found[0])):
            low[name] = " ".join(read_html(_scalar(found[0])).paragraphs)
        else:
            low[name] = line(_scalar(found[0]))
    flow = _body(mapping, item)
    low["paragraphs"] = list(flow.paragraphs)
    if not flow.paragraphs and not low.get("headline"):
        message = f"the mapping {mapping.name} finds neither headline nor body"
        raise FaultError("unknown_format", f"{message}: {names_of(item)}", "$")
    draft = read(low, raw)
    return replace(
        draft,
        delivered=item,
        format_version=f"mapping {mapping.identity}",
        codes=(*draft.codes, *_sections(mapping, item)),
        captions=(*draft.captions, *flow.captions),
        warnings=(*warnings, *draft.warnings),
    )


_MARKUP = re.compile(r"</[a-z]+[0-9]?>|<br ?/?>", re.I)
_NAMES = {"byline": "bylines"}


def _list(name: str, found: list[Json]) -> Json:
    """Return a list as it is; one text of several names in it as the names' own rules have it."""
    texts = [line(_scalar(value)) for value in found]
    if name == "byline" and len(texts) == 1:
        return texts[0]
    if name == "keywords" and len(texts) == 1:
        return [part.strip() for part in re.split(r"[,;|]", texts[0])]
    return [text for text in texts if text]


def names_of(item: dict[str, Json]) -> str:
    """Return the names of an object's fields as a message shows them."""
    names = ", ".join(line(str(name))[:40] for name in list(item)[:60])
    return f"its fields are {names}"[:_MAX_NAMES_CHARS] if names else "it has no fields"


def _body(mapping: FieldMap, item: dict[str, Json]) -> Flow:
    entry = mapping.entry("body")
    if entry is None:
        return Flow()
    paragraphs: list[str] = []
    captions: list[str] = []
    for value in _values(item, entry):
        flow = _flow(_scalar(value), entry.text)
        paragraphs += flow.paragraphs
        captions += flow.captions
    return Flow(tuple(paragraphs), tuple(captions))


def _flow(text: str, form: str) -> Flow:
    marked = "</" in text or "<br" in text or "<p>" in text
    if form == "html" or (form == "auto" and marked):
        return read_html(text)
    if form == "paragraphs":
        return Flow(tidy_paragraphs((text,)))
    if form == "lines":
        return Flow(tidy_paragraphs(text.splitlines()))
    return Flow(tidy_paragraphs(split_paragraphs(clean(text))))


def _sections(mapping: FieldMap, item: dict[str, Json]) -> Iterator[Code]:
    entry = mapping.entry("section")
    for value in _values(item, entry) if entry else ():
        if text := line(_scalar(value)):
            yield Code("section", text, "topic")


def _values(item: dict[str, Json], entry: Field) -> Iterator[Json]:
    """Yield what the first of the paths that leads to something leads to; blank texts are
    nothing."""
    if entry.value is not None:
        yield entry.value
        return
    for path in entry.paths:
        found = False
        for number, value in enumerate(_walk(item, path, entry)):
            if number >= _MAX_VALUES:
                return
            if isinstance(value, (bool, list, dict)) or value is None:
                continue
            if isinstance(value, str) and not value.strip():
                continue
            found = True
            yield value
        if found:
            return


def _present(item: dict[str, Json], path: str) -> bool:
    return any(True for _ in _walk(item, path))


def _plain(item: dict[str, Json], path: str) -> str | None:
    for value in _walk(item, path):
        return _scalar(value)
    return None


def _walk(item: dict[str, Json], path: str, entry: Field | None = None) -> Iterator[Json]:
    """Yield the values at `path`: `a.b` fields of fields, `a[]` each of a list, `a[0]` one of it.

    A field that has the whole path for its name comes first. A list at the end stands for its
    values.
    """
    if path in item:
        yield from _spread(item[path])
        return
    steps = [match.groups() for match in _STEP.finditer(path)]
    last = max((n for n, (_, index) in enumerate(steps) if index == ""), default=-1)
    level: list[Json] = [item]
    for number, (name, index) in enumerate(steps):
        if name is not None:
            level = [v[name] for v in level if isinstance(v, dict) and name in v]
        elif index:
            nth = int(index)
            level = [v[nth] for v in level if isinstance(v, list) and nth < len(v)]
        else:
            level = [inner for v in level if isinstance(v, list) for inner in v]
            if entry and entry.where and number == last:
                level = [v for v in level if _is_wanted(v, entry)]
    for value in level:
        yield from _spread(value)


def _spread(value: Json) -> Iterator[Json]:
    if isinstance(value, list) and not any(isinstance(v, (dict, list)) for v in value):
        yield from value
    else:
        yield value


def _is_wanted(value: Json, entry: Field) -> bool:
    if not isinstance(value, dict):
        return False
    for name, wanted in entry.where.items():
        allowed = (wanted,) if isinstance(wanted, str) else wanted
        if _scalar(value.get(name)) not in allowed:
            return False
    return True


def _scalar(value: Json) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _time(value: Json, entry: Field) -> str | None:
    """Return the time in ISO 8601; None where it is not written as the mapping says."""
    text = _scalar(value).strip()
    if entry.time == "iso":
        return _in_zone(text, entry.zone) if entry.zone else text
    if entry.time in {"epoch", "epoch_ms"}:
        return _from_epoch(text, 1000 if entry.time == "epoch_ms" else 1)
    try:
        found = datetime.strptime(text, entry.time)
    except ValueError:
        return None
    if not re.search(r"%[HIcXTsR]", entry.time):
        return found.date().isoformat()
    if found.tzinfo is None and entry.zone:
        found = found.replace(tzinfo=ZoneInfo(entry.zone))
    return found.isoformat(timespec="seconds")


def _in_zone(text: str, zone: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    is_day = found.tzinfo is not None or len(text) <= len("2026-10-03")
    return text if is_day else found.replace(tzinfo=ZoneInfo(zone)).isoformat()


def _from_epoch(text: str, parts: int) -> str | None:
    if not re.fullmatch(r"-?\d{1,16}(?:\.\d{1,9})?", text):
        return None
    try:
        moment = _EPOCH + timedelta(seconds=int(float(text) / parts))
    except (OverflowError, ValueError):
        return None
    return moment.isoformat(timespec="seconds")


@cache
def _language_names() -> dict[str, str]:
    import pycountry

    return {
        entry.name.casefold(): entry.alpha_2
        for entry in pycountry.languages
        if hasattr(entry, "alpha_2")
    }


def _language(text: str) -> str:
    """Return the language's code where its English name is given."""
    return _language_names().get(text.strip().casefold(), text)
