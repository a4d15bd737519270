"""Primary regions against Reuters-21578: documents with one label in PLACES, labels hidden."""

from __future__ import annotations

import gzip
import html
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.enrich.lexicon import load_lexicon, phrase
from pipeline.model import Story

_DOCUMENT = re.compile(r"<REUTERS\b.*?</REUTERS>", re.DOTALL)
_PLACES = re.compile(r"<PLACES>(.*?)</PLACES>", re.DOTALL)
_CONTROL = re.compile(r"&#\d+;|[\x00-\x08\x0b-\x1f]")
_LABELS = {
    "usa": "USA", "uk": "GBR", "ussr": "RUS", "west-germany": "DEU", "east-germany": "DEU",
    "uae": "ARE", "south-korea": "KOR", "north-korea": "PRK", "ivory-coast": "CIV",
    "trinidad-tobago": "TTO", "zaire": "COD", "burma": "MMR", "czechoslovakia": "CZE",
    "yugoslavia": "SRB", "hong-kong": "HKG", "papua-new-guinea": "PNG", "congo": "COG",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabelledStory:
    """A story without its labels, and the country of its one PLACES label."""

    story: Story
    country: str
    region: str


def labelled_stories(paths: Sequence[Path]) -> Iterator[LabelledStory]:
    """Yield the documents with exactly one PLACES label that stands for a country."""
    number = 0
    for path in paths:
        for document in sgml_documents(path):
            places = _PLACES.search(document)
            labels = re.findall(r"<D>(.*?)</D>", places.group(1)) if places else []
            country = _country(labels[0]) if len(labels) == 1 else None
            region = load_lexicon().region_of.get(country or "")
            if country and region:
                number += 1
                yield LabelledStory(story_of(document, number), country, region)


def sgml_documents(path: Path) -> Iterator[str]:
    """Yield the text of each document of a Reuters-21578 file, tags included."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("latin-1")
    for match in _DOCUMENT.finditer(text):
        yield match.group()


def _country(label: str) -> str | None:
    if label in _LABELS:
        return _LABELS[label]
    entry = load_lexicon().names.get(phrase(label.replace("-", " ").title()))
    return entry.country if entry is not None and entry.kind == "GPE" else None


def _element(document: str, name: str) -> str:
    match = re.search(rf"<{name}[^>]*>(.*?)</{name}>", document, re.DOTALL)
    return html.unescape(_CONTROL.sub("", match.group(1))).strip() if match else ""


def story_of(document: str, number: int) -> Story:
    """Return a document of Reuters-21578 as a story without its labels; `number` becomes its id."""
    body = _element(document, "BODY")
    if not body:  # brief and unprocessed documents: what stands in TEXT besides the title
        text = re.sub(r"<TITLE>.*?</TITLE>|<DATELINE>.*?</DATELINE>", "", document, flags=re.DOTALL)
        body = re.sub(r"<[^>]+>", "", _element(text, "TEXT"))
    body = re.sub(r"\s*R[Ee][Uu][Tt][Ee][Rr]\s*$", "", body)
    paragraphs = tuple(
        " ".join(part.split()) for part in re.split(r"\n(?=    )", body) if part.strip()
    )
    return Story(
        source="reuters", offset=number, item=0, format="reuters-sgml", story_id=str(number),
        revision_id=str(number), content_hash="", raw=b"",
        headline=" ".join(_element(document, "TITLE").split()), paragraphs=paragraphs,
        dateline=_element(document, "DATELINE") or None, language="en",
        published_at=datetime(1987, 3, 1, tzinfo=UTC),
    )  # fmt: skip


def scores(
    items: Sequence[LabelledStory], answers: Sequence[str], default: str
) -> dict[str, float]:
    """Return accuracy overall, outside the USA, mean over regions; `no_default` without a default.

    `answers` are region slugs or `unknown`; `default` is the region that an archive's owner would
    configure for `unknown`.
    """
    filled = [default if answer == "unknown" else answer for answer in answers]
    by_region: dict[str, list[bool]] = defaultdict(list)
    for item, answer in zip(items, filled, strict=True):
        by_region[item.region].append(answer == item.region)
    outside = [
        answer == item.region
        for item, answer in zip(items, filled, strict=True)
        if item.country != "USA"
    ]
    hits = [hit for region_hits in by_region.values() for hit in region_hits]
    bare = [answer == item.region for item, answer in zip(items, answers, strict=True)]
    return {
        "accuracy": _mean(hits),
        "outside_usa": _mean(outside),
        "macro": _mean([_mean(region_hits) for region_hits in by_region.values()]),
        "no_default": _mean(bare),
    }


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
