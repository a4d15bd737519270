"""Candidate names in a text: from the lists, and from the shape of capitalised words.

Every candidate has a kind and a strength; `pipeline.enrich.entities.resolve` chooses among those
that overlap. Offsets are characters of the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.enrich.lexicon import Lexicon, Name, word_set

Token = tuple[str, int, int]

# Strength of a candidate: a listed phrase of several words is surest, a small town's name least.
LISTED_PHRASE = 90
SHAPE = 92
MODEL_PHRASE = 70
LISTED_WORD = 60
MODEL_WORD = 50
TRUSTED = 94
"""What a model of our own sees: fitted to news, it is surer than the lists and shapes."""
JOINED = 96
"""A listed name with "and" in it: a model sees two names, and no two states are called so."""
OWN_NAME = 97
"""What a word before it says: a storm's name, whatever else is called so."""
CITY = 40
BIG_CITY = 55
NO_PERSON_TOWN = MODEL_WORD + 1
TOWN_PHRASE = MODEL_PHRASE + 2
"""Towns whose names no person has are surer than the model."""

_BIG_CITY_PEOPLE = 100_000
_INNER = word_set("of for & de del la and the al el ul bin ibn van von der den di da du dos ter wa")
_TIES = frozenset("-'&.")
# Words that begin a sentence with a capital without being part of a name.
_OPENERS = word_set(
    """The A An In On At For From To Of As If When While After Before Since But And Or So This That
    These Those He She It They We His Her Its Their Our My Your Both Some All One Two Three Former
    Late Under With By Also Yet Not No Another Other"""
)
NO_NAME = word_set(
    """Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May
    June July August September October November December Jan Feb Mar Apr Jun Jul Aug Sept Sep Oct
    Nov Dec Mr Mrs Ms Dr Sir I"""
)


COMPOUNDS = word_set(
    """based born led backed controlled ruled run made held owned style type like origin trained
    speaking educated bound dominated brokered sponsored mediated registered listed flagged built
    occupied funded allied inspired supported linked style era wide time level area only friendly
    region"""
)
"""What follows a name and a hyphen in an adjective ("London-based")."""
_LONGEST_SECOND_HALF = 5
_AND = frozenset({"and", "AND", "&"})
_OF_BODIES = word_set(
    """Union Bank Agency Association Federation Council Organisation Organization Institute Academy
    Museum Church League Front Movement Army Party University College Society Confederation Alliance
    Congress Parliament Assembly Exchange Chamber Court Fund Foundation Office"""
)


@dataclass(frozen=True, slots=True)
class Span:
    """A candidate: characters `[start, end)`, spaCy's label, strength, and its list entry."""

    start: int
    end: int
    kind: str
    strength: int
    name: Name | None = None


def span_with(span: Span, **values: object) -> Span:
    """Return the span with these fields changed, itself where none is another: most are not."""
    if all(getattr(span, field) == value for field, value in values.items()):
        return span
    return replace(span, **values)  # type: ignore[arg-type] # of the fields' own types


def is_written_small(word: str, lexicon: Lexicon) -> bool:
    """Say whether news writes a word small, but where it opens a sentence."""
    return word in _OPENERS or word.lower() in lexicon.small_words


def listed(tokens: Sequence[Token], lexicon: Lexicon) -> Iterator[Span]:
    """Yield the longest listed phrase at each token that begins with a capital."""
    texts = [token[0] for token in tokens]
    skip_to = 0
    for index, (word, start, _) in enumerate(tokens):
        if index < skip_to or not (word[0].isupper() or word in ("al", "pro", "mainland", "the")):
            continue
        for size in lexicon.longest.get(word, ()):
            if index + size > len(texts):
                continue
            key = " ".join(texts[index : index + size])
            end = tokens[index + size - 1][2]
            if end - start > len(key):  # words of different lines
                continue
            found = _lookup(key, start, end, size, lexicon)
            if found is not None:
                yield found
                skip_to = index + size
                break


def _lookup(key: str, start: int, end: int, size: int, lexicon: Lexicon) -> Span | None:
    if key in NO_NAME or key.lower() in lexicon.titles:
        return None
    name = lexicon.names.get(key)
    if name is not None:
        if not _AND.isdisjoint(key.split()):
            return Span(start, end, name.kind, JOINED, name)
        return Span(start, end, name.kind, LISTED_PHRASE if size > 1 else LISTED_WORD, name)
    places = lexicon.cities.get(key)
    if places is not None:
        entry = Name("GPE", key, places[0][0], "cities.tsv")
        big = places[0][1] >= _BIG_CITY_PEOPLE
        strength = BIG_CITY if big else CITY
        first, _, last = key.partition(" ")
        irish = "'" in last and last.startswith("'")  # O'Brien is a town, and mostly a person
        surname = (last or first) in lexicon.last_names
        if first not in lexicon.first_names and not surname and not irish:
            strength = TOWN_PHRASE if size > 1 else max(strength, NO_PERSON_TOWN)
        elif size > 1:
            strength += 10
        return Span(start, end, "GPE", strength, entry)
    codes = lexicon.divisions.get(key)
    if codes is not None:
        entry = Name("GPE", key, codes[0] if len(codes) == 1 else None, "iso-3166-2")
        return Span(start, end, "GPE", CITY + (15 if size > 1 else 0), entry)
    return None


def shaped(text: str, tokens: Sequence[Token], lexicon: Lexicon) -> Iterator[Span]:
    """Yield runs of capitalised words whose first or last word tells what they are."""
    for first, last in runs(text, tokens):
        found = _shape(tokens, first, last, lexicon)
        if found is not None:
            yield found


def runs(text: str, tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield ranges `[first, last]` of capitalised words, joined by blanks or joining words."""
    index, size = 0, len(tokens)
    while index < size:
        if not _capital(tokens[index][0]):
            index += 1
            continue
        last = index
        ahead = index + 1
        while ahead < size and _adjacent(text, tokens, ahead):
            word = tokens[ahead][0]
            if (
                _capital(word)
                or (word.isdigit() and tokens[ahead][1] == tokens[ahead - 1][2])
                or _second_half(tokens, ahead)
            ):
                last = ahead
            elif word in _TIES and _tight(tokens, ahead):
                pass
            elif word not in _INNER or ahead - last > 2:
                break
            ahead += 1
        yield index, last
        index = last + 1


def _capital(word: str) -> bool:
    return word[0].isupper() and word not in NO_NAME


def _tight(tokens: Sequence[Token], index: int) -> bool:
    """Say whether a mark stands between two words without blanks ("O'Brien", "Smith-Jones",
    "U.S.")."""
    if index + 1 >= len(tokens):
        return False
    before = tokens[index - 1][2] == tokens[index][1]
    if tokens[index][0] == ".":  # an initial's dot may be followed by a blank
        return before and len(tokens[index - 1][0]) == 1
    return before and tokens[index][2] == tokens[index + 1][1]


def _second_half(tokens: Sequence[Token], index: int) -> bool:
    """Say whether a small word ends a hyphenated given name ("Song-ho"), unlike "London-based"."""
    word = tokens[index][0]
    return (
        index >= 2
        and tokens[index - 1][0] == "-"
        and word.isalpha()
        and len(word) <= _LONGEST_SECOND_HALF
        and word not in COMPOUNDS
        and tokens[index - 2][0][0].isupper()
    )


def _adjacent(text: str, tokens: Sequence[Token], index: int) -> bool:
    gap = text[tokens[index - 1][2] : tokens[index][1]]
    return gap in ("", " ")


def _shape(tokens: Sequence[Token], first: int, last: int, lexicon: Lexicon) -> Span | None:
    while first < last and tokens[first][0] in _OPENERS:
        first += 1
    if first >= last:
        return None
    last_heads, first_heads = lexicon.heads["last"], lexicon.heads["first"]
    for head in range(last, first, -1):
        kind = last_heads.get(tokens[head][0])
        if kind is None:
            continue
        start = _after_joiner(tokens, first, head) if _joined(tokens, first, head) else first
        start = _after_person(tokens, start, head, lexicon)
        if start < head:  # "Smith and Acme Corp": the part after the joining word
            return Span(tokens[start][1], _shape_end(tokens, head, last), kind, SHAPE)
    kind = first_heads.get(tokens[first][0])
    if kind == "ORG" and tokens[first + 1][0] in ("of", "for"):
        return Span(tokens[first][1], tokens[last][2], kind, SHAPE)
    if kind in ("LOC", "GPE") and tokens[first + 1][0][0].isupper():
        return Span(tokens[first][1], tokens[first + 1][2], kind, SHAPE)
    return None


def _shape_end(tokens: Sequence[Token], head: int, last: int) -> int:
    """Say where a body's name ends: with "of" and a place after its head ("Bank of Romania")."""
    following = [token[0] for token in tokens[head + 1 : last + 1]]
    if tokens[head][0] in _OF_BODIES and len(following) > 1 and following[0] in ("of", "for"):
        rest = following[1:]
        if all(word[0].isupper() and word.isalpha() for word in rest) and len(rest) <= 3:
            return tokens[last][2]
    return tokens[head][2]


def _after_person(tokens: Sequence[Token], first: int, head: int, lexicon: Lexicon) -> int:
    """Pass "of" where a person's name stands before it ("Lynn Reaser of Barnett Banks Inc")."""
    for index in range(first + 2, head):
        if tokens[index][0] in ("of", "for") and tokens[first][0] in lexicon.first_names:
            return index + 1
    return first


def _joined(tokens: Sequence[Token], first: int, last: int) -> bool:
    return any(tokens[i][0] in ("and", "the") for i in range(first, last))


def _after_joiner(tokens: Sequence[Token], first: int, last: int) -> int:
    return max(i for i in range(first, last) if tokens[i][0] in ("and", "the")) + 1
