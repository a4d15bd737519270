"""One kind for each name of a story, and all its mentions: what was seen once counts everywhere."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pipeline.enrich.entities.lists import LINE
from pipeline.enrich.entities.spans import (
    CITY,
    LISTED_WORD,
    TRUSTED,
    Span,
    Token,
    is_written_small,
    span_with,
)
from pipeline.enrich.lexicon import Lexicon, tokenize, word_set

COMPANY_ENDS = word_set("Inc Corp Co Ltd Plc PLC SA AG NV SpA AB ASA Oy Bhd Pty")
STATE_LISTS = frozenset({"countries.tsv", "policy.tsv"})
_SURNAMES_FIRST = word_set(
    """Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo Lin Gao Luo Deng Jiang Xi
    Wen Bo Peng Qian Tang Cao Yuan Lu Jia Wei Han Feng Kim Park Lee Choi Chung Roh Moon Yoon Cho Ahn
    Ban Nguyen Tran Pham Hoang Vo Ngo Mao Lien Tsai Chiang Ri Pak Hen Hun"""
)
_WORD = re.compile(r"\w+")
_STOPPED = re.compile(r"\s*(?:\Z|\n)|\s+[A-Z\"\u201c]")
_MOST_WORDS = 8
_MOST_OF_NAME = 40
_MOST_WHOLE = 8
"""A part is looked for in so many longer names that hold it, the first that the story has."""
BEGINS = re.compile(r"(?:^|\n|[.!?:]\s{1,2}|[\"\u201c])\Z|\A\Z")
"""Ends what stands before the first word of a sentence or line."""
_IN_BEFORE = re.compile(r"\b(?:[Ii]n|[Nn]ear|outside) $")
_PLACE_BEFORE = re.compile(r"\b(?:in|at|from|near|outside|to|around|of|through)\s$")


def is_town(span: Span) -> bool:
    """Say whether a span may be a town: it is listed as one, or on no list."""
    return span.name is None or span.name.source in ("cities.tsv", "iso-3166-2")


def after_preposition(text: str, span: Span) -> bool:
    """Say whether a preposition of place stands right before a span."""
    return bool(_PLACE_BEFORE.search(text[max(0, span.start - 12) : span.start]))


def choose_spans(spans: Iterable[Span]) -> list[Span]:
    """Choose spans, strongest first, then longest; drop what overlaps a chosen one."""
    ordered = sorted(spans, key=lambda s: (-s.strength, s.start - s.end, s.start, s.kind))
    taken: set[int] = set()
    chosen = []
    for span in ordered:
        if taken.isdisjoint(range(span.start, span.end)):
            taken.update(range(span.start, span.end))
            chosen.append(span)
    return sorted(chosen, key=lambda s: s.start)


def without_stops(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return a name of one letter without the full stop of its sentence ("owns X."), where another
    name of the story is that letter or begins with it."""
    names = {text[span.start : span.end]: span.kind for span in spans}
    kinds = {name.split()[0]: kind for name, kind in names.items() if name.strip()}
    result = []
    for span in spans:
        letter = text[span.start : span.end - 1]
        is_stop = len(letter) == 1 and letter.isupper() and text[span.end - 1] == "."
        kind = kinds.get(letter) if is_stop and _STOPPED.match(text, span.end) else None
        result.append(replace(span, end=span.end - 1, kind=kind) if kind else span)
    return result


def whole_names(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return names of which only a part was seen ("Akufo" of "Akufo-Addo") as the whole ones.

    What is whole, the story's longer names say: those that were seen whole elsewhere.
    """
    kinds = {text[span.start : span.end]: span.kind for span in spans}
    longer: dict[str, list[str]] = defaultdict(list)
    for name in kinds:
        if " " in name or "-" in name:
            for part in _parts_of(name):
                if len(longer[part]) < _MOST_WHOLE:
                    longer[part].append(name)
    return [_whole(text, span, longer, kinds) for span in spans]


def _parts_of(name: str) -> set[str]:
    """Return the runs of a name's words that are not all of it."""
    words = list(_WORD.finditer(name))[:_MOST_WORDS]
    runs = {
        name[left.start() : right.end()]
        for number, left in enumerate(words)
        for right in words[number:]
    }
    return runs - {name}


def _whole(
    text: str, span: Span, longer: Mapping[str, Sequence[str]], kinds: Mapping[str, str]
) -> Span:
    part = text[span.start : span.end]
    best = span
    for name in longer.get(part, ()):
        start = span.start - name.find(part)
        end = start + len(name)
        bounded = not (text[end : end + 1].isalnum() or text[max(0, start - 1) : start].isalnum())
        if end - start > best.end - best.start and bounded and text.startswith(name, start):
            best = replace(span, start=start, end=end, kind=kinds[name])
    return best


def repeated_names(
    tokens: Sequence[Token], text: str, chosen: Sequence[Span], lexicon: Lexicon
) -> Iterable[Span]:
    """Yield later (or earlier) mentions of a name that nothing else marked, surnames included."""
    kinds: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for span in chosen:
        words = tuple(word for word, _, _ in tokenize(text[span.start : span.end]))
        weight = span.strength
        # Of a single word our own model judges each mention by itself.
        if not words or (len(words) == 1 and (len(words[0]) < 3 or weight == TRUSTED)):
            continue
        kinds[words][span.kind] += weight
        if span.kind == "PERSON" and len(words) > 1 and words[-1][0].isupper():
            for short in _short_names(words):
                key = tuple(token for token, _, _ in tokenize(short))
                if " ".join(key) not in lexicon.names:
                    kinds[key]["PERSON"] += weight
    names = _NameWords()
    for words, seen_as in kinds.items():
        names.add(words, max(seen_as.items(), key=lambda item: (item[1], item[0]))[0])
    for index, (word, start, _) in enumerate(tokens):
        if word not in names.following:
            continue
        kind, length = names.longest(tokens, index)
        if kind is None:
            continue
        if length == 1 and kind == "PERSON" and _is_no_surname(text, start, word, lexicon):
            continue
        strength = LISTED_WORD - 1 if kind == "PERSON" else CITY - 1
        yield Span(start, tokens[index + length - 1][2], kind, strength)


class _NameWords:
    """Names by their words: what begins with none of them is left at its first word."""

    __slots__ = ("following", "kind")

    def __init__(self) -> None:
        self.kind: str | None = None
        self.following: dict[str, _NameWords] = {}

    def add(self, words: Sequence[str], kind: str) -> None:
        """Add a name of this kind; one of more words than any has is repeated nowhere."""
        if len(words) > _MOST_OF_NAME:
            return
        at = self
        for word in words:
            at = at.following.setdefault(word, _NameWords())
        at.kind = kind

    def longest(self, tokens: Sequence[Token], index: int) -> tuple[str | None, int]:
        """Return the kind and the number of words of the longest name at `index`, if any."""
        at: _NameWords = self
        best: tuple[str | None, int] = (None, 0)
        for place in range(index, len(tokens)):
            following = at.following.get(tokens[place][0])
            if following is None:
                break
            at = following
            if at.kind is not None:
                best = (at.kind, place - index + 1)
        return best


def _is_no_surname(text: str, start: int, word: str, lexicon: Lexicon) -> bool:
    """Say whether a word that is some person's surname is none here: it opens a sentence and news
    writes it small ("An unsigned note"), or it is a town that something is in."""
    if is_written_small(word, lexicon) and BEGINS.search(text, max(0, start - 4), start):
        return True
    return word in lexicon.cities and bool(_IN_BEFORE.search(text, max(0, start - 9), start))


def _surname(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the last word of a name, with what an apostrophe or hyphen ties to it ("O'Brien")."""
    begin = len(words) - 1
    while begin >= 2 and words[begin - 1] in ("'", "-"):
        begin -= 2
    return words[begin:]


def _short_names(words: tuple[str, ...]) -> tuple[str, ...]:
    """Say what a person of this full name is called later: the surname, first in East Asian
    names."""
    last = "".join(_surname(words))
    if words[0] in _SURNAMES_FIRST and len(words) <= 5:
        return (last, words[0])
    return (last,)


def may_be_person(span: Span) -> bool:
    """Say whether a single word that is some person's surname may be that person here."""
    return span.name is None or span.name.source in ("cities.tsv", "iso-3166-2", "us_states.tsv")


def one_kind(text: str, spans: Sequence[Span]) -> list[Span]:
    """Give a name within a story the kind that its mentions speak for most strongly."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    entries: dict[str, Span] = {}
    surnames: set[str] = set()
    for span in spans:
        surface = text[span.start : span.end]
        votes[surface][span.kind] += span.strength + (
            span.kind == "GPE" and after_preposition(text, span)
        )
        if span.name is not None:
            entries.setdefault(surface, span)
        if span.kind == "PERSON":
            words = tuple(word for word, _, _ in tokenize(surface))
            if len(words) > 1:
                for short in _short_names(words):
                    votes[short]["PERSON"] += span.strength
                    surnames.add(short)
    bodies = {
        text[span.start : span.end].split(" ", maxsplit=1)[0]
        for span in spans
        if span.kind == "ORG" and text[span.start : span.end].rsplit(" ", 1)[-1] in COMPANY_ENDS
    }
    result = []
    for span in spans:
        surface = text[span.start : span.end]
        if surface in bodies and is_town(span) and not after_preposition(text, span):
            # A company seen in full fixes its short form ("Santos Ltd" … "Santos").
            votes[surface] = Counter({"ORG": 1})
        if span.strength >= LINE:  # a line of results says more than the other mentions
            result.append(span)
            continue
        stands = span.kind == "GPE" and after_preposition(text, span)
        if surface in surnames and may_be_person(span) and not stands:
            result.append(replace(span, kind="PERSON", name=None))
            continue
        kind = max(votes[surface].items(), key=lambda item: (item[1], item[0]))[0]
        entry = entries.get(surface)
        name = span.name or (entry.name if entry else None)
        if name is not None and name.kind != kind and name.source != "cities.tsv":
            kind = name.kind if name.source in STATE_LISTS else kind
        name = name if name and name.kind == kind else None
        result.append(span_with(span, kind=kind, name=name))
    return result
