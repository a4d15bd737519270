"""Reuters Corpus Volume 1 (RCV1): `<newsitem>` with codes of topics, countries and industries.

Source: Lewis et al. 2004, "RCV1: A New Benchmark Collection", section 2, and the corpus' own DTD.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from pipeline.model import Code
from pipeline.parse import fields
from pipeline.parse.conventions.dateline import find_dateline, split_places
from pipeline.parse.conventions.wiretext import with_moment
from pipeline.parse.draft import Draft, FaultError, Hints, Part, Sniff, replace
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup import xml
from pipeline.parse.markup.flow import Flow, local, read_flow, text_of

_ROLES = {"topics": "topic", "countries": "place", "industries": "industry"}


class _Rcv1:
    name = "rcv1"

    def matches(self, sniff: Sniff) -> bool:
        """Look for the root `<newsitem>`, in small letters, or a collection of them."""
        return sniff.root in {"newsitem", "newsitems"} and "std/nar" not in (sniff.namespace or "")

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield a part for each `<newsitem>`."""
        document = xml.read_xml(data, hints, limits)
        root = document.root
        items = [root] if local(root) == "newsitem" else list(xml.children(root, "newsitem"))
        if not items:
            raise FaultError("no_text", "there is no newsitem", local(root))
        forms = xml.alone(root, items)
        for item, raw in zip(items, forms, strict=True):
            draft = _item(item)
            yield replace(draft, raw=raw, warnings=(*document.warnings, *draft.warnings))


def _item(item: etree._Element) -> Draft:
    warnings: list[str] = []
    dc = {
        (xml.attribute(entry, "element") or "").lower(): xml.attribute(entry, "value") or ""
        for entry in xml.below(item, "dc")
    }
    stated = dc.get("dc.date.published") or xml.attribute(item, "date")
    published = fields.moment(stated, "date", warnings)
    created = fields.moment(dc.get("dc.date.created"), "dc.date.created", warnings)
    words = text_of(xml.child(item, "dateline")) or None
    where = words or dc.get("dc.creator.location") or None
    found = find_dateline(f"{where} - ") if where else None
    near = published.at.date() if published else None
    text = xml.child(item, "text")
    draft = Draft(
        headline=text_of(xml.child(item, "headline")) or text_of(xml.child(item, "title")),
        paragraphs=(),
        provider=fields.first_provider(dc.get("dc.source"), dc.get("dc.publisher"), "Reuters"),
        provider_id=xml.attribute(item, "itemid", "id"),
        bylines=fields.bylines(text_of(xml.child(item, "byline"))),
        dateline=words,
        dateline_places=found.places if found else split_places(where) if where else (),
        dateline_date=found.on(near) if found else None,
        language=fields.language(xml.attribute(item, "lang")),
        codes=tuple(_codes(item)),
        rights=text_of(xml.child(item, "copyright")) or None,
        created_at=created.at if created else None,
        warnings=tuple(warnings),
        format="rcv1",
        delivered=item,
    )
    flow = read_flow(text) if text is not None else Flow()
    if not draft.headline and not flow.paragraphs:
        raise FaultError("no_text", "the item has neither headline nor text", "newsitem/text")
    return fields.with_body(with_moment(draft, published or created), flow)


def _codes(item: etree._Element) -> Iterator[Code]:
    for group in xml.below(item, "codes"):
        scheme = xml.attribute(group, "class") or "rcv1"
        role = next((r for word, r in _ROLES.items() if word in scheme), "topic")
        for entry in xml.children(group, "code"):
            if value := xml.attribute(entry, "code"):
                yield Code(scheme, value, role)


RCV1 = _Rcv1()
