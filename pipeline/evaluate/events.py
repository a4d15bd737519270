"""Event coding against labelled sets: PLOVER's sentences with given spans, and one gold story.

The first is a TSV in the shape of PLV_train.tsv (Zero-Shot-PLOVER): a sentence with its source and
target marked `<s>…</s>`, `<t>…</t>`, the columns `gold_root` and `gold_penta` (quad class). The
second is a gold.json: events with alternatives, and events that count neither way.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.enrich.events import EventCoder
from pipeline.errors import UsageError
from pipeline.evaluate import verbs
from pipeline.evaluate.entity_scores import read_corpus
from pipeline.model import Actor, Event

NONE = "NONE"
_MARK = re.compile(r"(</?[st]>)")
_YIELD = frozenset({"CONCEDE", "RETREAT"})
_WORD = re.compile(r"\w{4,}")

Bin = tuple[float, float, int]
"""Mean confidence, share right, count."""


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    """A sentence with the spans of source and target, its PLOVER root and its quad class."""

    sentence: str
    source: tuple[int, int]
    target: tuple[int, int]
    root: str
    quad: str


def sentences(path: Path) -> list[LabelledSentence]:
    """Return the labelled sentences of a PLOVER TSV, in the file's order.

    Raises `UsageError` for a file without the column of marked sentences.
    """
    reader = csv.DictReader(io.StringIO(read_corpus(path)), delimiter="\t")
    if "marked_sentence" not in (reader.fieldnames or ()):
        raise UsageError("no PLOVER file: it has no column marked_sentence", path=path)
    return [_labelled(row) for row in reader]


def _labelled(row: Mapping[str, str]) -> LabelledSentence:
    parts: list[str] = []
    opened: dict[str, int] = {}
    spans: dict[str, tuple[int, int]] = {}
    at = 0
    for part in _MARK.split(row["marked_sentence"]):
        if _MARK.fullmatch(part):
            name = part.strip("</>")
            if part.startswith("</"):
                spans.setdefault(name, (opened.get(name, at), at))
            else:
                opened[name] = at
            continue
        parts.append(part)
        at += len(part)
    text = "".join(parts)
    for name, column in (("s", "source"), ("t", "target")):
        # A few rows have no mark: there the column's words are looked up; (-1, -1) fits nothing.
        start = text.find(row[column]) if row[column] else -1
        spans.setdefault(name, (start, start + len(row[column]) if start >= 0 else -1))
    return LabelledSentence(text, spans["s"], spans["t"], fold(row["gold_root"]), row["gold_penta"])


def fold(root: str) -> str:
    """Return the set's own root: CONCEDE and RETREAT are YIELD there."""
    return "YIELD" if root in _YIELD else root


def macro_f1(pairs: Iterable[tuple[str, str]]) -> float:
    """Return the mean over the gold labels of F1 of (gold, predicted) pairs."""
    known = list(pairs)
    labels = sorted({gold for gold, _ in known})
    total = 0.0
    for label in labels:
        right = sum(gold == label == found for gold, found in known)
        gold_or_found = sum(gold == label for gold, _ in known) + sum(f == label for _, f in known)
        total += 2 * right / gold_or_found if gold_or_found else 0.0
    return total / len(labels) if labels else 0.0


def predictions(nlp: Any, labelled: Sequence[LabelledSentence]) -> list[tuple[str, str]]:
    """Return (root, quad class) for each sentence's spans: ("NONE", "0") where there is none."""
    codings = EventCoder(nlp).code_pairs(
        [item.sentence for item in labelled],
        [item.source for item in labelled],
        [item.target for item in labelled],
    )
    return [
        (fold(coding.root), str(coding.quad_class)) if coding else (NONE, "0") for coding in codings
    ]


def plover(nlp: Any, path: Path) -> dict[str, float]:
    """Return macro-F1 over the roots (`macro15`) and quad classes (`quad`) of a PLOVER TSV."""
    labelled = sentences(path)
    return scores(labelled, predictions(nlp, labelled))


def plover_by_verbs(nlp: Any, path: Path) -> dict[str, float]:
    """Return the same for a list of verbs and the parse of a whole stock pipeline (see `verbs`)."""
    labelled = sentences(path)
    codings = verbs.pairs(
        nlp,
        [item.sentence for item in labelled],
        [item.source for item in labelled],
        [item.target for item in labelled],
    )
    found = [(fold(coding[0]), str(coding[1])) if coding else (NONE, "0") for coding in codings]
    return scores(labelled, found)


def scores(
    labelled: Sequence[LabelledSentence], found: Sequence[tuple[str, str]]
) -> dict[str, float]:
    """Return macro-F1 over roots and quad classes of (root, quad class) pairs."""
    both = list(zip(labelled, found, strict=True))
    return {
        "macro15": macro_f1((item.root, root) for item, (root, _) in both),
        "quad": macro_f1((item.quad, quad) for item, (_, quad) in both),
    }


def reliability(nlp: Any, path: Path, count: int = 5) -> list[Bin]:
    """Return (mean confidence, share right, count) of each bin of a PLOVER TSV."""
    labelled = sentences(path)
    codings = EventCoder(nlp).code_pairs(
        [item.sentence for item in labelled],
        [item.source for item in labelled],
        [item.target for item in labelled],
    )
    return bins(
        [
            (coding.confidence, fold(coding.root) == item.root)
            for item, coding in zip(labelled, codings, strict=True)
            if coding
        ],
        count,
    )


def bins(coded: Sequence[tuple[float, bool]], count: int = 5) -> list[Bin]:
    """Return (confidence, right) pairs in bins of equal size, the least sure first."""
    rows = sorted(coded)
    size = -(-len(rows) // count) if rows else 1
    table = []
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        table.append((
            sum(sure for sure, _ in part) / len(part),
            sum(right for _, right in part) / len(part),
            len(part),
        ))  # fmt: skip
    return table


def seed(gold: Path, code: Callable[[str], Sequence[Event]]) -> dict[str, int]:
    """Count events right and others of the story beside a gold.json; `code` gives its events.

    `code` is called with the story's raw text. One gold event is matched by at most one event: same
    root, countries of source and target, and a sentence that holds words of the gold trigger.
    """
    data = json.loads(gold.read_text(encoding="utf-8"))
    raw = (gold.parent / data["file"]).read_text(encoding="utf-8")
    return match(data, code(raw))


def match(data: Mapping[str, Any], events: Sequence[Event]) -> dict[str, int]:
    """Count the events that a gold.json's `events` hold, and those nothing there allows."""
    left = list(data["events"])
    others = 0
    for event in events:
        found = next((gold for gold in left if _fits(event, gold, trigger=True)), None)
        if found is not None:
            left.remove(found)
        elif not any(_fits(event, gold) for gold in [*data["events"], *data["events_allowed"]]):
            others += 1
    return {"events": len(data["events"]) - len(left), "others": others}


def _fits(event: Event, gold: Mapping[str, Any], trigger: bool = False) -> bool:
    if event.root not in _any_of(gold["root"]):
        return False
    if _country(event.source) not in _any_of(gold["source"]):
        return False
    if _country(event.target) not in _any_of(gold["target"]):
        return False
    return not trigger or any(word in event.sentence for word in _WORD.findall(gold["trigger"]))


def _country(actor: Actor | None) -> str | None:
    return actor.country if actor else None


def _any_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
