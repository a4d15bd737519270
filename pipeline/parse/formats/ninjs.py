"""ninjs 1.0 to 3.1 (https://iptc.org/std/ninjs/): one news item as a JSON object.

The three major versions name the same things differently (`headline`, `headlines`; `ednote`,
`edNote`; `place`, `places`): names are read without regard to case, singular or plural.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from pipeline.model import Code, Relation
from pipeline.parse import fields
from pipeline.parse.conventions.dateline import find_dateline, split_places
from pipeline.parse.conventions.providers import named, provider, provider_of_uri
from pipeline.parse.conventions.wiretext import with_moment
from pipeline.parse.draft import Draft, Fault, FaultError, Part, replace
from pipeline.parse.formats import ninjs_rules
from pipeline.parse.markup import values
from pipeline.parse.markup.flow import Flow, read_html
from pipeline.parse.markup.values import Json
from pipeline.parse.text.clean import clean, line, optional_line, unescaped
from pipeline.parse.text.paragraphs import split_paragraphs, tidy_paragraphs

_ROLES = (
    ("topic", ("subject", "subjects", "service", "anpa_category")),
    ("place", ("place", "places")),
    ("person", ("person", "people")),
    ("organisation", ("organisation", "organisations")),
    ("object", ("object", "objects")),
    ("event", ("event", "events")),
    ("genre", ("genre", "genres")),
)
_OWN = re.compile(
    r"^\$?standard$|^(?:headlines|bodies|descriptions|versioncreated|firstcreated|pubstatus|"
    r"representationtype|renditions|associations|copyrightholder|copyrightnotice|usageterms|"
    r"ednote|embargoed|infosources?|mimetype|slugline|altids|urgency|profile)$"
    r"|^(?:body|headline|description)_",
    re.I,
)
_STATES = {
    "draft": "withheld", "in_progress": "withheld", "submitted": "withheld", "spiked": "withheld",
    "scheduled": "withheld", "unpublished": "canceled", "killed": "canceled",
    "recalled": "canceled",
}  # fmt: skip
_PARTS = frozenset({"incomplete", "partial"})
_NO_STORIES = frozenset({"event", "planning"})
_HEAD = ("body.head",)
_MAX_WARNINGS = 20


def is_ninjs(item: dict[str, Json]) -> bool:
    """Say whether an object is a ninjs item.

    It names the standard, or has properties of it only.
    """
    names = set(item)
    if "envelope" in names:
        return False
    return "uri" in names or any(_OWN.match(name) for name in names)


_MARKED = re.compile(r"</[a-z]+[0-9]?>|<br ?/?>", re.I)


def read_ninjs(item: dict[str, Json], raw: bytes | None) -> Part:
    """Return the story of a ninjs object; planning and event items are skipped.

    The `uri`, which is all that the standard demands, is often a `guid` (Superdesk), and may be
    missing, with a warning. Raises `FaultError` of kind `unknown_format` where there is neither an
    id nor a headline nor a body.
    """
    low = {name.lower(): value for name, value in item.items()}
    advice = list(islice(ninjs_rules.advise(item), _MAX_WARNINGS))
    return read_item(low, raw, advice)


def read_item(low: dict[str, Json], raw: bytes | None, advice: Sequence[str] = ()) -> Part:
    """Return the story of an object with ninjs properties, their names in lower case."""
    warnings = list(advice)
    if not _identity(low):
        if not _headline(low) and not _body(low).paragraphs:
            message = f"ninjs: neither uri nor headline nor body: {', '.join(low)}"
            raise FaultError("unknown_format", message[:500], "$", raw)
        warnings.append("$.uri: missing, and no guid")
    kind = (values.text(low, "type") or "").lower()
    if kind in _NO_STORIES:
        evidence = "; ".join(advice[:5]) or "$.type"
        return Fault("skipped.not_a_story", f"ninjs: an item of type {kind}", evidence, raw)
    return _draft(low, kind, warnings, raw)


def _draft(low: dict[str, Json], kind: str, warnings: list[str], raw: bytes | None) -> Draft:
    uri = _identity(low)
    status, unknown = _status(low)
    warnings += [unknown] if unknown else []
    made = fields.moment(values.text(low, "versioncreated"), "$.versioncreated", warnings)
    first = fields.moment(values.text(low, "firstcreated"), "$.firstcreated", warnings)
    created = fields.moment(values.text(low, "contentcreated"), "$.contentcreated", warnings)
    described = _texts(low, "description")
    located = values.text(low, "located")
    draft = Draft(
        headline=_plain(_headline(low)),
        paragraphs=(),
        raw=raw,
        version=fields.version(values.text(low, "version", "_current_version")),
        version_time=made.at if made else None,
        status=status,
        provider=_provider(low, uri),
        provider_id=uri or None,
        slugline=optional_line(values.text(low, "slugline")),
        bylines=_bylines(low),
        language=fields.language(values.text(low, "language")),
        codes=_codes(low, kind),
        warnings=tuple(warnings),
        urgency=values.integer(values.text(low, "urgency"), 1, 9),
        keywords=tuple(map(line, values.strings(low.get("keywords")))),
        rights=optional_line(values.text(low, "copyrightnotice", "copyrightholder")),
        usage_terms=optional_line(values.text(low, "usageterms")) or _linked_rights(low),
        editor_note=optional_line(values.text(low, "ednote")),
        summary=next((text for role, text in described if "caption" not in role), None)
        or " ".join(read_html(values.text(low, "abstract") or "").paragraphs)
        or None,
        captions=(*(t for role, t in described if "caption" in role), *_captions(low)),
        related=_related(low),
        created_at=(first or created or made).at if (first or created or made) else None,  # type: ignore[union-attr]
        updated_at=made.at if made else None,
        dateline_places=(line(located),) if located else (),
        is_partial=values.text(low, "representationtype") in _PARTS,
        format_version=_standard(low),
        format="ninjs",
        delivered=low,
    )
    draft = _located(with_moment(draft, made or first or created), low.get("dateline"))
    draft = fields.embargoed(draft, values.text(low, "embargoed"))
    return fields.with_body(draft, _body(low))


def _plain(text: str) -> str:
    """Return a line without the markup that editors' fields may have (Superdesk)."""
    return line(" ".join(read_html(text).paragraphs) if _MARKED.search(text) else unescaped(text))


def _identity(low: dict[str, Json]) -> str:
    return line(values.text(low, "uri", "guid", "_id") or "")


def _status(low: dict[str, Json]) -> tuple[str, str | None]:
    """Return the status of publication; Superdesk's own state where an item is not out, or taken
    back."""
    status, unknown = fields.status(values.text(low, "pubstatus"))
    state = _STATES.get((values.text(low, "state") or "").lower())
    return (state, unknown) if state and status == "usable" else (status, unknown)


def _located(draft: Draft, stated: Json) -> Draft:
    """Return the draft with the dateline that a property of its own gives (Superdesk, dpa)."""
    inner = stated if isinstance(stated, dict) else {}
    words = values.text(inner, "text") or (stated if isinstance(stated, str) else "")
    words = line(words).rstrip(" -–—")  # noqa: RUF001
    located = inner.get("located")
    city = values.text(located, "city") if isinstance(located, dict) else None
    found = find_dateline(f"{words} - ") if words else None
    near = draft.published_at.date() if draft.published_at else None
    return replace(
        draft,
        dateline=draft.dateline or words or None,
        dateline_places=draft.dateline_places
        or ((line(city),) if city else found.places if found else _bare_places(words)),
        dateline_date=found.on(near) if found else draft.dateline_date,
        provider=draft.provider or (found.provider if found else None),
    )


def _bare_places(words: str) -> tuple[str, ...]:
    """Return the places of a dateline that is nothing else: no date, no agency."""
    return split_places(words) if words and not re.search(r"[\d()]", words) else ()


def _headline(low: dict[str, Json]) -> str:
    for entry in sorted(values.objects(low, "headlines"), key=lambda e: e.get("role") != "main"):
        if found := values.text(entry, "value"):
            return found
    others = sorted(name for name in low if name.startswith("headline_"))
    return values.text(low, "headline", "headline_main", *others, "title") or ""


def _texts(low: dict[str, Json], name: str) -> list[tuple[str, str]]:
    """Return the texts of `description…` by role, as lines."""
    plural = {"body": "bodies"}.get(name, name + "s")
    found = [
        (str(entry.get("role") or ""), values.text(entry, "value") or "")
        for entry in values.objects(low, plural)
    ]
    found += [(key, values.text(low, key) or "") for key in low if key.startswith(name + "_")]
    return [(role.lower(), " ".join(read_html(t).paragraphs)) for role, t in found if t.strip()]


def _body(low: dict[str, Json]) -> Flow:
    """Return the body's paragraphs: of the marked-up form where there is one, else of the plain
    one."""
    found: list[tuple[int, str]] = []
    for entry in values.objects(low, "bodies"):
        kind = f"{entry.get('contenttype') or entry.get('contentType') or ''}".lower()
        found.append(
            (0 if "html" in kind or "xml" in kind else 1, values.text(entry, "value") or "")
        )
    for name in sorted(low):
        if name.startswith("body_"):
            rank = 0 if "html" in name else 1 if name == "body_text" else 2
            found.append((rank, values.text(low, name) or ""))
    for _, text in sorted(found, key=lambda entry: entry[0]):
        marked = bool(re.search(r"<\w+[^>]*>", text))
        # Some send a whole NITF article there, whose head says headline and dateline again.
        flow = read_html(text, skip=_HEAD) if marked else _plain_flow(text)
        if flow.paragraphs:
            return flow
    return Flow()


def _plain_flow(text: str) -> Flow:
    return Flow(tidy_paragraphs(split_paragraphs(clean(unescaped(text)), by_line=True)))


def _provider(low: dict[str, Json], uri: str) -> str | None:
    sources = [
        values.text(entry, "name") for entry in values.objects(low, "infosource", "infosources")
    ]
    by_uri = provider_of_uri(uri)
    if by_uri:
        return by_uri
    source = values.text(low, "source", "original_source")
    known = fields.first_provider(*sources, source, values.text(low, "copyrightholder"))
    return known if provider(known) else named(source)


def _codes(low: dict[str, Json], kind: str) -> tuple[Code, ...]:
    codes = [Code("ninjs-type", kind, "class")] if kind else []
    for role, names in _ROLES:
        for entry in values.objects(low, *names):
            uri = values.text(entry, "uri") or ""
            value = (
                values.text(entry, "code", "qcode", "literal") or uri.rstrip("/").rpartition("/")[2]
            )
            scheme = values.text(entry, "scheme") or uri.rpartition("/")[0] or "ninjs"
            name = optional_line(values.text(entry, "name"))
            if value or name:
                codes.append(Code(line(scheme), line(value) or (name or ""), role, name))
    return tuple(codes)


def _captions(low: dict[str, Json]) -> tuple[str, ...]:
    found: list[str] = []
    for entry in values.objects(low, "associations"):
        inner = {name.lower(): value for name, value in entry.items()}
        found += [text for _, text in _texts(inner, "description")]
    return tuple(found)


def _related(low: dict[str, Json]) -> tuple[Relation, ...]:
    uris = (values.text(entry, "uri") for entry in values.objects(low, "associations"))
    found = [Relation("related", line(uri)) for uri in uris if uri]
    before = values.text(low, "evolvedfrom")
    return tuple(found + ([Relation("previous", line(before))] if before else []))


def _bylines(low: dict[str, Json]) -> tuple[str, ...]:
    """Return the byline's names, else those of the creators that some feeds list."""
    named = fields.bylines(_plain(values.text(low, "byline") or "") or None)
    by = low.get("by")
    stated = fields.bylines(by) if isinstance(by, str) else values.strings(by)
    others = (*stated, *values.strings(low.get("authors")))
    return named or tuple(dict.fromkeys(map(line, others)))


def _linked_rights(low: dict[str, Json]) -> str | None:
    """Return the address of the rights' statement, or the statement encoded."""
    rights = low.get("rightsinfo")
    if not isinstance(rights, dict):
        return None
    inner = {name.lower(): value for name, value in rights.items()}
    return optional_line(values.text(inner, "usageterms", "linkedrights", "encodedrights"))


def _standard(low: dict[str, Json]) -> str | None:
    standard = low.get("standard") or low.get("$standard")
    if not isinstance(standard, dict):
        return None
    schema = re.search(r"_(\d+\.\d+)\.json", str(standard.get("schema") or ""))
    return values.text(standard, "version") or (schema[1] if schema else None)
