"""JSON: one object, an array of objects, or JSON Lines; each a ninjs item or a story object.

A story object is either Dateline's own envelope (`"envelope": "dateline/1"`, see docs/formats.md)
or any object with a headline and a body under the names that exports use. `content` (text) or
`content_base64` in an envelope hold a message in another wire format instead.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator

from pipeline.model import Code, Relation
from pipeline.parse import fields
from pipeline.parse.conventions.providers import named
from pipeline.parse.conventions.wiretext import with_moment
from pipeline.parse.draft import Draft, Fault, FaultError, Hints, Part, Sniff, replace
from pipeline.parse.formats.agency_json import read_agency
from pipeline.parse.formats.ninjs import is_ninjs, read_ninjs
from pipeline.parse.limits import ParseLimits
from pipeline.parse.mapping import read as mapped
from pipeline.parse.mapping.field_map import FieldMap, ready_mappings
from pipeline.parse.markup import values
from pipeline.parse.markup.flow import Flow, read_html
from pipeline.parse.markup.values import Json
from pipeline.parse.overflow import up_to_limits
from pipeline.parse.text import dates
from pipeline.parse.text.clean import clean, line, optional_line, unescaped
from pipeline.parse.text.dates import Moment
from pipeline.parse.text.decode import decode
from pipeline.parse.text.paragraphs import split_paragraphs, tidy_paragraphs
from pipeline.tabular import FOREIGN_BODIES, FOREIGN_HEADLINES

_HEADLINE = ("headline", "title", "hl", "head", "heading", "news_title", "article_title",
             "headline_text", *FOREIGN_HEADLINES)  # fmt: skip
_BODY = ("body", "text", "content", "body_text", "article", "story", "maintext", "full_text",
         "fulltext", "article_text", "storytext", "story_text", "article_body", "news_text",
         "text_body", "article_content", "plain_text", *FOREIGN_BODIES)  # fmt: skip
_DATE = ("published_at", "published", "date", "pub_date", "pubdate", "publish_date", "timestamp",
         "date_publish", "datetime", "created_at", "date_published", "published_date",
         "publication_date", "publishedat", "datum", "dátum", "fecha", "data", "дата",
         "tarih", "ημερομηνία", "päivämäärä")  # fmt: skip
_CHANGED = ("version_time", "updated_at", "updated", "updatedat", "last_updated", "lastupdated",
            "date_updated", "date_modify", "update_date", "updated_date", "update_time",
            "updatetime", "modified", "modified_at", "modifiedat", "last_modified",
            "lastmodified", "date_modified", "datemodified", "modified_date",
            "modification_date", "lastmod", "versioncreated", "version_created", "version_date",
            "revised", "revised_at", "revision_date", "edited_at")  # fmt: skip
_CHANGE_WORD = re.compile(
    r"aktualis|geändert|änderung|modific|mise? à jour|aggiorna|actualiza|обновл|измен|güncelle"
    r"|oppdater|uppdater|opdater|gewijzigd|更新",
    re.I,
)
_DATE_WORD = re.compile(
    r"date|datum|fecha|dato\b|päiv|tarih|дата|опубл|публик|publi|pubbl|veröff|erschien|gesendet|sent"
    r"|issued|paruti|日付|日期|날짜",
    re.I,
)
_OTHER_DATE = re.compile(
    r"updat|modif|änder|embarg|until|crawl|retriev|scrap|access|expir|birth|load|publisher", re.I
)
_PROVIDER = ("provider", "agency", "source", "publisher", "publication", "source_domain", "quelle",
             "agentur", "fuente", "fonte", "źródło", "zdroj", "источник", "kaynak",
             "ajans")  # fmt: skip
_BYLINE = ("bylines", "authors", "byline", "author", "autor", "auteur", "autore", "автор", "yazar",
           "szerző", "författare", "forfatter")  # fmt: skip
_STATUS = ("status", "pubstatus", "post_status", "publication_status", "visibility")
# Of these, unknown words are of something else: `state: Ohio`.
_OTHER_STATUS = ("state", "workflow_state", "workflow_status", "moderation_state", "poststatus",
                 "article_status", "articlestatus", "publish_status", "publishstatus",
                 "publishing_status", "stage")  # fmt: skip
_HIDDEN_IF = {
    True: ("draft", "is_draft", "isdraft", "hidden", "is_hidden", "private", "is_private",
           "isprivate", "trashed", "unpublished", "withheld", "on_hold"),
    False: ("published", "is_published", "ispublished", "public", "is_public", "ispublic",
            "visible", "is_visible", "isvisible"),
}  # fmt: skip
_EMBARGO = ("embargo_until", "embargountil", "embargoed_until", "embargoeduntil", "embargo",
            "embargoed", "embargo_date", "embargodate", "embargo_time", "embargo_end",
            "embargo_ends", "is_embargoed", "isembargoed", "under_embargo", "hold_until",
            "holduntil", "sperrfrist", "sperrefrist", "spærrefrist", "spärrtid")  # fmt: skip
_YES = frozenset({"true", "yes", "1", "ja", "oui"})
_NO = frozenset({"false", "no", "0", "nein", "non", "none", "null", "n/a", "nan", "-"})
_ID = ("id", "provider_id", "guid", "article_id", "url", "link")

Nested = Callable[[bytes, Hints, ParseLimits], Iterator[Part]]


class JsonFormat:
    """The format; `nested` reads content that an envelope carries in another format."""

    name = "json"

    def __init__(self, nested: Nested) -> None:
        self._nested = nested

    def matches(self, sniff: Sniff) -> bool:
        """Look for `{`, or `[` before an object."""
        text = sniff.text
        return text.startswith("{") or (text[:1] == "[" and text[1:].lstrip()[:1] in {"{", "]"})

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield a part for each object, with the bytes of that object."""
        decoded = decode(data, hints.charset)
        text = decoded.text
        plain = decoded.encoding == "utf-8" and not decoded.warnings and data[:1] in b"{["
        for found in values.read_values(text, limits.max_depth):
            own = text[found.start : found.end].rstrip().encode("utf-8", "surrogatepass")
            raw = None if plain and len(own) == len(data) else own
            if found.fault:
                evidence = f"character {found.start}"
                yield Fault("malformed", f"no JSON: {found.fault}", evidence, raw)
                continue
            for part in self._object(found.value, raw, hints, limits):
                noted = (*decoded.warnings, *filter(None, (found.warning,)))
                yield part if isinstance(part, Fault) else _warned(part, noted)

    def _object(
        self, value: Json, raw: bytes | None, hints: Hints, limits: ParseLimits
    ) -> Iterator[Part]:
        try:
            item = values.need_object(value)
            low = {name.casefold(): entry for name, entry in item.items()}
            content = _content(low)
            if content is not None:
                yield from self._carried(low, content, raw, hints, limits)
            elif (mapping := mapped.first_fitting(item, limits.mappings)) is not None:
                yield mapped.read_mapped(mapping, item, raw, read_story_object)
            elif (found := mapped.find_items(item, limits.mappings)) is not None:
                yield from _mapped_items(item, found, raw)
            elif (parts := read_agency(item, raw, read_story_object)) is not None:
                yield from parts
            elif (mapping := mapped.find_ready(item)) is not None:
                yield mapped.read_mapped(mapping, item, raw, read_story_object)
            elif (found := mapped.find_items(item, ready_mappings())) is not None:
                yield from _mapped_items(item, found, raw)
            elif is_ninjs(item) and not _is_story(low):
                yield read_ninjs(item, raw)
            else:
                yield _with_text(read_story_object(low, raw), low, item)
        except FaultError as error:
            yield replace(error.fault, raw=raw)

    def _carried(
        self,
        low: dict[str, Json],
        content: bytes,
        raw: bytes | None,
        hints: Hints,
        limits: ParseLimits,
    ) -> Iterator[Part]:
        """Yield the parts of what an envelope carries: of one item the envelope stays the raw
        form."""
        parts = up_to_limits(self._nested(content, hints, limits), limits)
        for part in parts:
            own = raw if len(parts) == 1 else part.raw
            if isinstance(part, Fault):
                yield replace(part, raw=own if own is not None else raw)
            else:
                agency = part.provider or named(values.text(low, *_PROVIDER))
                yield replace(part, raw=own, provider=agency)


def _mapped_items(
    item: dict[str, Json], found: tuple[FieldMap, str, list[dict[str, Json]]], raw: bytes | None
) -> Iterator[Part]:
    """Yield a part for each article within the answer of an API, with the answer around it as raw
    form.

    What is of another shape than the mapping's is read like any object.
    """
    mapping, path, entries = found
    for entry in entries:
        own = raw if len(entries) == 1 else mapped.alone(item, path, entry)
        try:
            if mapped.fits(mapping, entry):
                yield mapped.read_mapped(mapping, entry, own, read_story_object)
            else:
                low = {name.casefold(): value for name, value in entry.items()}
                yield _with_text(read_story_object(low, own), low, entry)
        except FaultError as error:
            yield replace(error.fault, raw=own)


def _with_text(draft: Draft, low: dict[str, Json], item: dict[str, Json]) -> Draft:
    """Return the draft if a text of the object was read; raises `FaultError` that names its fields
    else.

    A headline alone is a story where the object says that it is one of ours, or that it is killed.
    """
    is_wire = "envelope" in low or draft.status == "canceled"
    if draft.paragraphs or draft.summary or draft.captions or is_wire:
        return draft
    message = "the object has a headline, and no text under a known name"
    raise FaultError("unknown_format", f"{message}: {mapped.names_of(item)}", "$")


def _warned(draft: Draft, warnings: tuple[str, ...]) -> Draft:
    return replace(draft, warnings=(*warnings, *draft.warnings)) if warnings else draft


def _content(low: dict[str, Json]) -> bytes | None:
    """Return the bytes that an envelope carries; None where the object is the story itself."""
    encoded = low.get("content_base64")
    if isinstance(encoded, str):
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise FaultError(
                "malformed", "content_base64 is no base64", "$.content_base64"
            ) from error
    inner = low.get("content")
    if "envelope" in low and isinstance(inner, str) and not values.text(low, "headline", "body"):
        return inner.encode("utf-8", "surrogatepass")
    return None


def _is_story(low: dict[str, Json]) -> bool:
    """Say whether a body stands under a name that ninjs does not know."""
    return any(low.get(name) for name in _BODY if name != "body_text")


def read_story_object(low: dict[str, Json], raw: bytes | None, name: str = "json") -> Draft:
    """Return the story of an object whose names are in lower case; `name` is the format's.

    Raises `FaultError` where it has neither headline nor body.
    """
    headline = line(_plain(low, values.text(low, *_HEADLINE) or ""))
    body = _body(low)
    if not headline and not body.paragraphs:
        kind = "no_text" if "envelope" in low else "unknown_format"
        message = f"the object has neither headline nor body: {mapped.names_of(low)}"
        raise FaultError(kind, message, "$")  # type: ignore[arg-type]
    warnings: list[str] = []
    published = fields.moment(values.text(low, *_DATE), "$.published_at", warnings)
    changed = _moment_of_change(low, warnings)
    published = published or _named_as_date(low, warnings) or changed
    created = fields.moment(values.text(low, "created_at"), "$.created_at", warnings)
    status, unknown = _status(low)
    note = values.text(low, "editor_note", "ednote")
    identity = values.text(low, *_ID)
    draft = Draft(
        headline=headline,
        paragraphs=(),
        raw=raw,
        version=fields.version(values.text(low, "version")),
        version_time=changed.at if changed else None,
        status=status,
        provider=named(values.text(low, *_PROVIDER)),
        provider_id=line(identity) if identity else None,
        slugline=optional_line(values.text(low, "slugline", "slug")),
        bylines=_names(low),
        dateline=optional_line(values.text(low, "dateline")),
        language=fields.language(values.text(low, "language", "lang")),
        codes=_codes(low),
        warnings=tuple(warnings + ([unknown] if unknown else [])),
        urgency=values.integer(values.text(low, "urgency", "priority"), 1, 9),
        keywords=tuple(map(line, values.strings(low.get("keywords") or low.get("tags")))),
        rights=optional_line(values.text(low, "rights", "copyright")),
        usage_terms=optional_line(values.text(low, "usage_terms", "usageterms")),
        editor_note=optional_line(note),
        summary=optional_line(values.text(low, "summary", "description", "abstract")),
        captions=tuple(map(line, values.strings(low.get("captions")))),
        related=_related(low),
        created_at=created.at if created else None,
        updated_at=changed.at if changed else None,
        revision_mark=optional_line(values.text(low, "revision_mark")),
        format_version=optional_line(values.text(low, "envelope")),
        format=name,
        delivered=low,
    )
    draft = with_moment(draft, published)
    draft = fields.embargoed(draft, _embargo(low))
    return fields.with_body(draft, body)


def _moment_of_change(low: dict[str, Json], warnings: list[str]) -> Moment | None:
    """Return the time of the version: of revisions of one story the latest is shown."""
    named_so = (name for name in low if _CHANGE_WORD.search(name))
    for name in (*_CHANGED, *named_so):
        value = values.text(low, name)
        if value and (found := dates.moment(value)):
            return found
    return fields.moment(values.text(low, *_CHANGED[:2]), "$.version_time", warnings)


def _named_as_date(low: dict[str, Json], warnings: list[str]) -> Moment | None:
    """Return the time under a name that speaks of a day of publication: `veröffentlicht am`."""
    for name, value in low.items():
        if isinstance(value, str) and _DATE_WORD.search(name) and not _OTHER_DATE.search(name):
            found = dates.moment(value)
            if found:
                warnings.append(f"$.published_at: taken from {line(name)[:60]}")
                return found
    return None


def _status(low: dict[str, Json]) -> tuple[str, str | None]:
    """Return the status that any field gives, one that withholds or cancels before the others."""
    found = [fields.status(values.text(low, name)) for name in _STATUS if name in low]
    others = (fields.status(values.text(low, name)) for name in _OTHER_STATUS if name in low)
    found += [entry for entry in others if entry[0] != "usable"]
    if any(_is_flagged(low, name, flag) for flag, names in _HIDDEN_IF.items() for name in names):
        found.append(fields.status("draft"))
    hiding = (entry for entry in found if entry[0] != "usable")
    unknown = (entry for entry in found if entry[1])
    return next(hiding, None) or next(unknown, ("usable", None))


def _is_flagged(low: dict[str, Json], name: str, flag: bool) -> bool:
    """Say whether a field holds the truth value `flag`: as such, or as tables write it."""
    value = low.get(name)
    if value is None:
        return False
    if isinstance(value, str):
        return value.strip().casefold() in (_YES if flag else {"false", "no", "nein", "non"})
    return value is flag


def _embargo(low: dict[str, Json]) -> str | None:
    """Return what a field says of an embargo; `true` is one without an end."""
    for name in _EMBARGO:
        if name not in low:
            continue
        if low[name] is True:
            return "true"
        text = values.text(low, name)
        if text and text.strip().casefold() not in _NO:
            return text
    return None


def _body(low: dict[str, Json]) -> Flow:
    listed = low.get("paragraphs")
    if isinstance(listed, list) and values.strings(listed):
        return Flow(tidy_paragraphs(values.strings(listed)))
    for name in ("body_html", "html", *_BODY):
        value = low.get(name)
        if isinstance(value, list) and values.strings(value):
            return Flow(tidy_paragraphs(values.strings(value)))
        if isinstance(value, str) and value.strip():
            marked = "</" in value or "<br" in value or "<p>" in value
            return (
                read_html(value)
                if marked
                else Flow(
                    tidy_paragraphs(split_paragraphs(clean(_plain(low, value)), by_line=True))
                )
            )
    return Flow()


def _plain(low: dict[str, Json], text: str) -> str:
    return text if "envelope" in low else unescaped(text)


def _names(low: dict[str, Json]) -> tuple[str, ...]:
    for name in _BYLINE:
        value = low.get(name)
        if isinstance(value, str):
            return fields.bylines(line(value))
        if found := values.strings(value):
            return tuple(map(line, found))
    return ()


def _codes(low: dict[str, Json]) -> tuple[Code, ...]:
    codes = []
    for entry in values.objects(low, "codes"):
        value = values.text(entry, "value", "code")
        if value:
            scheme, role = values.text(entry, "scheme"), values.text(entry, "role")
            name = optional_line(values.text(entry, "name"))
            codes.append(Code(line(scheme or "json"), line(value), line(role or "topic"), name))
    return tuple(codes)


def _related(low: dict[str, Json]) -> tuple[Relation, ...]:
    found = []
    for entry in values.objects(low, "related"):
        identity = values.text(entry, "id", "uri")
        if identity:
            found.append(Relation(line(values.text(entry, "role") or "related"), line(identity)))
    return tuple(found)
