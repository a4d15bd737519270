"""One kind and one span for each name of a story, out of all candidates."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from pipeline.enrich.lexicon import Lexicon, phrase, rows, tokenize, words
from pipeline.enrich.persons import by_given_name, by_title, strip_title, title_masks
from pipeline.enrich.spans import (
    BIG_CITY,
    CITY,
    LISTED_PHRASE,
    LISTED_WORD,
    MODEL_PHRASE,
    MODEL_WORD,
    Span,
    Token,
    listed,
    shaped,
)
from pipeline.enrich.sport import SPORTS, is_sport, teams
from pipeline.enrich.tables import marked

_LEADING = re.compile(r"(?:(?:[Tt]he|[Aa]n?|THE)\s+|[\s\"'\u2018\u201c(\[-]+)")
_TRAILING = re.compile(r"(?:['\u2019]s?|[\s\"'\u2019\u201d,;:)\]-]+|(?<=[a-z]{4})\.)$")
_PART = re.compile(r"(?:(?! - | -- |\n).)+", re.DOTALL)
_LEAD_OF = re.compile(r"(?:Shares|Results|Representatives|Members|Leaders|Officials) of ")
_JOINT = re.compile(r" (?:and|or|at) ")
_YEAR_BEFORE = re.compile(r"\b(?:18|19|20)\d\d $")
_AGED = re.compile(r", \d\d(?:,|\.)")
_NUMBERS_BEFORE = re.compile(r"(?:[\d.,/()-]+\s+)+")
_NUMBERS_AFTER = re.compile(r"(?:\s+[\d.,/()-]+)+$")
_PLACE_BEFORE = re.compile(r"\b(?:in|at|from|near|outside|to|around|of|through)\s$")
_IN_BEFORE = re.compile(r"\b(?:[Ii]n|[Nn]ear|outside)\s$")
_STATE_AFTER = re.compile(r", [A-Z]")
_NEVER = words(
    """GMT EST EDT PST AM PM Men Women Police Bowling Department Results Standings N/A TV Dollar
    Deg ERA Newsroom Note Keywords"""
)
_PLACES = frozenset({"GPE", "LOC", "NORP"})
_COMPANY_ENDS = words("Inc Corp Co Ltd Plc PLC SA AG NV SpA AB ASA Oy Bhd Pty")


def resolve(text: str, model_spans: Iterable[Span], lexicon: Lexicon) -> list[Span]:
    """The story's names, in order, without overlaps."""
    tokens = tokenize(text)
    sport = is_sport(text)
    model_spans = [part for span in model_spans for part in _parts(text, span)]
    model_spans = [part for span in model_spans for part in _single(text, span, lexicon)]
    masks = title_masks(tokens, lexicon) | {match.span() for match in SPORTS.finditer(text)}
    candidates = [*listed(tokens, lexicon), *shaped(text, tokens, lexicon)]
    candidates = [c for c in candidates if _town_stands(text, c, model_spans, lexicon)]
    candidates += marked(text, _country_names(), sport)
    candidates += [*by_title(text, tokens, lexicon), *by_given_name(text, tokens, lexicon)]
    candidates += [_judge_model(text, span, lexicon) for span in model_spans]
    cleaned = [span for span in (_clean(text, c, lexicon) for c in candidates) if span]
    cleaned = [s for s in cleaned if not any(a <= s.start and s.end <= b for a, b in masks)]
    chosen = _choose(cleaned)
    chosen = _choose([*chosen, *_repeats(text, tokens, chosen, lexicon)])
    chosen = _one_kind(text, [_dressed(text, span) for span in _kindred(text, chosen)])
    return teams(text, chosen) if sport else chosen


@lru_cache(maxsize=1)
def _country_names() -> frozenset[str]:
    return frozenset(
        form
        for row in rows("countries.tsv")
        for form in (row[1], *(row[2].split("|") if len(row) > 2 else ()))
    ) | {row[0] for row in rows("policy.tsv") if row[1] == "GPE"}


def _parts(text: str, span: Span) -> Iterator[Span]:
    """A model's span cut at dashes and line ends, without numbers at its ends."""
    for match in _PART.finditer(text, span.start, span.end):
        start, end = match.span()
        lead = _LEAD_OF.match(text, start, end)
        start = lead.end() if lead else start
        if span.kind in ("PERSON", "ORG", "GPE", "LOC", "NORP", "FAC"):
            lead = _NUMBERS_BEFORE.match(text, start, end)
            start = lead.end() if lead else start
            trail = _NUMBERS_AFTER.search(text[start:end])
            end = start + trail.start() if trail else end
        if end > start and text[start:end] not in _NEVER:
            whole = (start, end) == (span.start, span.end)
            strength = span.strength if whole or " " in text[start:end] else MODEL_WORD
            yield replace(span, start=start, end=end, strength=strength)


def _single(text: str, span: Span, lexicon: Lexicon) -> Iterator[Span]:
    """A model's span of two names that are both listed ("Kent and Surrey") as two."""
    match = _JOINT.search(text, span.start, span.end)
    if match is not None:
        halves = (text[span.start : match.start()], text[match.end() : span.end])
        if all(phrase(h) in lexicon.names or phrase(h) in lexicon.cities for h in halves):
            yield replace(span, end=match.start())
            yield replace(span, start=match.end())
            return
    yield span


def _kindred(text: str, spans: Sequence[Span]) -> Iterator[Span]:
    """Two nationalities side by side name one people ("Iraqi Kurds")."""
    before: Span | None = None
    for span in spans:
        joins = before is not None and before.kind == span.kind == "NORP"
        if before is not None and joins and text[before.end : span.start] == " ":
            before = replace(before, end=span.end, name=None)
            continue
        if before is not None:
            yield before
        before = span
    if before is not None:
        yield before


def _dressed(text: str, span: Span) -> Span:
    """With the year of an event ("1998 World Cup"); a name before an age is a person's."""
    if span.kind == "EVENT":
        year = _YEAR_BEFORE.search(text, max(0, span.start - 6), span.start)
        return replace(span, start=year.start()) if year else span
    aged = span.kind in ("ORG", "GPE") and span.strength <= MODEL_PHRASE
    if aged and _AGED.match(text, span.end):
        return replace(span, kind="PERSON", strength=LISTED_PHRASE, name=None)
    return span


def _town_stands(text: str, span: Span, model_spans: Sequence[Span], lexicon: Lexicon) -> bool:
    """Small towns are often common words: the model or a preposition must speak for them."""
    if span.name is None or span.name.source not in ("cities.tsv", "iso-3166-2"):
        return True
    after_preposition = _after_preposition(text, span)
    state_follows = bool(_STATE_AFTER.match(text, span.end))
    if text[span.start : span.end] in lexicon.common_words:
        by_model = any(
            m.kind in ("GPE", "LOC") and (m.start, m.end) == (span.start, span.end)
            for m in model_spans
        )
        return by_model and (after_preposition or state_follows)
    if span.strength >= BIG_CITY or " " in text[span.start : span.end]:
        return True
    if any(m.start < span.end and span.start < m.end for m in model_spans):
        return True
    return after_preposition or state_follows


def _is_town(span: Span) -> bool:
    return span.name is None or span.name.source in ("cities.tsv", "iso-3166-2")


def _after_preposition(text: str, span: Span) -> bool:
    return bool(_PLACE_BEFORE.search(text[max(0, span.start - 12) : span.start]))


def _judge_model(text: str, span: Span, lexicon: Lexicon) -> Span:
    """The model's places of several words are weaker than listed ones inside them."""
    if span.kind in ("PERSON", "ORG") and _IN_BEFORE.search(
        text[max(0, span.start - 9) : span.start]
    ):
        # Nobody is in, near or outside a person; a body would have its article.
        surface = text[span.start : span.end]
        if phrase(surface) in lexicon.cities or (span.kind == "PERSON" and " " not in surface):
            return replace(span, kind="GPE")
    if span.kind in _PLACES and " " in text[span.start : span.end]:
        return replace(span, strength=LISTED_WORD - 2)
    return span


def _clean(text: str, span: Span, lexicon: Lexicon) -> Span | None:
    """Without articles, possessives, quotes and titles; None when nothing of a name is left."""
    start, end = span.start, span.end
    newline = text.find("\n", start, end)
    if newline >= 0:
        end = newline
    lead = _LEADING.match(text, start, end)
    while lead and lead.end() > start:
        start = lead.end()
        lead = _LEADING.match(text, start, end)
    surface = text[start:end]
    while surface and (trail := _TRAILING.search(surface)):
        surface = surface[: trail.start()]
    end = start + len(surface)
    if end <= start or not any(c.isupper() for c in text[start:end]):
        return None
    result = replace(span, start=start, end=end)
    return strip_title(text, result, lexicon) if span.kind == "PERSON" else result


def _choose(spans: Iterable[Span]) -> list[Span]:
    """Strongest first, then longest; what overlaps a chosen one is dropped."""
    ordered = sorted(spans, key=lambda s: (-s.strength, s.start - s.end, s.start, s.kind))
    taken: set[int] = set()
    chosen = []
    for span in ordered:
        if taken.isdisjoint(range(span.start, span.end)):
            taken.update(range(span.start, span.end))
            chosen.append(span)
    return sorted(chosen, key=lambda s: s.start)


def _repeats(
    text: str, tokens: Sequence[Token], chosen: Sequence[Span], lexicon: Lexicon
) -> Iterable[Span]:
    """Later (or earlier) mentions of a name that nothing else marked, surnames included."""
    kinds: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for span in chosen:
        words = tuple(word for word, _, _ in tokenize(text[span.start : span.end]))
        weight = span.strength
        if not words or (len(words) == 1 and len(words[0]) < 3):
            continue
        kinds[words][span.kind] += weight
        if span.kind == "PERSON" and len(words) > 1 and words[-1][0].isupper():
            surname = _surname(words)
            if " ".join(surname) not in lexicon.names:
                kinds[surname]["PERSON"] += weight
    by_first: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for words in sorted(kinds, key=lambda w: (-len(w), w)):
        by_first[words[0]].append(words)
    for index, (word, start, _) in enumerate(tokens):
        for words in by_first.get(word, ()):
            stop = index + len(words)
            if stop <= len(tokens) and all(tokens[index + k][0] == w for k, w in enumerate(words)):
                kind = max(kinds[words].items(), key=lambda item: (item[1], item[0]))[0]
                strength = LISTED_WORD - 1 if kind == "PERSON" else CITY - 1
                yield Span(start, tokens[stop - 1][2], kind, strength)
                break


def _surname(words: tuple[str, ...]) -> tuple[str, ...]:
    """The last word of a name, with what an apostrophe or hyphen ties to it ("O'Brien")."""
    begin = len(words) - 1
    while begin >= 2 and words[begin - 1] in ("'", "-"):
        begin -= 2
    return words[begin:]


def _one_kind(text: str, spans: Sequence[Span]) -> list[Span]:
    """Within a story a name has the kind that its mentions speak for most strongly."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    entries: dict[str, Span] = {}
    for span in spans:
        surface = text[span.start : span.end]
        votes[surface][span.kind] += span.strength
        if span.name is not None:
            entries.setdefault(surface, span)
        if span.kind == "PERSON" and span.strength < LISTED_PHRASE:
            words = tuple(word for word, _, _ in tokenize(surface))
            if len(words) > 1:
                last = surface[-len("".join(_surname(words))) :]
                votes[last]["PERSON"] += span.strength
    bodies = {
        text[span.start : span.end].split(" ", maxsplit=1)[0]
        for span in spans
        if span.kind == "ORG" and text[span.start : span.end].rsplit(" ", 1)[-1] in _COMPANY_ENDS
    }
    result = []
    for span in spans:
        surface = text[span.start : span.end]
        if surface in bodies and _is_town(span) and not _after_preposition(text, span):
            # A company seen in full fixes its short form ("Santos Ltd" … "Santos").
            votes[surface] = Counter({"ORG": 1})
        kind = max(votes[surface].items(), key=lambda item: (item[1], item[0]))[0]
        entry = entries.get(surface)
        name = span.name or (entry.name if entry else None)
        if name is not None and name.kind != kind and name.source != "cities.tsv":
            kind = name.kind if name.source in ("countries.tsv", "policy.tsv") else kind
        result.append(replace(span, kind=kind, name=name if name and name.kind == kind else None))
    return result
