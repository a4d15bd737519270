"""Spans that name the same one, merged: full and short names, acronyms, spellings.

Salience of an entity is `m / (m + 2) * 0.5 + 0.3 * h + 0.2 * (1 - p)`, where `m` is the number of
mentions, `h` is 1 where the headline names it, and `p` the position of its first mention in the
text (0..1).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise

from pipeline.enrich.entities.spans import Span
from pipeline.enrich.lexicon import OWN_WORDS
from pipeline.model import Entity, Location, Mention

_FEW_LETTERS = 3
_MOST_WORDS = 8
_COMPANY_FORM = re.compile(
    r"(?:(?:& ?)?(?:Inc|Corp|Co|Cos|Ltd|Plc|PLC|plc|LLC|SA|AG|NV|SpA|AB|ASA|Oy|Bhd|Pty|GmbH|"
    r"Incorporated|Corporation|Company|Limited)\.?(?:,? |$))+"
)
LEGAL_FORM = re.compile(rf",? {_COMPANY_FORM.pattern}$")
"""A company's legal form behind its name."""
_NO_ARTICLE = re.compile(r"^(?:the|a|an)\s+", re.IGNORECASE)


@dataclass(slots=True)
class Group:
    """The spans of one entity, with its name, kind, country and role as far as known."""

    name: str
    kind: str
    spans: list[Span] = field(default_factory=list)
    country: str | None = None
    role: str | None = None


def group(text: str, spans: Sequence[Span]) -> list[Group]:
    """Return one group for each entity, in the order of first mention.

    `text` has its case restored.
    """
    aliases = _aliases(text, spans)
    listed = {_surface(text, s): s.name for s in spans if s.kind == "ORG" and s.name is not None}
    groups: dict[tuple[str, str, str], Group] = {}
    for span in spans:
        surface = _surface(text, span)
        meant = listed.get(aliases.get((span.kind, surface), ""))
        span = span if meant is None or span.name is not None else replace(span, name=meant)  # noqa: PLW2901
        if span.name is not None and span.name.kind == span.kind:
            name = span.name.canonical if span.name.source != "cities.tsv" else surface
        else:
            name = aliases.get((span.kind, surface), surface)
        key = (_kind_class(span.kind), name.casefold(), country_in_words(span))
        entry = groups.setdefault(key, Group(name, span.kind))
        entry.spans.append(span)
    return list(groups.values())


def country_in_words(span: Span) -> str:
    """Return the country that tells a body from those of its name, one state's government; "" for
    none."""
    if span.name is None or span.kind != "ORG" or span.name.source != OWN_WORDS:
        return ""
    return span.name.country or ""


def _kind_class(kind: str) -> str:
    return "PLACE" if kind in ("GPE", "LOC", "FAC") else kind


def _is_company_form(words: str) -> bool:
    """Say whether words are nothing but a company's legal form ("Corp", "& Co Inc.")."""
    return _COMPANY_FORM.fullmatch(words) is not None


def _surface(text: str, span: Span) -> str:
    """Return the words of a span in one line, without an article."""
    return _NO_ARTICLE.sub("", " ".join(text[span.start : span.end].split()))


def _aliases(text: str, spans: Sequence[Span]) -> Mapping[tuple[str, str], str]:
    """Map (kind, short form) to the full form, for the persons and bodies of one story."""
    aliases: dict[tuple[str, str], str] = {}
    full: dict[str, Counter[str]] = defaultdict(Counter)
    for span in spans:
        if span.kind in ("PERSON", "ORG", "EVENT"):
            full[span.kind][_surface(text, span)] += 1
    _alias_persons(full["PERSON"], aliases)
    _alias_events(full["EVENT"], aliases)
    _alias_bodies(text, spans, sorted(full["ORG"]), aliases)
    return aliases


def _alias_persons(names: Collection[str], aliases: dict[tuple[str, str], str]) -> None:
    """Add what a person is called by fewer words of the name: "Reagan", "Ronald", "Ronald Reagan".

    Of each short form the persons whom it may mean are kept up to the second, so that the time
    grows with the names, not with their pairs.
    """
    meant: dict[tuple[str, ...], set[str]] = defaultdict(set)
    # Longest first, so that a name's own full form is settled before it stands for a shorter one.
    ordered = sorted(filter(str.strip, names), key=lambda name: (-len(name.split()), name))
    for _, same_length in groupby(ordered, key=lambda name: len(name.split())):
        settled = list(same_length)
        for short in settled:
            persons = _meant_by(short.split(), meant)
            if len(persons) == 1:  # two persons of one surname: it says neither
                aliases["PERSON", short] = persons.pop()
        for name in settled:
            for form in _short_forms(name.split()):
                if len(meant[form]) < 2:
                    meant[form].add(aliases.get(("PERSON", name), name))


def _alias_events(names: Collection[str], aliases: dict[tuple[str, str], str]) -> None:
    """Add what an event is called by the last word of its name alone: "Katrina"."""
    meant: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        if " " in name:
            meant[name.rsplit(" ", 1)[-1]].append(name)
    for short, longer in meant.items():
        if short in names and len(longer) == 1:
            aliases["EVENT", short] = longer[0]


def _short_forms(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the forms under which a person of this full name is found; see `_meant_by`."""
    for length in range(1, min(len(words), _MOST_WORDS)):
        yield tuple(words[-length:])
    yield (words[0],)
    yield (words[0], "", words[-1])


def _meant_by(words: Sequence[str], meant: Mapping[tuple[str, ...], set[str]]) -> set[str]:
    """Return the persons of longer names whom these words may mean: their last words, or both
    ends."""
    found = meant.get(tuple(words), set())
    return set(found) if len(words) < 2 else found | meant.get((words[0], "", words[-1]), set())


def _alias_bodies(
    text: str,
    spans: Sequence[Span],
    names: Sequence[str],
    aliases: dict[tuple[str, str], str],
) -> None:
    """Find acronyms (given in brackets, else by initials) and first words of bodies' full names."""
    aliases.update(_in_brackets(text, spans))
    initials: dict[str, str] = {}
    for name in names:
        for words in (_capitals(name), _capitals(_without_form(name))):
            if len(words) > 1:
                initials.setdefault("".join(word[0] for word in words), name)
    listed = {_surface(text, span) for span in spans if span.kind == "ORG" and span.name}
    for letters, name in initials.items():
        if letters in listed and name not in listed and len(letters) >= _FEW_LETTERS:
            aliases.setdefault(("ORG", name), letters)  # the list's short name has the id
    for short in names:
        plain = short.replace(".", "")
        if plain.isupper() and plain in initials:
            aliases.setdefault(("ORG", short), initials[plain])
        if (longer := _longer(names, short)) is not None:
            aliases.setdefault(("ORG", short), longer)


def _in_brackets(text: str, spans: Sequence[Span]) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield bodies' short forms that stand in brackets behind the full ones, each with its kind.

    Of a listed short form the full one is the alias: the list has its id.
    """
    for left, right in pairwise(spans):
        if left.kind == right.kind == "ORG" and text[left.end : right.start] in (" (", ' ("'):
            full, short = _surface(text, left), text[right.start : right.end]
            if not short.isupper() or text[right.end : right.end + 1] not in (")", '"'):
                continue
            listed = right.name is not None and left.name is None and not right.name.country
            yield (("ORG", full), short) if listed else (("ORG", short), full)


def _capitals(name: str) -> list[str]:
    return [word for word in re.split(r"[\s-]+", name) if word[:1].isupper()]


def _without_form(name: str) -> str:
    """Return a body's name without its legal form ("Trans World Airlines" of "… Inc.")."""
    return LEGAL_FORM.sub("", name)


def _longer(names: Sequence[str], short: str) -> str | None:
    """Return the first of the sorted `names` that goes on after `short`.

    After few letters only a legal form may follow.
    """
    begin = f"{short} "
    for number in range(bisect_left(names, begin), len(names)):
        name = names[number]
        if not name.startswith(begin):
            return None
        if len(short) > _FEW_LETTERS or _is_company_form(name[len(begin) :]):
            return name
    return None


def finished_entity(
    group: Group,
    text: str,
    sentence_starts: Sequence[int],
    headline_end: int,
    *,
    entity_id: str,
    aliases: tuple[str, ...] = (),
    location: Location | None = None,
    metonyms: Collection[Span] = (),
) -> Entity:
    """Return the finished entity, its mentions in the words of the story."""
    mentions = tuple(
        Mention(
            span.start,
            span.end,
            text[span.start : span.end],
            max(0, bisect_right(sentence_starts, span.start) - 1),
            span in metonyms,
        )
        for span in group.spans
    )
    count = len(mentions)
    first = mentions[0].start / max(1, len(text))
    in_headline = mentions[0].start < headline_end
    salience = 0.5 * count / (count + 2) + 0.3 * in_headline + 0.2 * (1 - first)
    return Entity(
        group.name,
        group.kind,
        mentions,
        group.country,
        group.role,
        round(salience, 4),
        entity_id,
        aliases,
        location,
    )
