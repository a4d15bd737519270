"""Ids of entities that are the same in every story, and the other names a story uses.

| entity | id |
|---|---|
| a country | `country:AZE` |
| the people or adjective of a country | `nationality:AZE` |
| a place of the policy table, a region, a state | `place:nagorno-karabakh`, `place:usa-texas` |
| a town | `geonames:587084` |
| a listed body or other name | `org:european-union`, `norp:…`, `event:…` |
| anything else | kind and the first 16 digits of a SHA-256, `person:1f3870be274f6c49` |

A hash is of the canonical name within the kind, and of the country for places and for bodies whose
words tell it (a company's form is written one way, "Corp" for "Corp." and "Corporation"): it tells
that two stories use one name, not that they mean one person.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from pipeline.enrich.entities.merge import Group, country_in_words
from pipeline.enrich.lexicon import OWN_WORDS, Lexicon, Name, phrase
from pipeline.model import Location

_PLACES = frozenset({"GPE", "LOC", "FAC"})
# Without "state" behind it the news means the town.
_TOWNS_BEFORE_STATES = frozenset({"Washington", "New York"})
_FORMS = {"incorporated": "inc", "corporation": "corp", "company": "co", "limited": "ltd"}
_COMPANY_FORM = re.compile(
    r"(?<=[ &])(incorporated|inc|corporation|corp|company|co|limited|ltd|plc)\.?$"
)
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


def entity_id(group: Group, text: str, lexicon: Lexicon, location: Location | None = None) -> str:
    """Return the id of a merged entity whose country is known; `text` has its case restored.

    `location` is where a place was found to lie: of several towns of a name it says which.
    """
    if group.kind == "GPE" and location is not None and location.exactness == "city":
        return f"geonames:{location.geonames_id}"
    name = next((s.name for s in group.spans if s.name is not None), None)
    first = group.spans[0]
    if name is None or name.kind != group.kind or name.source == OWN_WORDS:
        key = lexicon.as_listed(phrase(text[first.start : first.end]))
        town = lexicon.geonames.get((key, group.country or ""))
        if group.kind == "GPE" and town:
            return f"geonames:{town}"
        return _hashed(group)
    return _listed(name, group, lexicon)


def _listed(name: Name, group: Group, lexicon: Lexicon) -> str:
    if name.source == "countries.tsv":
        return _country(name, group.country)
    if name.source == "us_states.tsv":
        town = lexicon.geonames.get((phrase(name.canonical), name.country or ""))
        if name.canonical in _TOWNS_BEFORE_STATES and town:
            return f"geonames:{town}"
        return f"place:{_slug(f'{name.country} {name.canonical}')}"
    if name.source in ("cities.tsv", "iso-3166-2"):
        town = lexicon.geonames.get((name.canonical, group.country or ""))
        return f"geonames:{town}" if town else _hashed(group)
    is_elsewhere = name.country and group.country not in (None, name.country)
    if is_elsewhere and (name.kind == "ORG" or name.source == "policy.tsv"):
        return _hashed(group)  # "Peru's Congress" is not the one of the list, nor Pakistan's Punjab
    kind = "place" if name.kind in _PLACES else name.kind.lower()
    return f"{kind}:{_slug(name.canonical)}"


def _country(name: Name, country: str | None) -> str:
    if name.kind == "NORP":
        return f"nationality:{name.country}"
    if country in (None, name.country):
        return f"country:{name.country}"
    return f"place:{_slug(f'{country} {name.canonical}')}"  # Georgia of the United States


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return _NOT_PLAIN.sub("-", "".join(c for c in plain if not unicodedata.combining(c))).strip("-")


def _hashed(group: Group) -> str:
    kind = "place" if group.kind in _PLACES else group.kind.lower()
    has_country = group.kind in _PLACES or any(map(country_in_words, group.spans))
    where = (group.country or "") if has_country else ""
    plain = unicodedata.normalize("NFC", group.name).casefold()
    if group.kind == "ORG":
        plain = _COMPANY_FORM.sub(lambda match: _FORMS.get(match[1], match[1]), plain)
    key = f"{kind}\0{plain}\0{where}"
    return f"{kind}:{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def aliases(group: Group, text: str) -> tuple[str, ...]:
    """Return the words that name it other than its canonical name, in order of first use."""
    seen = dict.fromkeys(" ".join(text[span.start : span.end].split()) for span in group.spans)
    seen.pop(group.name, None)
    return tuple(seen)
