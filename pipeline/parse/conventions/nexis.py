# ruff: noqa: RUF001 - the typographic apostrophe is what a pattern is about
"""Articles as Nexis (LexisNexis, Nexis Uni) prints them: labels around a text.

A file holds many: they are counted (`1 of 2 DOCUMENTS`), or each ends with `End of Document`. What
stands around an article is taken off its text: the list of a delivery's documents, labels (BYLINE,
SECTION, LOAD-DATE …, in the languages of `nexis_labels.tsv`), copyright.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from pipeline import tsv
from pipeline.parse.conventions.dateline import split_places
from pipeline.parse.conventions.press_database import (
    COPYRIGHT,
    EDITION,
    LABEL_WORDS,
    body_of,
    composed,
    language_named,
    section_codes,
    signers_of,
    stated_moment,
)
from pipeline.parse.conventions.providers import named
from pipeline.parse.draft import Draft, FaultError, replace
from pipeline.parse.text import dates
from pipeline.parse.text.clean import line
from pipeline.parse.text.dates import Moment

NEXIS_COUNT = re.compile(
    r"^[ \t]*(?:\d{1,5} (?:of|von|de|di|van) \d{1,5} (?:DOCUMENT|DOKUMENT)[A-Z]*"
    r"|(?P<plain>(?:Document|Dokument|Documento) \d{1,5} (?:of|von|de|sur|di|van) \d{1,5}))[ \t]*$",
    re.M,
)
NEXIS_END = re.compile(
    r"^[ \t]*(?:End of Document|Ende des Dokuments?|Fin du document|Fin del? documento"
    r"|Fine (?:del )?documento|Einde van (?:het )?document|Fim do documento)[ \t]*$",
    re.M,
)
_EVERYDAY = frozenset(
    ("NOTES", "SOURCE", "TYPE", "PERSON", "COMPANY", "SUBJECT", "LOAD-DATE", "CORRECTION", "URL")
)
"""Labels that a paragraph of an article may begin with: they count below the text alone."""
_COVER = re.compile(
    r"^(?:User Name|Date and Time|Job Number|Client/Matter|Search Terms|Search Type|Narrowed by"
    r"|Content Type|News Timeline|Benutzername|Datum und Uhrzeit|Auftragsnummer|Suchbegriffe"
    r"|Nom d['’]utilisateur|Date et heure|Numéro de tâche)\b ?:?|^Documents \(\d{1,5}\)$"
)
_MAX_COVER_LINES = 20_000
# `PORT ELWIN, Norland, Oct. 4`
_DAY_BEHIND = re.compile(r",? (?P<month>[^\W\d_]{3,9})\.? (?P<day>\d{1,2})$")
_MAX_HEAD_LINES = 40
_FEW_HEAD_LINES = 12
_LABELS_NEEDED = 2


def is_nexis(text: str) -> bool:
    """Say whether a text is an export of Nexis.

    It counts its documents, or ends and labels them.
    """
    begun = text.lstrip()
    if counted := NEXIS_COUNT.match(begun):
        return not counted["plain"] or _is_labelled(begun)
    found = NEXIS_END.search(text)
    return found is not None and _is_labelled(text[: found.start()])


def _is_labelled(text: str) -> bool:
    lines = (entry.strip() for entry in text.split("\n"))
    found = {match["name"].upper() for entry in lines if (match := _label().match(entry))}
    return len({_labels()[name][0] for name in found}) >= _LABELS_NEEDED


@cache
def _labels() -> dict[str, tuple[str, str]]:
    """Return the English label, and where it stands, for every label in capitals."""
    return {
        word.upper(): (name, where)
        for name, where, words in tsv.rows("pipeline.parse.conventions", "nexis_labels.tsv")
        for word in words.split("||")
    }


@cache
def _label() -> re.Pattern[str]:
    """Return the pattern of a line that begins with a label.

    English labels, and those that head the text or the index, may lack the colon where nothing
    follows.
    """
    rows = list(tsv.rows("pipeline.parse.conventions", "nexis_labels.tsv"))
    plain = [word for name, where, words in rows for word in words.split("||")
             if where == "text" or name == "CLASSIFICATION" or word == name.lower()]  # fmt: skip
    others = [word for *_, words in rows for word in words.split("||") if word not in plain]

    def either(words: list[str]) -> str:
        written = (form for w in words for form in (w.upper(), w.capitalize(), w.title()))
        return "|".join(sorted(map(re.escape, set(written)), key=lambda w: (-len(w), w)))

    shape = rf"^(?P<name>(?:{either(plain)})(?=:|$)|(?:{either(others)})(?= ?:)) ?:?(?P<rest>.*)$"
    return re.compile(shape)


def split_nexis(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each document of an export begins and ends.

    What stands behind the last end is a document that is cut off, where it is more than labels.
    """
    counted = [match.start() for match in NEXIS_COUNT.finditer(text)]
    ends = [match.end() for match in NEXIS_END.finditer(text)]
    bounds = [*counted, len(text)] if counted else [0, *ends, len(text)]
    for begin, end in pairwise(bounds):
        is_rest = not counted and end == len(text) and begin == bounds[-2]
        if text[begin:end].strip() and not (is_rest and _is_furniture(text[begin:end])):
            yield begin, end


def _is_furniture(text: str) -> bool:
    return all(len(entry.split()) <= LABEL_WORDS for entry in text.split("\n"))


@dataclass(slots=True)
class _Labelled:
    """Holds what the labels say, their lines, and where the text begins and ends between them."""

    begin: int
    end: int
    values: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


def read_nexis(text: str) -> Draft:
    """Return one document of Nexis.

    Publication, date, edition and headline above the labels, then text. Raises `FaultError` where
    there is neither headline nor text, or where nothing ends the document.
    """
    lines = [entry.strip() for entry in text.split("\n")]
    counted = bool(lines and NEXIS_COUNT.match(lines[0]))
    if not counted and not NEXIS_END.match(lines[-1]):
        raise FaultError("malformed", "the document is cut off: nothing ends it")
    cover = 1 if counted else _cover_end(lines)
    aside, lines = lines[:cover], lines[cover:]
    lines = ["" if NEXIS_END.match(entry) else entry for entry in lines]
    labelled = _read_labels(lines)
    above = lines[: _first_label(lines)]
    aside += [entry for entry in above if len(entry.split()) <= LABEL_WORDS]
    head = _parted(above, by_line=not counted)
    headline, publication, published = _read_head(head)
    said = labelled.values
    published = published or stated_moment(said.get("LOAD-DATE") or "")
    headline = said.get("HEADLINE") or headline
    body = [e for e in body_of(lines[labelled.begin : labelled.end]) if not COPYRIGHT.match(e)]
    if not headline and not body:
        raise FaultError("no_text", "the document has neither headline nor text")
    notes = filter(None, map(said.get, ("CORRECTION", "NOTES")))
    draft = Draft(
        headline=line(headline),
        paragraphs=(),
        provider=named(re.sub(r"\s*\(.*\)$", "", publication)) or None,
        bylines=signers_of(said.get("BYLINE")),
        language=language_named(said.get("LANGUAGE")),
        codes=section_codes(said.get("SECTION")),
        captions=tuple(filter(None, (said.get("GRAPHIC"),))),
        summary=said.get("HIGHLIGHT") or None,
        editor_note="\n".join(notes) or None,
        rights=_rights(lines),
        warnings=() if published else ("no date above the document",),
        format="nexis",
    )
    draft = _with_dateline(draft, said.get("DATELINE"), published)
    return composed(draft, body, published, text, [*aside, *labelled.lines])


def _cover_end(lines: list[str]) -> int:
    """Return where the first document begins below the list of those that were delivered."""
    if not any(_COVER.match(entry) for entry in lines[:4]):
        return 0
    at = max(n for n, entry in enumerate(lines[:_MAX_COVER_LINES]) if _COVER.match(entry))
    while at < len(lines) and lines[at]:
        at += 1
    return at


def _read_head(head: list[str]) -> tuple[str, str, Moment | None]:
    """Return headline, publication and moment, in the order of either kind of export."""
    stated = ((stated_moment(entry), number) for number, entry in enumerate(head[:_FEW_HEAD_LINES]))
    published, at = next((found for found in stated if found[0]), (None, len(head)))
    above = [entry for entry in head[:at] if not COPYRIGHT.match(entry)]
    if len(above) > 1:  # Nexis Uni: the headline comes before publication and date
        return " ".join(above[:-1]), above[-1], published
    below = [entry for entry in head[at + 1 :] if not EDITION.match(entry)] or head[at + 1 :]
    below = [entry for entry in below if not COPYRIGHT.match(entry)]
    below = [entry for entry in below if entry != "Correction Appended"]
    return (below[0] if below else ""), (above[0] if above else ""), published


def _with_dateline(draft: Draft, text: str | None, published: Moment | None) -> Draft:
    """Return the draft with the dateline that a label gives, its day in the year of the story."""
    if not text:
        return draft
    behind = _DAY_BEHIND.search(text)
    month = dates.month(behind["month"]) if behind else None
    places = text[: behind.start()] if behind and month else re.split(r"[(\d]", text)[0]
    day = (
        dates.nearest_year(month, int(behind["day"]), published.at.date())
        if behind and month and published
        else None
    )
    return replace(draft, dateline=text, dateline_places=split_places(places), dateline_date=day)


def _read_labels(lines: list[str]) -> _Labelled:
    """Read the labels above and below a text; a paragraph that begins like one is of the text."""
    found = _Labelled(0, len(lines))
    number = 0
    while number < len(lines):
        match = _label().match(lines[number])
        name, where = _labels()[match["name"].upper()] if match else ("", "")
        inner = bool(found.begin) and number > found.begin + _MAX_HEAD_LINES
        is_below = where in {"below", "index"}
        stop = number + 1
        if match and where != "text":
            while stop < len(lines) and lines[stop] and not _label().match(lines[stop]):
                stop += 1
        if not match or (not is_below and inner) or (is_below and not _counts(match, lines, stop)):
            number += 1
            continue
        if is_below and found.begin:
            found.end = min(found.end, number)
        if is_below and not match["rest"].strip() and name in {"GRAPHIC", "CORRECTION"}:
            stop = _block_end(lines, stop)
        value = line(" ".join((match["rest"], *lines[number + 1 : stop])))
        found.values.setdefault(name, value if where != "text" else "")
        if len(value.split()) <= LABEL_WORDS:
            found.lines += lines[number:stop]
        if not is_below:
            found.begin = stop
        number = stop
    found.end = max(found.begin, found.end)
    return found


def _counts(match: re.Match[str], lines: list[str], stop: int) -> bool:
    """Say whether a label below a text is one: everyday words are, where labels alone follow."""
    word = match["name"]
    if word.isupper() or not match["rest"].strip() or _labels()[word.upper()][0] not in _EVERYDAY:
        return True
    below = next((entry for entry in lines[stop:] if entry), "")
    return not below or bool(_label().match(below) or COPYRIGHT.match(below))


def _block_end(lines: list[str], at: int) -> int:
    """Return the end of the next block of lines: the value of a label that stands alone."""
    while at < len(lines) and not lines[at]:
        at += 1
    while at < len(lines) and lines[at] and not _label().match(lines[at]):
        at += 1
    return at


def _first_label(lines: list[str]) -> int:
    found = (n for n, entry in enumerate(lines) if _label().match(entry))
    return next(found, min(len(lines), _FEW_HEAD_LINES))


def _parted(lines: list[str], *, by_line: bool) -> list[str]:
    """Return the paragraphs above the labels; a date or an edition stands alone, whatever is
    around it, and so does the publication above the date where lines are not centred."""
    parted: list[str] = []
    for entry in lines:
        alone = by_line or stated_moment(entry) or EDITION.match(entry) or COPYRIGHT.match(entry)
        parted += ["", entry, ""] if alone else [entry]
    text = "\n".join(parted)
    return [line(part) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _rights(lines: list[str]) -> str | None:
    found = next((entry for entry in lines if entry.lower().startswith("copyright ")), None)
    return line(found) if found else None
