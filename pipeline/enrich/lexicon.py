"""The name lists in `data/`, read once.

Each file is UTF-8, tab-separated, with its source in `#` lines at the top. What is looked up is a
phrase of tokens (see `tokenize`) joined by blanks, so that "U.S." and "Nagorno-Karabakh" match
whatever splits the text.
"""

from __future__ import annotations

import gc
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

from pipeline import tsv

_TOKEN = re.compile(r"[^\W_]+|[^\w\s]|_")
_ALTERNATIVES = re.compile(r"\s*[/\[\]]\s*")
_SHORTEST_DIVISION = 4
_SHOUTED_FROM = 50_000
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "`": "'"})


@dataclass(frozen=True, slots=True)
class Name:
    """Holds what a listed phrase stands for; `source` is the file it comes from."""

    kind: str
    canonical: str
    country: str | None
    source: str


OWN_WORDS = "its own words"
"""The `source` of what is on no list: its own words, or those beside it, tell its country."""

Town = tuple[int, str, float, float, str]
"""People, GeoNames id, degrees north and east, code of the first-level division.

A middle has no people; one of a division outside the USA has no id, one of several no code.
"""


@dataclass(slots=True)
class Lexicon:
    """All lists; filled by `load_lexicon` and not changed afterwards.

    `longest` gives for a first token the lengths (in tokens, longest first) of the phrases that
    begin with it. `cities` maps a phrase to (country, population), most people first, `geonames` a
    phrase and a country to the town's GeoNames id, `towns` to all of its towns of that name, or its
    counties, of which no id is known. `capitals` maps a phrase to the country whose capital it is.
    `centres` are the middles of countries, `middles` by country and phrase those of divisions,
    islands and lands, `shouted` the phrases of larger towns in capitals, `shared` the further
    countries of a land whose first one is its name's.
    """

    names: dict[str, Name] = field(default_factory=dict)
    cities: dict[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    divisions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    longest: dict[str, tuple[int, ...]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    heads: dict[str, dict[str, str]] = field(default_factory=dict)
    first_names: frozenset[str] = frozenset()
    last_names: frozenset[str] = frozenset()
    common_words: frozenset[str] = frozenset()
    small_words: frozenset[str] = frozenset()
    region_of: dict[str, str] = field(default_factory=dict)
    canonical_country: dict[str, str] = field(default_factory=dict)
    geonames: dict[tuple[str, str], str] = field(default_factory=dict)
    capitals: dict[str, str] = field(default_factory=dict)
    towns: dict[tuple[str, str], tuple[Town, ...]] = field(default_factory=dict)
    centres: dict[str, Town] = field(default_factory=dict)
    middles: dict[tuple[str, str], Town] = field(default_factory=dict)
    shouted: dict[str, str] = field(default_factory=dict)
    shared: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def as_listed(self, key: str) -> str:
        """Return a phrase as the lists have it: of a larger town in capitals, the town's."""
        return key if key in self.cities else self.shouted.get(key, key)


def tokenize(text: str) -> list[tuple[str, int, int]]:
    """Cut `text` into tokens with their offsets: runs of letters and digits, single marks."""
    text = text.translate(_APOSTROPHES)
    found, end = [], 0
    for word in _TOKEN.findall(text):
        begin = text.index(word, end)
        end = begin + len(word)
        found.append((word, begin, end))
    return found


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list written as text."""
    return frozenset(text.split())


def phrase(text: str) -> str:
    """Return the look-up form of a name: its tokens joined by blanks."""
    if text.replace(" ", "").isalnum():
        return " ".join(text.split())
    return " ".join(_TOKEN.findall(text.translate(_APOSTROPHES)))


def rows(file: str) -> Iterator[list[str]]:
    """Yield the cells of each row of a list in `data/`."""
    return tsv.rows("pipeline.enrich", f"data/{file}")


def _split(cell: str) -> list[str]:
    return [part for part in cell.split("|") if part]


def _cell(row: Sequence[str], index: int) -> str:
    return row[index] if len(row) > index else ""


@lru_cache(maxsize=1)
def load_lexicon() -> Lexicon:
    """Read all lists. Later files do not replace a phrase that an earlier one holds."""
    with _no_collection():
        return _loaded()


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let no garbage be looked for: half of the time went into going over lists that all stay."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _loaded() -> Lexicon:
    lexicon = Lexicon()
    _load_policy(lexicon)
    _load_countries(lexicon)
    _load_states(lexicon)
    _load_organisations(lexicon)
    for file in ("companies.tsv", "teams.tsv"):
        for row in rows(file):
            for form in (row[0], *_split(_cell(row, 2))):
                _add(lexicon, form, Name("ORG", row[0], _cell(row, 1) or None, file))
    _load_places(lexicon)
    _load_divisions(lexicon)
    for role, forms in rows("titles.tsv"):
        for form in _split(forms):
            lexicon.titles.setdefault(phrase(form), role)
    for where, kind, listed in rows("heads.tsv"):
        table = lexicon.heads.setdefault(where, {})
        for word in listed.split():
            table.setdefault(word, kind)
    lexicon.first_names = frozenset(row[0] for row in rows("first_names.tsv"))
    lexicon.last_names = frozenset(row[0] for row in rows("last_names.tsv"))
    lexicon.common_words = frozenset(
        word for (line,) in rows("common_words.tsv") for word in line.split()
    )
    lexicon.small_words = frozenset(
        word for (line,) in rows("small_words.tsv") for word in line.split()
    )
    for slug, _intermediate, codes in rows("regions.tsv"):
        lexicon.region_of.update(dict.fromkeys(codes.split(), slug))
    _index(lexicon)
    return lexicon


def _add(lexicon: Lexicon, form: str, name: Name) -> None:
    key = phrase(form)
    lexicon.names.setdefault(key, name)
    if key.endswith(" ."):  # an abbreviation may lose its last dot at the end of a sentence
        lexicon.names.setdefault(key[:-2], name)


def _load_policy(lexicon: Lexicon) -> None:
    for name, kind, countries, canonical, also, *_reason in rows("policy.tsv"):
        country, _, others = countries.partition("|")
        for form in (name, *_split(also)):
            _add(lexicon, form, Name(kind, canonical, country or None, "policy.tsv"))
            if others:
                lexicon.shared[phrase(form)] = tuple(_split(others))


def _load_countries(lexicon: Lexicon) -> None:
    for row in rows("countries.tsv"):
        code, name = row[0], row[1]
        lexicon.canonical_country[code] = name
        for form in (name, *_split(_cell(row, 2))):
            entry = Name("GPE", name, code, "countries.tsv")
            _add(lexicon, form, entry)
            if len(form) >= _SHORTEST_DIVISION:  # as datelines and old headlines set it
                _add(lexicon, form.upper(), entry)
        for demonym in _split(_cell(row, 3)):
            plural = f"{demonym}s" if demonym.endswith(("n", "i")) else demonym
            for form in (demonym, plural):
                _add(lexicon, form, Name("NORP", demonym, code, "countries.tsv"))


def _load_states(lexicon: Lexicon) -> None:
    for name, country, *also in rows("us_states.tsv"):
        entry = Name("GPE", name, country, "us_states.tsv")
        for form in (name, *_split(also[0] if also else "")):
            # With their dot only: "Pa" and "Miss" are other words.
            lexicon.names.setdefault(phrase(form), entry)


def _load_organisations(lexicon: Lexicon) -> None:
    for row in rows("organisations.tsv"):
        for form in (row[0], *_split(_cell(row, 3))):
            canonical = form if row[1] in ("LOC", "NORP") else row[0]
            _add(lexicon, form, Name(row[1], canonical, _cell(row, 2) or None, "organisations.tsv"))


def _load_places(lexicon: Lexicon) -> None:
    cities: dict[str, list[tuple[str, int]]] = {}
    towns: dict[tuple[str, str], list[Town]] = {}
    for name, country, population, geonameid, north, east, division in rows("cities.tsv"):
        key = phrase(name)
        town = (int(population), geonameid, float(north), float(east), division)
        towns.setdefault((key, country), []).append(town)
        if (key, country) not in lexicon.geonames:
            cities.setdefault(key, []).append((country, int(population)))
            lexicon.geonames[key, country] = geonameid
    for name, country, canonical in rows("exonyms.tsv"):
        key, listed = phrase(name), towns[phrase(canonical), country]
        towns.setdefault((key, country), []).insert(0, listed[0])
        known = [(c, p) for c, p in cities.get(key, ()) if c != country]
        cities[key] = [*known, (country, listed[0][0])]
        lexicon.geonames[key, country] = listed[0][1]
    for country, forms in rows("seats.tsv"):
        lexicon.capitals.update((phrase(form), country) for form in _split(forms))
    lexicon.towns = {name: tuple(listed) for name, listed in towns.items()}
    for code, geonameid, north, east, division in rows("centres.tsv"):
        country, _, state = code.partition(" ")
        middle = (0, geonameid, float(north), float(east), division)
        if state:
            lexicon.middles[country, state] = middle
        else:
            lexicon.centres[country] = middle
    for key, places in cities.items():
        if key != key.upper() and max(people for _, people in places) >= _SHOUTED_FROM:
            lexicon.shouted.setdefault(key.upper(), key)
    lexicon.cities = {
        key: tuple(sorted(places, key=lambda place: (-place[1], place[0])))
        for key, places in cities.items()
    }


def _load_divisions(lexicon: Lexicon) -> None:
    divisions: dict[str, set[str]] = {}
    for name, country in _iso_divisions():
        divisions.setdefault(phrase(name), set()).add(country)
    for country, names in rows("divisions.tsv"):
        for name in _split(names):
            divisions.setdefault(phrase(name), set()).add(country)
    counties: dict[str, list[Town]] = {}
    for name, state, people, north, east in rows("us_counties.tsv"):
        key = phrase(name)
        divisions.setdefault(key, set()).add("USA")
        if people:
            county = (int(people), "", float(north), float(east), state)
            counties.setdefault(key, []).append(county)
    for key, listed in counties.items():
        lexicon.towns.setdefault((key, "USA"), tuple(listed))
    lexicon.divisions = {key: tuple(sorted(codes)) for key, codes in divisions.items()}
    for country, key, north, east, division in rows("division_middles.tsv"):
        lexicon.middles[country, key] = (0, "", float(north), float(east), division)


def _iso_divisions() -> Iterator[tuple[str, str]]:
    """Yield (name, alpha-3) of ISO 3166-2's divisions, with and without accents.

    Read from pycountry where it is installed: its data is LGPL and not copied here.
    """
    import pycountry

    alpha3 = {entry.alpha_2: entry.alpha_3 for entry in pycountry.countries}
    for entry in pycountry.subdivisions:
        country = alpha3.get(entry.country_code)
        for part in _ALTERNATIVES.split(entry.name):
            if country and len(part) >= _SHORTEST_DIVISION and part[0].isalpha():
                yield part, country
                plain = unicodedata.normalize("NFKD", part)
                yield "".join(c for c in plain if not unicodedata.combining(c)), country


def _index(lexicon: Lexicon) -> None:
    lengths: dict[str, set[int]] = {}
    for table in (lexicon.names, lexicon.cities, lexicon.divisions):
        for key in table:
            first, _, rest = key.partition(" ")
            size = 2 + rest.count(" ") if rest else 1
            if first in lengths:
                lengths[first].add(size)
            else:
                lengths[first] = {size}
    lexicon.longest = {
        first: tuple(sorted(sizes, reverse=True)) for first, sizes in lengths.items()
    }
