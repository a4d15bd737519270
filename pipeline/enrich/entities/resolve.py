"""One kind and one span for each name of a story, out of all candidates."""

from __future__ import annotations

import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import accumulate

from pipeline.enrich.entities.compounds import (
    acronyms,
    compound,
    letters_of_things,
    with_portfolios,
)
from pipeline.enrich.entities.consistency import (
    BEGINS,
    COMPANY_ENDS,
    STATE_LISTS,
    after_preposition,
    choose_spans,
    one_kind,
    repeated_names,
    whole_names,
    without_stops,
)
from pipeline.enrich.entities.lists import marked
from pipeline.enrich.entities.merge import LEGAL_FORM
from pipeline.enrich.entities.persons import by_given_name, by_title, strip_title, title_masks
from pipeline.enrich.entities.spans import (
    BIG_CITY,
    JOINED,
    LISTED_PHRASE,
    LISTED_WORD,
    MODEL_PHRASE,
    MODEL_WORD,
    TRUSTED,
    Span,
    listed,
    shaped,
    span_with,
)
from pipeline.enrich.entities.sport import SPORTS, is_sport, teams
from pipeline.enrich.entities.storms import storms
from pipeline.enrich.entities.works import titles
from pipeline.enrich.lexicon import Lexicon, Name, phrase, rows, tokenize, word_set

_LEADING = re.compile(r"(?:(?:[Tt]he|[Aa]n?|THE)\s+|[\s\"'\u2018\u201c(\[-]+)")
_TRAILING = re.compile(r"(?:['\u2019]s?|[\s\"'\u2019\u201d,;:)\]-]+|(?<=[a-z]{4})\.)$")
_PART = re.compile(r"(?:(?! - | -- |\n).)+", re.DOTALL)
_LEAD_OF = re.compile(r"(?:Shares|Results|Representatives|Members|Leaders|Officials) of ")
_SIGNS_BEFORE = " \"'\u2018\u201c\u00ab([,;:\u2013\u2014-"
_SIGNS_AFTER = re.compile(
    r"(?:(?<=\w) (?:of|for|and)|[\s\"'\u2019\u201d\u00bb,;:(\[\u2013\u2014-]+)$"
)
_JOINT = re.compile(r" (?:and|or|at) ")
_AGED = re.compile(r", \d\d(?:,|\.)")
_NUMBERS_BEFORE = re.compile(r"(?:[\d.,/()-]+\s+)+")
_NUMBERS_AFTER = re.compile(r"(?:\s+[\d.,/()-]+)+$")
_IN_BEFORE = re.compile(r"\b(?:[Ii]n|[Nn]ear|outside)\s$")
_STATE_AFTER = re.compile(r", [A-Z]")
_NEVER = word_set(
    """GMT EST EDT PST AM PM Men Women Police Bowling Department Results Standings N/A TV Dollar
    Deg ERA Newsroom Note Keywords Attendance Scorer Scorers Extras Avg Winner Winners Riot Baseball
    Basketball Soccer Cricket Golf Tennis Rugby Stadium Halftime Teams Score Scores Division Sales
    Gross Net Revs Shr Shrs Oper Qtr Note Year Business Financial Company Price None Leading"""
)
# What tables and by-lines hold beside names: sums of money, initials with an agency
# ("WN/Wikinews").
_NO_NAMES = re.compile(
    r"(?:\S+ )*(?:Dlrs?|Cts|Pct|Mln|Bln|Shrs?|Revs|Pesetas|Stg)(?: \S+)*|[A-Z]{2,3}/[A-Z]\w*"
)
_NO_PLACES = word_set(
    "Earth Moon Sun Mars Venus Jupiter Saturn Uranus Neptune Pluto World Universe Internet Web"
)
_SMALL_WORDS = re.compile(r"(?: [a-z][a-z-]*)+$")
_DOTTED = re.compile(r"\b(?:Inc|Corp|Co|Ltd|Bros|Cos)$")
_GOES_ON = re.compile(r"\.(?:[,;:)'\u2019]| [a-z(&-]| [A-Z][a-z]+ (?:said|says))")
_NO_WORDS = re.compile(r"(?:[A-Z]{1,3}(?:\s|/|$)\s*){2,}|[NA/ ]+")
_SETTLEMENT_BEFORE = re.compile(
    r"\b(?:city|town|village|port|province|district|suburb|outskirts|hamlet|island) of $"
)
_BODY_BEFORE = re.compile(
    r"\b(?:company|firm|maker|insurer|airline|distributor|retailer|newspaper|daily|agency|bank|"
    r"engineer|giant|subsidiary|group|club|website) $"
)
_BODY_AFTER = re.compile(
    r"(?:'s)? (?:CEO|shares|stock|shareholders|newspaper|daily|magazine|news agency|radio|website|"
    r"airlines|subsidiary|plc)\b"
)
_COMPANY_LISTS = frozenset({"companies.tsv", "organisations.tsv"})
_CONJUNCTIONS = word_set(
    """Although Though While When Whereas Because Since Before After Until Unless However Despite"""
)
_LEAST_OF_A_CONJUNCTION = 6
_LAST = sys.maxsize
_LONGEST_UNIT = 3
_PLACES = frozenset({"GPE", "LOC", "NORP"})
_OF_PLACES = frozenset({"GPE", "LOC", "FAC"})
_OF_HEADS = _OF_PLACES | {"PERSON", "ORG"}
_SITES = frozenset({"GPE", "LOC", "FAC"})


def resolve(text: str, model_spans: Iterable[Span], lexicon: Lexicon) -> list[Span]:
    """Return the story's names, in order, without overlaps.

    Names by shape, by title and by given name are looked for only where no model of our own has
    read the story: beside it they add more errors than names (measured on news of 1996 and on
    Worldwide).
    """
    tokens = tokenize(text)
    model_spans = list(model_spans)
    by_ours = any(span.strength == TRUSTED for span in model_spans)
    sport = is_sport(text)
    model_spans = [part for span in model_spans for part in _parts(text, span)]
    model_spans = [part for span in model_spans for part in _single(text, span, lexicon)]
    model_spans = [with_portfolios(text, span) for span in model_spans]
    model_spans = whole_names(text, without_stops(text, model_spans))
    masks = title_masks(tokens, lexicon) | {match.span() for match in SPORTS.finditer(text)}
    masked = _outermost(masks)
    known = [*listed(tokens, lexicon)]
    phrases = {(s.start, s.end) for s in known if s.strength == LISTED_PHRASE}
    shapes = [] if by_ours else list(shaped(text, tokens, lexicon))
    candidates = [*known, *(s for s in shapes if (s.start, s.end) not in phrases)]
    seen = _SpansByStart(model_spans)
    candidates = [c for c in candidates if _town_stands(text, c, seen, lexicon)]
    candidates = [c for c in candidates if c.strength != JOINED or not seen.has_longer_body(c)]
    by_line = marked(text, _country_names(), sport)
    candidates += [
        span
        for span in by_line
        if not _is_plain(text[span.start : span.end], span, sport, lexicon)
        and not (span.kind == "PERSON" and seen.has_longer_person(span))
    ]
    if not by_ours:
        candidates += [*by_title(text, tokens, lexicon), *by_given_name(text, tokens, lexicon)]
    for pair in acronyms(text, lexicon):
        if any(seen.overlaps(span) for span in pair) or not _is_term(text, pair[0], lexicon):
            candidates += pair
    candidates += [*titles(text), *storms(text)]
    entries = {(span.start, span.end): span.name for span in known}
    towns = _sure_towns(text, known, lexicon)
    model_spans = [_listed_as(span, entries, towns, lexicon) for span in model_spans]
    model_spans = [_as_company(text, span, lexicon) for span in model_spans]
    model_spans = [_by_head(text, span, lexicon) for span in model_spans]
    candidates += [_judge_model(text, span, lexicon) for span in model_spans]
    cleaned = [span for span in (_clean(text, c, lexicon) for c in candidates) if span]
    cleaned = [s for s in cleaned if not _is_masked(s, masked)]
    chosen = choose_spans(cleaned)
    chosen = choose_spans([*chosen, *repeated_names(tokens, text, chosen, lexicon)])
    chosen = [_without_opener(text, span) for span in chosen]
    chosen = one_kind(text, [_dressed(text, span) for span in _kindred(text, chosen)])
    chosen = teams(text, chosen) if sport else chosen
    things = letters_of_things(text)
    chosen = [span for span in chosen if not _is_thing(text, span, things)]
    inside = _words_inside(text, chosen)
    chosen = [span for span in chosen if not _only_begins(text, span, inside, lexicon)]
    return [compound(text, span) for span in chosen]


@lru_cache(maxsize=1)
def _country_names() -> frozenset[str]:
    return frozenset(
        form
        for row in rows("countries.tsv")
        for form in (row[1], *(row[2].split("|") if len(row) > 2 else ()))
    ) | {row[0] for row in rows("policy.tsv") if row[1] == "GPE"}


def _is_thing(text: str, span: Span, things: Collection[str]) -> bool:
    """Say whether a name that no list has is letters which the story gives to a thing ("NEVs")."""
    return span.name is None and text[span.start : span.end].rstrip("s") in things


def _by_head(text: str, span: Span, lexicon: Lexicon) -> Span:
    """Return a span of our model of another kind than its last word tells: "Rila Monastery" is
    no body."""
    words = text[span.start : span.end].split()
    kind = lexicon.heads["sure"].get(words[-1]) if len(words) > 1 else None
    if len(words) > 1 and span.kind != "PERSON":
        kind = kind or lexicon.heads["not-person"].get(words[-1])
    if kind is None or span.strength != TRUSTED or span.name is not None:
        return span
    same = kind == span.kind or {kind, span.kind} <= _OF_PLACES
    return replace(span, kind=kind) if span.kind in _OF_HEADS and not same else span


def _is_term(text: str, span: Span, lexicon: Lexicon) -> bool:
    """Say whether a full name is a thing's ("Gross Domestic Product"): news writes its words small,
    and none is what bodies are called by."""
    words = text[span.start : span.end].split()
    heads = (lexicon.heads["last"], lexicon.heads["first"])
    if any(head.get(word) == "ORG" for word in words for head in heads):
        return False
    return all(word.lower() in lexicon.small_words or word.islower() for word in words)


def _parts(text: str, span: Span) -> Iterator[Span]:
    """Yield a model's span cut at dashes and line ends, without numbers at its ends.

    One of our own model is cut at line ends and at a bracket that closes none of it; it loses the
    signs at its ends and an "of" that nothing follows. A unit behind a figure is none ("5G").
    """
    if span.end - span.start <= _LONGEST_UNIT and text[span.start - 1 : span.start].isdigit():
        return
    if span.strength == TRUSTED:
        begin = span.end - len(text[span.start : span.end].lstrip(_SIGNS_BEFORE))
        end = _first_end(text, begin, span.end)
        while end > begin and (trail := _SIGNS_AFTER.search(text[begin:end])):
            end = begin + trail.start()
        if end > begin:
            yield span_with(span, start=begin, end=end)
        return
    for match in _PART.finditer(text, span.start, span.end):
        start, end = match.span()
        lead = _LEAD_OF.match(text, start, end)
        start = lead.end() if lead else start
        if span.kind in ("PERSON", "ORG", "GPE", "LOC", "NORP", "FAC"):
            lead = _NUMBERS_BEFORE.match(text, start, end)
            start = lead.end() if lead else start
            trail = _NUMBERS_AFTER.search(text[start:end])
            end = start + trail.start() if trail else end
        if (
            end > start
            and text[start:end] not in _NEVER
            and not _NO_WORDS.fullmatch(text, start, end)
        ):
            whole = (start, end) == (span.start, span.end)
            strength = span.strength if whole or " " in text[start:end] else MODEL_WORD
            yield replace(span, start=start, end=end, strength=strength)


def _first_end(text: str, begin: int, end: int) -> int:
    """Say where a name ends at the latest: with its line, or at a bracket that it does not open."""
    depth = 0
    for at in range(begin, end):
        if text[at] == "\n":
            return at
        depth += (text[at] in "([") - (text[at] in ")]")
        if depth < 0:
            return at
    return end


def _single(text: str, span: Span, lexicon: Lexicon) -> Iterator[Span]:
    """Yield a model's span of two names that are both listed ("Kent and Surrey") as two.

    So it does with a town and the state or country behind it ("Springfield, Illinois").
    """
    town, comma, state = text[span.start : span.end].rpartition(", ")
    if comma and span.kind in _PLACES and (state in lexicon.names or state in lexicon.divisions):
        yield replace(span, end=span.start + len(town))
        yield replace(span, start=span.end - len(state))
        return
    match = _JOINT.search(text, span.start, span.end)
    if match is not None and phrase(text[span.start : span.end]) not in lexicon.names:
        halves = (text[span.start : match.start()], text[match.end() : span.end])
        if all(phrase(h) in lexicon.names or phrase(h) in lexicon.cities for h in halves):
            yield replace(span, end=match.start())
            yield replace(span, start=match.end())
            return
    yield span


def _outermost(masks: Iterable[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Return the starts of masks and, for each, the last end of those that begin there or
    before."""
    ordered = sorted(masks)
    return [start for start, _ in ordered], [*accumulate((end for _, end in ordered), max)]


def _is_masked(span: Span, masks: tuple[list[int], list[int]]) -> bool:
    """Say whether a span lies wholly within one of the `_outermost` masks."""
    starts, ends = masks
    nearest = bisect_right(starts, span.start) - 1
    return nearest >= 0 and span.end <= ends[nearest]


def _words_inside(text: str, chosen: Iterable[Span]) -> set[str]:
    """Return the words of names that stand inside a sentence."""
    return {
        word
        for span in chosen
        if not BEGINS.search(text, max(0, span.start - 4), span.start)
        for word in text[span.start : span.end].split()
    }


def _only_begins(text: str, span: Span, inside: Collection[str], lexicon: Lexicon) -> bool:
    """Say whether a word has its capital only as the first of a sentence or line ("Pay April 10").

    News writes it small otherwise, and the story has no name with it `inside` a sentence.
    """
    word, *rest = text[span.start : span.end].split()
    listed_or_sure = span.strength >= LISTED_PHRASE and span.strength != TRUSTED
    if not all(w.islower() and w in lexicon.small_words for w in rest):
        return False
    if word.lower() not in lexicon.small_words or listed_or_sure or span.name is not None:
        return False
    if not BEGINS.search(text, max(0, span.start - 4), span.start):
        return False
    return word not in inside


def _is_plain(words: str, span: Span, sport: bool, lexicon: Lexicon) -> bool:
    """Say whether what a line's shape marks is no name ("Pay April 1", "Record date March 16").

    Of a place one word that news writes small is enough, of others all are; sport has its own.
    """
    if phrase(words) in lexicon.names or phrase(words) in lexicon.cities:
        return False
    small = [word.lower() in lexicon.small_words for word in words.split()]
    if span.kind == "GPE":
        return any(small)
    return not sport and all(small)


def _as_company(text: str, span: Span, lexicon: Lexicon) -> Span:
    """Return a listed company with its legal form ("General Motors Corp") as the listed one."""
    if span.kind != "ORG" or span.name is not None:
        return span
    plain = LEGAL_FORM.sub("", text[span.start : span.end])
    name = lexicon.names.get(phrase(plain))
    if plain == text[span.start : span.end] or name is None or name.source not in _COMPANY_LISTS:
        return span
    return replace(span, name=name) if name.kind == "ORG" else span


def _without_opener(text: str, span: Span) -> Span:
    """Return a person without the word that begins the sentence, misspelt too ("Athough
    Reagan")."""
    first, _, rest = text[span.start : span.end].partition(" ")
    if (
        span.kind != "PERSON"
        or not rest
        or not BEGINS.search(text, max(0, span.start - 4), span.start)
    ):
        return span
    if any(_nearly(first, opener) for opener in _CONJUNCTIONS):
        return replace(span, start=span.start + len(first) + 1)
    return span


def _nearly(word: str, other: str) -> bool:
    """Say whether two words are one, or one without a letter of the other's."""
    if word == other:
        return True
    longer, shorter = sorted((word, other), key=len, reverse=True)
    if len(longer) - len(shorter) != 1 or len(shorter) < _LEAST_OF_A_CONJUNCTION:
        return False
    return any(longer[:at] + longer[at + 1 :] == shorter for at in range(1, len(longer)))


def _listed_as(
    span: Span,
    entries: Mapping[tuple[int, int], Name | None],
    towns: Collection[tuple[int, int]],
    lexicon: Lexicon,
) -> Span:
    """Return a span of our own model with its list entry, where one of its sort has the same
    words."""
    name = entries.get((span.start, span.end))
    if span.strength != TRUSTED or name is None:
        return span
    # A body that is known by its house ("the Kremlin") acts as the body.
    house = name.kind == "ORG" and name.source == "organisations.tsv" and span.kind in _SITES
    # A listed people is one ("Houthi", and "Moldovan", whom no person is named after), and a large
    # town that no person is named after a town.
    people = name.kind == "NORP" and (
        span.kind == "ORG" or (span.kind == "PERSON" and not _is_borne(name, lexicon))
    )
    town = span.kind == "PERSON" and (
        (span.start, span.end) in towns
        or (name.source == "policy.tsv" and not _is_borne(name, lexicon))
    )
    # A listed body that bears nobody's name is no person ("Wikinews").
    body = name.kind == "ORG" and span.kind == "PERSON" and not _is_borne(name, lexicon)
    # A state that the model takes for a body ("Soviet Union") is one all the same.
    state = name.kind == "GPE" and span.kind == "ORG" and name.source in STATE_LISTS
    same = (
        house
        or state
        or people
        or town
        or body
        or name.kind == span.kind
        or {name.kind, span.kind} <= _SITES
    )
    return span_with(span, kind=name.kind, name=name) if same else span


def _is_borne(name: Name, lexicon: Lexicon) -> bool:
    """Say whether a person may be called so: "Morgan", unlike "Wikinews"."""
    parts = name.canonical.split()
    return any(part in lexicon.first_names or part in lexicon.last_names for part in parts)


def _sure_towns(text: str, known: Iterable[Span], lexicon: Lexicon) -> set[tuple[int, int]]:
    """Say where names of large towns stand that no list of given names or surnames holds."""
    return {
        (span.start, span.end)
        for span in known
        if span.name is not None
        and span.name.source == "cities.tsv"
        and span.strength >= BIG_CITY
        and text[span.start : span.end] not in lexicon.first_names
        and text[span.start : span.end] not in lexicon.last_names
    }


def _kindred(text: str, spans: Sequence[Span]) -> Iterator[Span]:
    """Take two nationalities side by side for one name ("Iraqi Kurds"), at a hyphen two."""
    before: Span | None = None
    for span in spans:
        joins = before is not None and before.kind == span.kind == "NORP" and _is_people(span)
        gap = text[before.end : span.start] if before is not None else ""
        if before is not None and joins and gap == " ":
            before = replace(before, end=span.end, name=None)
            continue
        if before is not None:
            yield before
        before = span
    if before is not None:
        yield before


def _is_people(span: Span) -> bool:
    """Return a people of a country or a land, unlike a faith or a party."""
    return span.name is None or span.name.source in STATE_LISTS


def _dressed(text: str, span: Span) -> Span:
    """Take a name before an age for a person's."""
    aged = span.kind in ("ORG", "GPE") and span.strength <= MODEL_PHRASE
    if aged and _AGED.match(text, span.end):
        return replace(span, kind="PERSON", strength=LISTED_PHRASE, name=None)
    return span


class _SpansByStart:
    """Tells what the model saw at a place, by its spans sorted once."""

    def __init__(self, spans: Iterable[Span]) -> None:
        ordered = sorted(spans, key=lambda span: span.start)
        self.places = {(s.start, s.end) for s in ordered if s.kind in ("GPE", "LOC")}
        self._persons = [(s.start, s.end) for s in ordered if s.kind == "PERSON"]
        self._bodies = [
            (s.start, s.end) for s in ordered if s.kind == "ORG" and s.strength == TRUSTED
        ]
        self._starts = [span.start for span in ordered]
        self._ends = [*accumulate((span.end for span in ordered), max)]

    def has_longer_person(self, span: Span) -> bool:
        """Say whether `span` is a part of a person's name ("B. Parker" of "Robert B. Parker")."""
        return _is_within(span, self._persons)

    def has_longer_body(self, span: Span) -> bool:
        """Say whether our model sees `span` as a part of a body's name ("Food and Drug
        Administration" of "Jordan Food and Drug Administration")."""
        return _is_within(span, self._bodies)

    def overlaps(self, span: Span) -> bool:
        """Say whether one of the model's spans shares a character with `span`."""
        nearest = bisect_left(self._starts, span.end) - 1
        return nearest >= 0 and self._ends[nearest] > span.start


def _is_within(span: Span, ordered: Sequence[tuple[int, int]]) -> bool:
    """Say whether `span` is a part of the last of the ordered ones that begins no later."""
    nearest = bisect_right(ordered, (span.start, _LAST)) - 1
    if nearest < 0:
        return False
    start, end = ordered[nearest]
    return end >= span.end and end - start > span.end - span.start


def _town_stands(text: str, span: Span, seen: _SpansByStart, lexicon: Lexicon) -> bool:
    """Ask that the model or a preposition speaks for a small town: often it is a common word."""
    if span.name is None or span.name.source not in ("cities.tsv", "iso-3166-2"):
        return True
    placed = after_preposition(text, span)
    state_follows = bool(_STATE_AFTER.match(text, span.end))
    if text[span.start : span.end] in lexicon.common_words:
        by_model = (span.start, span.end) in seen.places
        return by_model and (placed or state_follows)
    if span.strength >= BIG_CITY or " " in text[span.start : span.end]:
        return True
    if seen.overlaps(span):
        return True
    return placed or state_follows


def _judge_model(text: str, span: Span, lexicon: Lexicon) -> Span:
    """Weaken the model's places of several words below listed ones inside them."""
    if span.strength == TRUSTED:
        return span
    if span.kind in ("PERSON", "ORG") and _IN_BEFORE.search(
        text[max(0, span.start - 9) : span.start]
    ):
        # Nobody is in, near or outside a person; a body would have its article.
        surface = text[span.start : span.end]
        if phrase(surface) in lexicon.cities or (span.kind == "PERSON" and " " not in surface):
            return replace(span, kind="GPE")
    if span.kind != "GPE" and _SETTLEMENT_BEFORE.search(text, max(0, span.start - 14), span.start):
        return replace(span, kind="GPE", strength=MODEL_PHRASE + 1)
    if span.kind in ("PERSON", "GPE") and _is_body(text, span, lexicon):
        return replace(span, kind="ORG", strength=MODEL_PHRASE + 1)
    if span.kind in _PLACES and " " in text[span.start : span.end]:
        return replace(span, strength=LISTED_WORD - 2)
    return span


def _may_be_name(kind: str, words: str) -> bool:
    """Say whether words have a capital and are not what tables, by-lines and sayings write with
    one."""
    if words in _NEVER or _NO_NAMES.fullmatch(words) or (kind in _SITES and words in _NO_PLACES):
        return False
    if kind == "ORG" and all(word.rstrip(".,") in COMPANY_ENDS for word in words.split()):
        return False
    return any(c.isupper() for c in words)


def _abbreviated(text: str, end: int, span: Span) -> int:
    """Return 1 where a company's form keeps its dot ("Holm Inc. said"), 0 at a sentence's end."""
    if span.kind != "ORG" or not _DOTTED.search(text, max(0, end - 5), end):
        return 0
    return 1 if _GOES_ON.match(text, end) else 0


def _is_body(text: str, span: Span, lexicon: Lexicon) -> bool:
    """Say whether the words beside an unlisted word say that it is a company or a paper."""
    surface = text[span.start : span.end]
    if phrase(surface) in lexicon.cities or surface.split(" ")[0] in lexicon.first_names:
        return False
    before = " " not in surface and _BODY_BEFORE.search(text, max(0, span.start - 16), span.start)
    return bool(before or _BODY_AFTER.match(text, span.end))


def _clean(text: str, span: Span, lexicon: Lexicon) -> Span | None:
    """Strip articles, possessives, quotes and titles; None when nothing of a name is left."""
    start, end = span.start, span.end
    if span.strength == TRUSTED:
        return span if _may_be_name(span.kind, text[start:end]) else None
    newline = text.find("\n", start, end)
    if newline >= 0:
        end = newline
    lead = _LEADING.match(text, start, end)
    while lead and lead.end() > start:
        start = lead.end()
        lead = _LEADING.match(text, start, end)
    surface = text[start:end]
    if span.name is not None and text[span.start : span.end].startswith("The "):
        start = span.start  # The Hague
        surface = text[start:end]
    while surface and (trail := _TRAILING.search(surface)):
        surface = surface[: trail.start()]
    if span.kind in ("ORG", "PERSON", "GPE"):
        surface = _SMALL_WORDS.sub("", surface)
    end = start + len(surface)
    end += _abbreviated(text, end, span)
    if end <= start or not _may_be_name(span.kind, text[start:end]):
        return None
    result = span_with(span, start=start, end=end)
    return strip_title(text, result, lexicon) if span.kind == "PERSON" else result
