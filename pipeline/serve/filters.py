"""What an address asks for: words, filings, days, how many; checked before any look-up."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from difflib import get_close_matches
from functools import cache
from urllib.parse import urlencode

from pipeline import tsv
from pipeline.serve.copy.copied_rows import tag
from pipeline.serve.copy.words import MOST_WORDS, asked_words
from pipeline.show.facts import printable
from pipeline.store.codes.codes import names_of_countries

MOST_TEXT = 300
"""Characters of one value in an address."""

MOST_NAME = 1200
"""Characters of a value that names something which a story names: they are what stories hold."""

NAMES = frozenset({"entity", "place", "source", "target"})

MOST_ROWS = 200
"""Rows of one page, and of one file of stories or events."""

PAGE_ROWS = 40

_CODE = re.compile(r"[A-Za-z0-9][\w .&'/:-]*\Z")


class WrongQuestionError(ValueError):
    """The address asks for what there cannot be; the message is for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Narrows stories: all that is given has to hold of each.

    `words` are as `asked_words` reads them, `entity` an entity_id or a name, `act` a root of
    PLOVER, `place` a GeoNames id or the name of a place without one, `first` and `last` days of
    publication. `before` is where the page before ended.
    """

    words: str = ""
    entity: str = ""
    country: str = ""
    region: str = ""
    act: str = ""
    place: str = ""
    language: str = ""
    provider: str = ""
    first: date | None = None
    last: date | None = None
    before: int | None = None
    limit: int = PAGE_ROWS

    def address(self, **changes: object) -> str:
        """Return the filters as the query of an address, with `changes`; without empty ones."""
        found = {name: getattr(self, name) for name in (*_NARROW, "before")}
        if self.limit != PAGE_ROWS:
            found["limit"] = self.limit
        found.update(changes)
        return urlencode(
            [(_NAMES.get(name, name), str(value)) for name, value in found.items() if value]
        )

    def match(self, entities: Sequence[int]) -> str:
        """Return the question to the index of words, '' where days alone narrow.

        `entities` are the copy's numbers of what `self.entity` names: one of them has to be there.
        """
        wanted, unwanted = asked_words(self.words)
        if len(wanted) + len(unwanted) > MOST_WORDS:
            raise WrongQuestionError(f"more than {MOST_WORDS} words are asked for at once")
        filed = [
            tag(kind, value)
            for kind, value in (
                *(("c", self.country), ("g", self.region), ("r", self.act)),
                *(("l", self.language), ("p", self.provider), ("o", self.place)),
            )
            if value
        ]
        if entities:
            filed.append(f"({' OR '.join(f'e{number}' for number in entities)})")
        parts = []
        if wanted:
            parts.append(f"({{headline body}} : ({' AND '.join(wanted)}))")
        if filed:
            parts.append(f"(tags : ({' AND '.join(filed)}))")
        if self.words.strip() and not wanted:
            raise WrongQuestionError("say at least one word that has to be there")
        found = " AND ".join(parts)
        if unwanted:
            return f"({found}) NOT ({{headline body}} : ({' OR '.join(unwanted)}))"
        return found


_NARROW = tuple(one.name for one in fields(Filters) if one.name not in ("before", "limit"))
_NAMES = {"words": "q", "first": "from", "last": "to"}


def check_parameters(pairs: Iterable[tuple[str, str]], known: Collection[str]) -> None:
    """Refuse what a page does not know: raises `WrongQuestionError`.

    A filter that is misspelt, or given twice, would else be answered with what it was to leave out.
    """
    seen: set[str] = set()
    for name, _ in pairs:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            meant = f", but {close[0]}" if close else f": there are {', '.join(sorted(known))}"
            raise WrongQuestionError(f"there is no {printable(name)[:40]} here{meant}")
        if name in seen:
            raise WrongQuestionError(f"{name} is given twice")
        seen.add(name)


def filters_of(given: Mapping[str, str]) -> Filters:
    """Read the query of an address. Raises `WrongQuestionError` for a value that cannot be."""
    for name, value in given.items():
        most = MOST_NAME if name in NAMES else MOST_TEXT
        if len(value) > most:
            raise WrongQuestionError(f"{name} is longer than {most} characters")
    first, last = (_day(name, given.get(name, "")) for name in ("from", "to"))
    if first and last and last < first:
        raise WrongQuestionError("the last day is before the first")
    return Filters(
        words=given.get("q", "").strip(),
        entity=_named(given.get("entity", "")),
        country=_known(
            "country", given.get("country", "").strip().upper(), set(names_of_countries())
        ),
        region=_known("region", given.get("region", "").strip().lower(), set(slugs_of_regions())),
        act=_known("act", given.get("act", "").strip().upper(), set(names_of_roots())),
        place=_named(given.get("place", "")),
        language=_code("language", given.get("language", "")),
        provider=given.get("provider", "").strip(),
        first=first,
        last=last,
        before=_number("before", given.get("before"), 1, 2**63 - 1),
        limit=_number("limit", given.get("limit"), 1, MOST_ROWS) or PAGE_ROWS,
    )


@cache
def slugs_of_regions() -> tuple[str, ...]:
    """Return the slugs of all regions."""
    found = dict.fromkeys(row[0] for row in tsv.rows("pipeline.enrich", "data/regions.tsv"))
    return (*found, "unknown")


@cache
def names_of_roots() -> Mapping[str, str]:
    """Return what each root of PLOVER is called."""
    rows = tsv.rows("pipeline.store.codes", "data/roots.tsv")
    return {root: label for root, label, _ in rows}


def _day(name: str, text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise WrongQuestionError(f"{name} is no day as 2026-03-04") from None


def _named(value: str) -> str:
    """Return what a story names, with its own blanks; nothing for blanks alone."""
    return value if value.strip() else ""


def _known(name: str, value: str, known: set[str]) -> str:
    if value and value not in known:
        close = ", ".join(get_close_matches(value, sorted(known), n=3))
        meant = f": did you mean {close}?" if close else ""
        raise WrongQuestionError(f"there is no such {name}{meant}")
    return value


def _code(name: str, text: str) -> str:
    value = text.strip().lower()
    if value and not _CODE.match(value):
        raise WrongQuestionError(f"{name} is no code")
    return value


def _number(name: str, text: str | None, least: int, most: int) -> int | None:
    if text is None or not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdigit()) or not least <= int(text) <= most:
        raise WrongQuestionError(f"{name} is no number from {least} to {most}")
    return int(text)
