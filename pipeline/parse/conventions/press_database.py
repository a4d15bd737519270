"""Articles as press databases print them: Nexis (LexisNexis) and Factiva, in plain text.

A file holds many: Nexis counts them (`1 of 2 DOCUMENTS`) or ends each with `End of Document`,
Factiva ends each with a line `Document REUT000020150101ab1200001`. What stands around an article is
taken off its text: labels (BYLINE, SECTION, LOAD-DATE …), counts of words, copyright.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from pipeline.model import Code
from pipeline.parse import fields
from pipeline.parse.conventions.dateline import split_places
from pipeline.parse.conventions.providers import named
from pipeline.parse.conventions.wiretext import with_moment
from pipeline.parse.draft import Draft, FaultError, replace
from pipeline.parse.markup.flow import Flow
from pipeline.parse.text import dates
from pipeline.parse.text.clean import line
from pipeline.parse.text.dates import Moment
from pipeline.parse.text.paragraphs import split_paragraphs, tidy_paragraphs

NEXIS_COUNT = re.compile(
    r"^[ \t]*(\d{1,5}) (?:of|von|de|di) (\d{1,5}) (?:DOCUMENT|DOKUMENT)[A-Z]*[ \t]*$", re.M
)
NEXIS_END = re.compile(
    r"^[ \t]*(?:End of Document|Ende des Dokuments?|Fin du document)[ \t]*$", re.M
)
FACTIVA_END = re.compile(
    r"^(?:AN[ \t]+)?(?:Document|Dokument|Documento) ([A-Z][A-Z0-9]{3,7}\d{8}[a-z0-9]{6,16})[ \t]*$",
    re.M,
)
_CODED = re.compile(
    r"^(HD|HL|BY|CR|WC|PD|ET|SN|SC|NGC|GC|ED|PG|LA|CY|LP|TD|RF|ART|CO|IN|NS|RE|IPD|IPC|PUB|AN|SE|VOL"
    r"|CX|DE|CT)(?:[ \t]+(.*)|())$",
    re.M,
)
_INDEXING = frozenset(
    ("CO", "IN", "NS", "RE", "IPD", "IPC", "PUB", "ART", "RF", "CT", "ED", "PG", "SC", "DE")
)
_HEAD_CHARS = 4000
_ENGLISH = {
    **dict.fromkeys(("AUTEUR", "AUTOR", "AUTORE", "AUTEURS"), "BYLINE"),
    **dict.fromkeys(("RUBRIQUE", "RUBRIK", "SECCIÓN", "SEZIONE", "RUBRIEK", "SECTIE"), "SECTION"),
    **dict.fromkeys(("LONGUEUR", "LÄNGE", "LONGITUD", "LUNGHEZZA", "LENGTE"), "LENGTH"),
    **dict.fromkeys(("DATE-CHARGEMENT", "DATUM-ZUGANG", "FECHA-CARGA", "LAAD-DATUM"), "LOAD-DATE"),
    **dict.fromkeys(("LANGUE", "SPRACHE", "IDIOMA", "LINGUA", "TAAL"), "LANGUAGE"),
    **dict.fromkeys(("TYPE-PUBLICATION", "TYPE-PUBLICATIE", "PUBLIKATIONSTYP"), "PUBLICATION-TYPE"),
    **dict.fromkeys(("ENCART", "EINLEITUNG", "DESTACADO"), "HIGHLIGHT"),
    **dict.fromkeys(("ILLUSTRATION", "GRAFIK", "GRÁFICO", "GRAFIEK"), "GRAPHIC"),
    **dict.fromkeys(("UPDATE", "RUBRIQUE-DATE"), "LOAD-DATE"),
    **dict.fromkeys(("SUJET", "THEMEN", "ASUNTO", "ONDERWERP"), "SUBJECT"),
}
"""The labels of Nexis in German, French, Spanish, Italian and Dutch, as in English."""
_LABEL = re.compile(
    r"^(?P<name>"
    + "|".join(f"{name}(?=:)" for name in _ENGLISH)
    + r"|BYLINE|SECTION|LENGTH|DATELINE|HIGHLIGHT|HEADLINE|GRAPHIC|LOAD-DATE|LANGUAGE|"
    r"PUBLICATION-TYPE|URL|CORRECTION|CORRECTION-DATE|SERIES|NOTES?|SUBJECT|TYPE|JOURNAL-CODE|"
    r"DOCUMENT-TYPE|COPYRIGHT|AUTHOR|BODY|SOURCE|ORGANIZATION|GEOGRAPHIC|PERSON|INDUSTRY|COMPANY|"
    r"Byline|Section|Length|Dateline|Highlight|Graphic|Load-Date|Language|Classification|Subject|"
    r"Publication-Type|Industry|Geographic|Person|Company|Organization|Body|Notes?|Correction)"
    r":?(?P<rest>(?<=:).*)?$"
)
_BELOW = frozenset(
    ("LOAD-DATE", "LANGUAGE", "PUBLICATION-TYPE", "URL", "SUBJECT", "TYPE", "JOURNAL-CODE")
) | {"GRAPHIC", "DOCUMENT-TYPE", "COPYRIGHT", "ORGANIZATION", "GEOGRAPHIC", "PERSON", "INDUSTRY",
     "COMPANY", "CLASSIFICATION", "NOTES", "NOTE", "CORRECTION", "CORRECTION-DATE",
     "SOURCE"}  # fmt: skip
_ABOVE = frozenset(
    ("BYLINE", "SECTION", "LENGTH", "DATELINE", "HIGHLIGHT", "HEADLINE", "SERIES", "AUTHOR", "BODY")
)
_COPYRIGHT = re.compile(r"^(?:Copyright|\(c\)|©|All Rights Reserved|\(Copyright\))", re.I)
_MONTH_FIRST = re.compile(
    r"^(?:[^\W\d_]+,? )?([^\W\d_]{3,10})\.? (\d{1,2}),? (\d{4})(?:,? [^\W\d_]+day)?"
    r"(?:,? (\d{1,2}):(\d\d) ?([AP]M))?(?: ([A-Z]{2,5}))?$",
    re.I,
)
_DAY_FIRST = re.compile(
    r"^(?:[^\W\d_]+,? )?(\d{1,2})\.? (?:de )?([^\W\d_]{3,10})\.? (?:de )?(\d{4})(?:,? [^\W\d_]+)?"
    r"(?:,? (\d{1,2}):(\d\d) ?([AP]M|Uhr)?)?(?: ([A-Z]{2,5}))?$",
    re.I,
)
_ZONES = {"GMT": 0, "UTC": 0, "EST": -300, "EDT": -240, "ET": None, "BST": 60, "CET": 60}
_WORDS = re.compile(r"^[\d.,]{1,8} (?:words|Wörter|mots|palabras|parole)$")
_CLOCK = re.compile(r"^(\d{1,2}):(\d\d)(?: ?([AP]M))?(?: GMT)?$", re.I)
_LANGUAGES = {"ENGLISH": "en", "GERMAN": "de", "DEUTSCH": "de", "FRENCH": "fr", "FRANÇAIS": "fr",
              "SPANISH": "es", "ESPAÑOL": "es", "ITALIAN": "it", "DUTCH": "nl", "PORTUGUESE": "pt",
              "FRANCAIS": "fr", "ITALIANO": "it", "NEDERLANDS": "nl", "DANISH": "da",
              "SWEDISH": "sv", "NORWEGIAN": "no", "POLISH": "pl", "ENGLISCH": "en"}  # fmt: skip
_EDITION = re.compile(r"\b(?:Edition|Ausgabe|édition)(?: \d)?$", re.I)
_MAX_HEAD_LINES = 40
_LABEL_WORDS = 12


def is_nexis(text: str) -> bool:
    """Say whether a text is an export of Nexis.

    It counts its documents, or ends and labels them.
    """
    if NEXIS_COUNT.match(text.lstrip()):
        return True
    found = NEXIS_END.search(text)
    return found is not None and len(_labels(text[: found.start()])) > 1


def is_factiva(text: str) -> bool:
    """Say whether a text is an export of Factiva.

    A line counts words, or codes of two letters stand before the fields, and the number ends it.
    """
    if not FACTIVA_END.search(text):
        return False
    return any(map(_WORDS.match, text.split("\n", 60)[:60])) or _is_coded(text)


def _is_coded(text: str) -> bool:
    """Say whether the fields of a document of Factiva have its codes before them."""
    found = {match[1] for match in _CODED.finditer(text[:_HEAD_CHARS])}
    return "HD" in found and not found.isdisjoint({"WC", "PD", "LP", "TD"})


def _coded(lines: list[str]) -> dict[str, list[str]]:
    """Return the lines of each field that a code begins."""
    coded: dict[str, list[str]] = {}
    here: list[str] = []
    for entry in lines:
        code = _CODED.match(entry)
        here = coded.setdefault(code[1], []) if code else here
        here.append((code[2] or "").strip() if code else entry)
    return coded


def _is_aside(code: str, words: str) -> bool:
    """Say whether a field is an index of the database, or no more than a label."""
    return code in _INDEXING or (code not in {"LP", "TD"} and len(words.split()) <= _LABEL_WORDS)


def _read_coded(text: str) -> Draft:
    """Return the document of Factiva whose fields have codes (HD, BY, WC, PD, SN, LP, TD, AN)."""
    coded = _coded([entry.strip() for entry in text.split("\n")])
    said = {code: line(" ".join(values)) for code, values in coded.items()}
    published = _moment(said.get("PD", ""))
    clock = _CLOCK.match(said.get("ET", ""))
    if published and clock:
        hour = _hour(int(clock[1]), clock[3])
        published = dates.moment(f"{published.at:%Y-%m-%d}T{hour:02}:{clock[2]}") or published
    number = FACTIVA_END.match(said.get("AN", ""))
    body = [*_body(coded.get("LP", [])), *_body(coded.get("TD", []))]
    if not said.get("HD") and not body:
        raise FaultError("no_text", "the document has neither headline nor text")
    return _draft(
        Draft(
            headline=said.get("HD", ""),
            paragraphs=(),
            provider=named(said.get("SN")),
            provider_id=number[1] if number else None,
            bylines=fields.bylines(said.get("BY")),
            language=_LANGUAGES.get(said.get("LA", "").upper()),
            codes=_section(said.get("SE")),
            rights=said.get("CY"),
            warnings=() if published else ("no date above the document",),
            format="factiva",
        ),
        body,
        published,
        text,
        [" ".join(coded), *(words for code, words in said.items() if _is_aside(code, words))],
    )


def _labels(text: str) -> set[str]:
    lines = (entry.strip() for entry in text.split("\n"))
    return {_label_name(match) for entry in lines if (match := _LABEL.match(entry))}


def split_nexis(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each document of a Nexis export begins and ends."""
    counted = [match.start() for match in NEXIS_COUNT.finditer(text)]
    ends = [match.end() for match in NEXIS_END.finditer(text)]
    bounds = [*counted, len(text)] if counted else [0, *ends]
    for begin, end in pairwise(bounds):
        if text[begin:end].strip():
            yield begin, end


def split_factiva(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each document of a Factiva export begins and ends."""
    begin = 0
    for match in FACTIVA_END.finditer(text):
        yield begin, match.end()
        begin = match.end()


def read_nexis(text: str) -> Draft:
    """Return one document of Nexis.

    Publication, date, edition and headline above the labels, then text. Raises `FaultError` where
    there is neither headline nor text.
    """
    lines = [entry.strip() for entry in text.split("\n")]
    if lines and NEXIS_COUNT.match(lines[0].strip()):
        lines = lines[1:]
    lines = ["" if NEXIS_END.match(entry) else entry for entry in lines]
    labelled, begin, end = _nexis_labels(lines)
    head = _head(lines[: _first_label(lines)])
    published, at = _first_moment(head)
    load_date = labelled.get("LOAD-DATE") or ""
    if published is None:
        published = _moment(load_date)
    above, below = (head[:at], head[at + 1 :]) if at is not None else (head, [])
    above = [entry for entry in above if not _COPYRIGHT.match(entry)]
    if len(above) > 1:  # Nexis Uni: the headline comes before publication and date
        headline, publication = " ".join(above[:-1]), above[-1]
    else:
        publication = above[0] if above else ""
        below = [entry for entry in below if not _EDITION.search(entry)] or below
        below = [entry for entry in below if not _COPYRIGHT.match(entry)]
        headline = below[0] if below else ""
    headline = labelled.get("HEADLINE", "") or headline
    body = [e for e in _body(lines[begin:end]) if not _COPYRIGHT.match(e)]
    if not headline and not body:
        raise FaultError("no_text", "the document has neither headline nor text")
    return _draft(
        Draft(
            headline=line(headline),
            paragraphs=(),
            provider=named(re.sub(r"\s*\(.*\)$", "", publication)) or None,
            bylines=_names(labelled.get("BYLINE") or labelled.get("AUTHOR") or ""),
            dateline=labelled.get("DATELINE") or None,
            dateline_places=split_places(re.split(r"[(\d]", labelled.get("DATELINE") or "")[0]),
            language=_LANGUAGES.get((labelled.get("LANGUAGE") or "").split(";")[0].strip().upper()),
            codes=_section(labelled.get("SECTION")),
            captions=tuple(filter(None, (labelled.get("GRAPHIC"),))),
            summary=labelled.get("HIGHLIGHT") or None,
            editor_note=next(
                filter(None, map(labelled.get, ("CORRECTION", "NOTES", "NOTE"))), None
            ),
            rights=_rights(lines),
            warnings=() if published else ("no date above the document",),
            format="nexis",
        ),
        body,
        published,
        text,
    )


def _label_name(match: re.Match[str]) -> str:
    name = match["name"].upper()
    return _ENGLISH.get(name, name)


def _nexis_labels(lines: list[str]) -> tuple[dict[str, str], int, int]:
    """Say what the labels say, and where the text begins and ends between them."""
    labelled: dict[str, str] = {}
    begin, end, number = 0, len(lines), 0
    while number < len(lines):
        match = _LABEL.match(lines[number])
        name = _label_name(match) if match else ""
        if not match or (name in _ABOVE and begin and number > begin + _MAX_HEAD_LINES):
            number += 1
            continue
        stop = number + 1
        value = (match["rest"] or "").strip()
        if name in _BELOW and begin:
            end = min(end, number)
        if name != "BODY":
            while stop < len(lines) and lines[stop] and not _LABEL.match(lines[stop]):
                value = f"{value} {lines[stop]}".strip()
                stop += 1
        labelled.setdefault(name, line(value))
        if name in _ABOVE:
            begin = stop
        number = stop
    return labelled, begin, max(begin, end)


def _first_label(lines: list[str]) -> int:
    return next((n for n, entry in enumerate(lines) if _LABEL.match(entry)), min(len(lines), 12))


def read_factiva(text: str) -> Draft:
    """Return one document of Factiva.

    Headline, byline, count of words, date, source, code, language. Raises `FaultError` where no
    line counts the words.
    """
    if _is_coded(text):
        return _read_coded(text)
    lines = [entry.strip() for entry in text.split("\n")]
    end = next((n for n, entry in enumerate(lines) if FACTIVA_END.match(entry)), len(lines))
    number = FACTIVA_END.match(lines[end]) if end < len(lines) else None
    count = next((n for n, entry in enumerate(lines[:end]) if _WORDS.match(entry)), None)
    if count is None:
        raise FaultError("unknown_format", "a document of Factiva that does not count its words")
    head = _paragraphs(lines[:count])
    rest = [n for n in range(count + 1, end) if lines[n]]
    published, used = _factiva_moment([lines[n] for n in rest[:2]])
    meta = rest[used : used + 6]
    copyright_at = next((n for n in meta if _COPYRIGHT.match(lines[n])), None)
    code_at = next((n for n in meta if re.fullmatch(r"[A-Z0-9]{2,8}", lines[n])), None)
    last = max(filter(None, (copyright_at, code_at)), default=meta[0] if meta else count)
    language = next(
        (_LANGUAGES[lines[n].upper()] for n in meta if lines[n].upper() in _LANGUAGES), None
    )
    if copyright_at is None and language:
        last = max(last, next(n for n in meta if lines[n].upper() in _LANGUAGES))
    signed = [entry for entry in head[1:] if re.match(r"(?:By|Von|Par|Por) ", entry)]
    return _draft(
        Draft(
            headline=head[0] if head else "",
            paragraphs=(),
            provider=named(lines[meta[0]]) if meta else None,
            provider_id=number[1] if number else None,
            bylines=fields.bylines(signed[0] if signed else (head[1] if len(head) > 1 else None)),
            language=language,
            rights=lines[copyright_at] if copyright_at is not None else None,
            warnings=() if published else ("no date above the document",),
            format="factiva",
        ),
        _body(lines[last + 1 : end]),
        published,
        text,
        [entry for entry in lines[count : last + 1] if len(entry.split()) <= _LABEL_WORDS],
    )


def _factiva_moment(lines: list[str]) -> tuple[Moment | None, int]:
    """Return the moment that a date and perhaps a clock below it give, and how many lines they
    take."""
    day = _moment(lines[0]) if lines else None
    clock = _CLOCK.match(lines[1]) if day and len(lines) > 1 else None
    if day is None or clock is None:
        return day, int(day is not None)
    hour = _hour(int(clock[1]), clock[3])
    return dates.moment(f"{day.at:%Y-%m-%d}T{hour:02}:{clock[2]}") or day, 2


def _draft(
    draft: Draft,
    body: list[str],
    published: Moment | None,
    text: str,
    aside: Sequence[str] = (),
) -> Draft:
    """Return the draft with its body; `text` is the whole document, `aside` its labels."""
    read = fields.with_body(with_moment(draft, published), Flow(tidy_paragraphs(body)))
    return replace(read, delivered=text, set_aside=(*read.set_aside, *aside))


def _body(lines: list[str]) -> list[str]:
    return split_paragraphs("\n".join(lines).strip("\n"))


def _paragraphs(lines: list[str]) -> list[str]:
    text = "\n".join(lines)
    return [line(part) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _head(lines: list[str]) -> list[str]:
    """Return the paragraphs above the labels; a date or an edition stands alone, whatever is
    around it."""
    parted: list[str] = []
    for entry in lines:
        alone = bool(_moment(entry) or _EDITION.search(entry) or _COPYRIGHT.match(entry))
        parted += ["", entry, ""] if alone else [entry]
    return _paragraphs(parted)


def _first_moment(head: list[str]) -> tuple[Moment | None, int | None]:
    for number, entry in enumerate(head[:8]):
        if found := _moment(entry):
            return found, number
    return None, None


def _moment(text: str) -> Moment | None:
    text = text.strip()
    if match := _MONTH_FIRST.match(text):
        month, day, year = dates.month(match[1]), int(match[2]), int(match[3])
        return _at(dates.day(year, month, day), match)
    if match := _DAY_FIRST.match(text):
        return _at(dates.day(int(match[3]), dates.month(match[2]), int(match[1])), match)
    return None


def _at(day: object, match: re.Match[str]) -> Moment | None:
    from datetime import date

    if not isinstance(day, date):
        return None
    zone = (match[7] or "").upper()
    if not match[4] or (zone and _ZONES.get(zone) is None):
        return dates.midnight(day)
    offset = _ZONES.get(zone) or 0
    sign, minutes = ("-" if offset < 0 else "+"), abs(offset)
    clock = f"{_hour(int(match[4]), match[6]):02}:{match[5]}"
    return dates.moment(f"{day}T{clock}{sign}{minutes // 60:02}:{minutes % 60:02}")


def _hour(hour: int, half: str | None) -> int:
    if not half or half.upper() == "UHR":
        return hour
    return hour % 12 + (12 if half.upper() == "PM" else 0)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(";") for name in fields.bylines(part.strip()))


def _section(text: str | None) -> tuple[Code, ...]:
    return (Code("section", line(text), "topic"),) if text else ()


def _rights(lines: list[str]) -> str | None:
    found = next((entry for entry in lines if entry.lower().startswith("copyright ")), None)
    return line(found) if found else None
