"""PETRARCH's input (https://petrarch.readthedocs.io): sentences or articles in XML, many to a file.

`<Sentences><Sentence date="20150303" id="AFP-7-1" source="AFP" sentence="True"><Text>…</Text>`.
Sentences that follow each other and whose ids differ in their last number only are one story.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from lxml import etree

from pipeline.parse import fields
from pipeline.parse.conventions.providers import named
from pipeline.parse.conventions.wiretext import with_moment
from pipeline.parse.draft import Draft, FaultError, Hints, Part, Sniff, replace
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup import xml
from pipeline.parse.markup.flow import Flow, text_of
from pipeline.parse.text.clean import line
from pipeline.parse.text.paragraphs import split_paragraphs, tidy_paragraphs

_ROOTS = frozenset({"Sentences", "Articles", "Sentence", "Article"})
_LAST_NUMBER = re.compile(r"[-_](\d{1,4})$")


class _Petrarch:
    name = "petrarch"

    def matches(self, sniff: Sniff) -> bool:
        """Look for `<Sentences>` or `<Articles>`, and `<Sentence` or `<Article` with attributes."""
        return sniff.root in _ROOTS and bool(re.search(r"<(?:Sentence|Article)\s", sniff.text))

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield a part for each article; its raw form is the elements of its sentences."""
        document = xml.read_xml(data, hints, limits)
        root = document.root
        found = [root] if root.tag in {"Sentence", "Article"} else list(xml.children(root))
        groups = [list(group) for _, group in groupby(found, key=_article)]
        if not groups:
            raise FaultError("skipped.not_a_story", "petrarch: no sentences", str(root.tag))
        for group in groups:
            raw = None if len(groups) == 1 else _raw(group)
            try:
                draft = _story(group)
            except FaultError as error:
                yield replace(error.fault, raw=raw)
            else:
                yield replace(draft, raw=raw, warnings=(*document.warnings, *draft.warnings))


def _article(element: etree._Element) -> tuple[str, ...]:
    """Say what the sentences of one article share."""
    names = ("date", "source")
    identity = element.get("id", "")
    if element.tag == "Sentence":
        identity = _LAST_NUMBER.sub("", identity)
    return (str(element.tag), identity, *(element.get(name, "") for name in names))


def _raw(group: list[etree._Element]) -> bytes:
    parts = (etree.tostring(element, encoding="utf-8", with_tail=False) for element in group)
    return b"<Sentences>" + b"".join(parts) + b"</Sentences>"


def _story(group: list[etree._Element]) -> Draft:
    first = group[0]
    warnings: list[str] = []
    paragraphs: list[str] = []
    for element in group:
        texts = list(xml.children(element, "text"))
        for text in texts:
            whole = "".join(str(part) for part in text.itertext())
            is_one = element.tag == "Sentence"
            paragraphs += [line(whole)] if is_one else split_paragraphs(whole.strip("\n"))
    if not any(paragraphs):
        raise FaultError("no_text", "the article has no text", first.get("id"))
    published = fields.moment(first.get("date"), "date", warnings)
    headline = text_of(xml.child(first, "headline"))
    draft = Draft(
        headline=headline,
        paragraphs=(),
        provider=named(first.get("source")),
        provider_id=_article(first)[1] or None,
        warnings=tuple(warnings),
        format="petrarch",
        delivered=tuple(group),
    )
    if first.tag == "Sentence":
        paragraphs = [" ".join(filter(None, paragraphs))]
    return fields.with_body(with_moment(draft, published), Flow(tidy_paragraphs(paragraphs)))


PETRARCH = _Petrarch()
