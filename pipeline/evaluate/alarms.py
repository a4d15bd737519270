"""False alarms: events found in sentences that a reader says hold no political event.

The labelled sample is a TSV of references: `file`, `document`, `sentence` (its index), `sha256` (of
its words), `kind`. `event` as kind says that the sentence tells a political event, every other
kind that it does not, and what it is instead. The texts themselves stay where they are: Reuters
SGML files and Wikinews CSV files (url, date, title, text) under a folder given beside it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.enrich.languages.sentences import split
from pipeline.errors import UsageError
from pipeline.evaluate.entity_scores import read_corpus
from pipeline.evaluate.region_scores import sgml_documents, story_of
from pipeline.model import Story

EVENT = "event"
_NUMBER = re.compile(r'NEWID="(\d+)"')


@dataclass(frozen=True, slots=True)
class Sampled:
    """A reference to a sentence, and what a reader says of it."""

    file: str
    document: str
    sentence: int
    sha256: str
    kind: str


@dataclass(frozen=True, slots=True)
class Alarms:
    """Says how often events were found where none are told.

    `rate` is events a sentence without an event, `kinds` the counts (events, sentences) by what the
    sentences are, `recall` the share of sentences with an event in which one was found, `missing`
    how many references fit no sentence.
    """

    rate: float
    sentences: int
    recall: float
    missing: int
    kinds: Mapping[str, tuple[int, int]]

    def scores(self) -> dict[str, float]:
        """Return `rate`, `recall`, and the events a sentence by kind of the eventless sentences."""
        by_kind = {
            f"in {kind}": events / count
            for kind, (events, count) in self.kinds.items()
            if kind != EVENT and count
        }
        return {"rate": self.rate, "recall": self.recall, **by_kind}


def sample(path: Path) -> list[Sampled]:
    """Return the references of a labelled sample; lines that begin with # are comments."""
    lines = [line for line in read_corpus(path).splitlines() if not line.startswith("#")]
    reader = csv.DictReader(io.StringIO("\n".join(lines)), delimiter="\t")
    return [
        Sampled(row["file"], row["document"], int(row["sentence"]), row["sha256"], row["kind"])
        for row in reader
    ]


def stories(path: Path) -> Iterator[tuple[str, Story]]:
    """Yield the id and the story of each document of a Reuters SGML or a Wikinews CSV file."""
    if path.suffix == ".csv":
        for row in csv.DictReader(io.StringIO(read_corpus(path))):
            yield row["url"], _wikinews(row)
        return
    for document in sgml_documents(path):
        number = _NUMBER.search(document)
        if number is not None:
            yield number.group(1), story_of(document, int(number.group(1)))


def _wikinews(row: Mapping[str, str]) -> Story:
    paragraphs = tuple(" ".join(part.split()) for part in row["text"].split("\n\n"))
    day = datetime.fromisoformat(row["date"]).replace(tzinfo=UTC)
    return Story(
        source="wikinews", offset=0, item=0, format="text", story_id=row["url"],
        revision_id=row["url"], content_hash="", raw=b"", headline=row["title"],
        paragraphs=tuple(part for part in paragraphs if part), language="en", published_at=day,
    )  # fmt: skip


def sha256(sentence: str) -> str:
    """Return what a reference says of its sentence's words: white space does not count."""
    return hashlib.sha256(" ".join(sentence.split()).encode()).hexdigest()[:16]


def alarms(
    references: Sequence[Sampled],
    folder: Path,
    code: Callable[[Sequence[Story]], Sequence[Sequence[str]]],
) -> Alarms:
    """Code the sampled documents below `folder` and count the events of the sampled sentences.

    `code` gives for each story the sentence of each of its events. A sentence is found by its
    words, so the sample survives another way of splitting texts where the sentence is the same.
    """
    wanted: dict[tuple[str, str], list[Sampled]] = defaultdict(list)
    for reference in references:
        wanted[reference.file, reference.document].append(reference)
    texts: dict[tuple[str, str], Story] = {}
    for file in sorted({reference.file for reference in references}):
        path = next(iter(sorted(folder.glob(f"*/{file}"))), None)
        if path is None:
            raise UsageError("a file that the sample refers to is not there", file=file)
        texts.update(((file, key), story) for key, story in stories(path) if (file, key) in wanted)
    kinds: dict[str, list[int]] = defaultdict(list)
    missing = sum(len(items) for key, items in wanted.items() if key not in texts)
    for (key, story), found in zip(texts.items(), code(list(texts.values())), strict=True):
        text = f"{story.headline}\n\n{story.body}"
        known = {sha256(text[start:end]) for start, end in split(text)}
        counts = Counter(map(sha256, found))
        for reference in wanted[key]:
            if reference.sha256 in known:
                kinds[reference.kind].append(counts[reference.sha256])
            else:
                missing += 1
    return _summary(kinds, missing)


def _summary(kinds: Mapping[str, Sequence[int]], missing: int) -> Alarms:
    found = kinds.get(EVENT, ())
    rest = [count for kind, counts in kinds.items() if kind != EVENT for count in counts]
    return Alarms(
        sum(rest) / len(rest) if rest else 0.0,
        len(rest),
        sum(count > 0 for count in found) / len(found) if found else 0.0,
        missing,
        {kind: (sum(counts), len(counts)) for kind, counts in sorted(kinds.items())},
    )
