# ruff: noqa: RUF001 - the typographic quotes and dashes are what the patterns are about
"""Notes to editors: those that take a story back, what they quote, and what changed in a revision.

A kill often comes as a message of its own ("Editors: please kill the story headlined …"), in the
agency's language. It joins the family of the headline or slug that it quotes, on the day that it
gives. Only the beginning of a text is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from pipeline.parse.text import dates
from pipeline.parse.text.dates import nearest_year

_TEXTS = 5
_TEXT_CHARS = 700
_MAX_PARAGRAPHS = 8
_STORY = r"(?:story|item|article|dispatch|report|headline|copy|alert|noticia|información|"
_STORY += r"informacion|despacho|dépêche|depeche|meldung|bericht|text|beitrag|notizia|lancio)"
_NOTE_HEAD = re.compile(
    r"^\W*(?:editors?|eds|attention|advisory|clients?|subscribers?|note|notice|kill|mandatory kill"
    r"|bulletin kill|\w{2,8} kill|withdrawal|achtung|hinweis|redaktionen|redaktioneller hinweis"
    r"|atención|atencion|aviso|nota|avis|avertissement|avviso|nota ai redattori)\b",
    re.I,
)
_KILL = re.compile(
    r"\b(?:(?:please|must|to|should) (?:kill|withdraw|disregard)\b"
    r"|do not use (?:the|this|our|it|any)\b|(?:mandatory|bulletin) kill\b"
    r"|kill is mandatory\b|are asked to kill\b"
    rf"|(?:kill|withdraw|disregard) (?:the|this|our|afp|ap|reuters) (?:\w+ )?{_STORY}\b"
    rf"|{_STORY}\b[^.]{{0,200}}\b(?:is|are|has been|have been|was|were|being)"
    r" (?:hereby |now )?(?:withdrawn|killed|retracted|removed)\b"
    r"|(?:withdraws?|has withdrawn|have withdrawn|(?:is|are) withdrawing|kills?|retracts?)"
    rf" (?:its|the|our|this|a) (?:\w+ ){{0,2}}{_STORY}\b"
    rf"|{_STORY} withdrawn\b"
    # Spanish, French, German, Italian
    r"|(?:rogamos|rogámosles|pedimos|por favor)\b[^.]{0,60}\b(?:anul|no (?:utili|public|us)|elimin)"
    rf"|(?:anul\w+|queda anulada|retira\w*) (?:la|el|nuestra) {_STORY}\b"
    rf"|(?:anulación de la|anulada la) {_STORY}\b"
    r"|(?:prière|priere|merci|veuillez|prions)\b[^.]{0,60}"
    r"\b(?:d['’]annuler|annuler|ne pas (?:utiliser|tenir compte|publier)|supprimer)\b"
    rf"|(?:annule|retire) (?:la|le|sa|notre) {_STORY}\b"
    rf"|\b{_STORY}\b[^.]{{0,200}}\b(?:wird|ist|wurde) (?:hiermit )?(?:zurückgezogen|gestrichen)\b"
    r"|verwenden sie\b[^.]{0,200}\bnicht\b|nicht (?:zu )?verwenden\b"
    rf"|(?:si prega|preghiamo|pregasi)\b[^.]{{0,60}}\b(?:annullare|non (?:utilizzare|pubblicare))"
    rf"|annullare (?:la|il) {_STORY}\b)",
    re.I,
)
_PLAIN_KILL = re.compile(rf"^\W*(?:{_STORY} (?:withdrawn|killed|removed|retracted))\W*$", re.I)
_OF_COPY = re.compile(rf"\b(?:{_STORY}|editors?|clients?|substitut\w+|slugg?ed|headlined)\b", re.I)
_CALLED = (
    r"(?:headlined|titled|entitled|headed|under the headline|titulad[ao]|con el título|bajo el "
    r"título|intitulée?|sous le titre|mit dem Titel|mit der Überschrift|unter der Überschrift|"
    r"dal titolo|intitolat[ao])"
)
_QUOTE = (
    r"(?:\"(?P<a>[^\"\n]{4,200})\"|“(?P<b>[^”\n]{4,200})”|« ?(?P<c>[^»\n]{4,200}?) ?»"
    r"|„(?P<d>[^“”\n]{4,200})[“”]|‘(?P<e>[^\n]{4,200}?)’(?!\w)|'(?P<f>[^\n]{4,200}?)'(?!\w))"
)
_HEADLINED = re.compile(rf"\b{_CALLED}[,:]?\s+{_QUOTE}", re.I)
_SLUGGED = re.compile(
    rf"\b(?:slugg?ed|slug|keyed)[,:]?\s+(?:{_QUOTE}|(?P<g>[A-Za-z]\S{{2,80}}?)(?=[\s,;:]|\.(?:\s|$)|$))",
    re.I,
)
_NAMED = re.compile(rf"\b{_STORY}[,:]?\s+{_QUOTE}", re.I)
_KEYED = re.compile(r"\bkill (?:the |our )?(?P<g>[A-Z]{2}-\S{2,80}?)(?=[\s,;:]|\.(?:\s|$)|$)", re.I)
_MONTHS = "|".join(re.escape(name) for name in dates.month_names())
_DAY = re.compile(
    rf"\b(?P<m>{_MONTHS})\.? (?P<d>\d{{1,2}})(?:,? (?P<y>\d{{4}}))?\b"
    rf"|\b(?P<d2>\d{{1,2}})(?:\.|er)?(?: de)? (?P<m2>{_MONTHS})\b\.?(?:(?: de)? (?P<y2>\d{{4}}))?",
    re.I,
)
_WEEKDAY = re.compile(
    r"\b(?:moved|sent|issued|filed|transmitted|published|released) (?:earlier )?(?:on )?"
    r"(?P<w>monday|tuesday|wednesday|thursday|friday|saturday|sunday|yesterday)\b",
    re.I,
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CHANGE = re.compile(
    r"^\W{0,3}(?:eds?(?:itors?)?(?:['’]s?)?(?: note)?\s*[:.–—-]+\s*|attention\s*[-–—:]+\s*)?"
    r"(?P<word>adds?|adding|updates?|updating|recasts?|corrects?|correcting|refiles?|repeats?"
    r"|releads?|leads with|clarifies|removes|fixes|changes|rewrites|amplía|amplia|actualiza"
    r"|corrige|añade|ajoute|actualise|neu|ergänzt|berichtigt|aggiunge"
    r"|(?:berichtigung|korrektur|zusammenfassung|correction|corrección|corrigendum)(?=\s?:))\b",
    re.I,
)
_BRACKETED = re.compile(r"^=?[(\[][^()\[\]]{3,300}[)\]]=?\W*$")
_CORRECTING = (
    "correct",
    "corrig",
    "corrección",
    "berichtig",
    "korrektur",
    "refile",
    "clarif",
    "fix",
)


def is_kill_note(texts: Sequence[str]) -> bool:
    """Say whether a short text tells editors not to use a story that went out before.

    `texts` are the headline, the notes and the paragraphs, in this order.
    """
    if not texts or len(texts) > _MAX_PARAGRAPHS + 2:
        return False
    begun = [text[:_TEXT_CHARS] for text in texts[:_TEXTS]]
    if any(_PLAIN_KILL.match(text) for text in begun):
        return True
    addressed = any(_NOTE_HEAD.match(text) for text in begun[:2])
    return addressed and bool(_KILL.search(" ".join(begun[:4])))


def is_of_copy(paragraphs: Sequence[str]) -> bool:
    """Say whether a text is about copy (a story, its editors), or there is no text."""
    begun = " ".join(text[:_TEXT_CHARS] for text in paragraphs[:_TEXTS])
    return not begun or (len(paragraphs) <= _MAX_PARAGRAPHS and bool(_OF_COPY.search(begun)))


def named_story(texts: Sequence[str]) -> str | None:
    """Return the slug or headline that a note quotes.

    The slug first, since families are kept by it.
    """
    text = " ".join(part[:_TEXT_CHARS] for part in texts[:_TEXTS])
    for pattern in (_SLUGGED, _KEYED, _HEADLINED, _NAMED):
        match = pattern.search(text)
        if match:
            name = next(value for value in match.groupdict().values() if value)
            return str(name).strip(" ,.")
    return None


def named_day(texts: Sequence[str], near: date | None) -> date | None:
    """Return the day of the story that a note speaks of; without a year the one next to `near`."""
    text = " ".join(part[:_TEXT_CHARS] for part in texts[:_TEXTS])
    for match in _DAY.finditer(text):
        month, year = dates.month(match["m"] or match["m2"]), match["y"] or match["y2"]
        number = int(match["d"] or match["d2"])
        if month is None:
            continue
        if year:
            found = dates.day(int(year), month, number)
        else:
            found = nearest_year(month, number, near) if near else None
        if found:
            return found
    weekday = _WEEKDAY.search(text)
    if not weekday or not near:
        return None
    word = weekday["w"].lower()
    back = 1 if word == "yesterday" else (near.weekday() - _WEEKDAYS.index(word)) % 7
    return near - timedelta(days=back)


def change_of(text: str) -> str | None:
    """Return the word that says what a note changed (`ADDS`, `Corrects`), None for other text."""
    match = _CHANGE.match(text[:_TEXT_CHARS])
    return match["word"] if match else None


def is_change_note(paragraph: str) -> bool:
    """Say whether a paragraph is such a note in brackets: `(Adds quotes, background)`."""
    if len(paragraph) > 400 or not _BRACKETED.match(paragraph):
        return False
    inner = paragraph.strip("=()[] ")
    return change_of(inner) is not None or bool(_PLAIN_KILL.match(inner))


def is_correcting(word: str) -> bool:
    """Say whether a word of change says that something was wrong before."""
    return word.casefold().startswith(_CORRECTING)
