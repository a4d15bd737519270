"""Names made of names: acronyms in brackets, adjectives with a hyphen, ministries of two things."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pipeline.enrich.entities.spans import COMPOUNDS, SHAPE, Span
from pipeline.enrich.lexicon import Lexicon, word_set

_BRACKET = re.compile(r" \((?P<short>[A-Z][A-Za-z]{0,2}[A-Z&.-]*[A-Z]s?)\)")
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f][\w'\u2019.&-]*")
_JOINING = frozenset({"of", "for", "the", "and", "in", "on", "to", "de", "du", "la", "&"})
_LONGEST = 90
_FEWEST_LETTERS = 3
_AFTER = re.compile(r"-([a-z]+)\b")
_BEFORE = re.compile(
    r"(?:^|(?<=[\s(\"\u201c]))(?:[Pp]ro|[Aa]nti|[Ee]x|[Pp]re|[Pp]ost|[Nn]on|[Nn]eo|[Tt]rans)-$"
)
_NAMES = frozenset({"GPE", "LOC", "NORP", "PERSON", "ORG"})
_PORTFOLIOS = word_set(
    """Affairs Agriculture Aviation Budget Children Citizenship Civil Commerce Communication
    Communications Constitutional Control Cooperation Culture Development Digital Economic Economy
    Education Electricity Emigrants Employment Endowments Energy Environment Equality Expatriates
    External Family Finance Fisheries Food Foreign Forestry Forests Gas Gender Health Higher Home
    Housing Human Immigration Industry Information Infrastructure Innovation Integration Interior
    Internal Investment Irrigation Islamic Justice Labor Labour Lands Law Legal Livestock Local
    Logistics Marine Maritime Migration Minerals Mines Mining National Natural Oil Order Petroleum
    Planning Pensions Ports Power Prevention Protection Public Reconstruction Reform Reforms
    Refugees Regional Religious Research Resources Rights Roads Rural Sanitation Science Sciences
    Security Services Skills Social Solidarity Sport Sports Supply Technology Telecommunications
    Tourism Trade Transport Transportation Urban Veterans Water Welfare Women Works Youth"""
)
"""What a ministry or a department may be of, beside other things."""
_OF_A_PORTFOLIO = re.compile(
    r"(?:The |the )?(?:[A-Z]\w+(?:'s)? ){0,3}"
    r"(?:Ministry|Ministries|Department|Directorate|Secretariat|Bureau|Office) (?:of|for) [A-Z]"
)
_MORE = re.compile(r"(?:, (?:[A-Z]\w+ ?)+)*,? (?:and|&) (?P<last>(?:[A-Z]\w+ ?)+)")


def acronyms(text: str, lexicon: Lexicon) -> Iterator[tuple[Span, Span]]:
    """Yield bodies named in full and their letters in brackets behind: both are the body.

    Read backwards from the bracket, the letters begin the words ("Central Narcotics Bureau (CNB)");
    joining words may lend a letter or none.
    """
    for match in _BRACKET.finditer(text):
        letters = [c for c in match["short"].rstrip("s") if c.isupper()]
        begin = _full_name(text, match.start(), letters)
        if begin is None:
            continue
        first = text[begin : match.start()].split(" ", 1)[0]
        if first in lexicon.first_names and len(letters) < 3:
            continue
        yield (
            Span(begin, match.start(), "ORG", SHAPE + 1),
            Span(match.start("short"), match.end("short"), "ORG", SHAPE + 1),
        )


def letters_of_things(text: str) -> set[str]:
    """Return letters in brackets that stand for words which are written small, so for no name.

    "new energy vehicle (NEV)", "unregulated (IUU)" behind "illegal, unreported and": each letter
    begins a word, joining words may lend none.
    """
    return {
        match["short"].rstrip("s")
        for match in _BRACKET.finditer(text)
        if _begin_small_words(text, match.start(), match["short"].rstrip("s"))
    }


def _begin_small_words(text: str, end: int, short: str) -> bool:
    wanted = [letter.lower() for letter in short if letter.isalpha()]
    if len(wanted) < _FEWEST_LETTERS or not short.isupper():
        return False
    parts = [part for m in _words_before(text, end) for part in m.group().split("-") if part]
    for word in reversed(parts):
        if not wanted:
            return True
        if word.islower() and word[0] == wanted[-1]:
            wanted.pop()
        elif word not in _JOINING:
            return False
    return not wanted


def _full_name(text: str, end: int, letters: list[str]) -> int | None:
    """Say where the words begin whose first letters are `letters`; `end` is where they end."""
    wanted = len(letters) - 1
    at = end
    for word in reversed(_words_before(text, end)):
        if at != end and text[word.end() : at] not in (" ", "-", ' "'):
            return None
        initial = word.group()[0]
        if initial == letters[wanted]:
            wanted -= 1
            at = word.start()
            if wanted < 0:
                return at if len(letters) > 1 and " " in text[at:end] else None
        elif word.group() in _JOINING:
            at = word.start()
        else:
            return None
    return None


def _words_before(text: str, end: int) -> list[re.Match[str]]:
    """Return the words of the same line that stand right before `end`, as far as a name goes."""
    begin = max(0, end - _LONGEST)
    return list(_WORD.finditer(text, max(begin, text.rfind("\n", begin, end) + 1), end))


def compound(text: str, span: Span) -> Span:
    """Return a name in an adjective ("London-based", "pro-Moscow") as the adjective, kind NORP."""
    if span.kind not in _NAMES:
        return span
    after = _AFTER.match(text, span.end)
    if after is not None and after.group(1) in COMPOUNDS:
        return replace(span, end=after.end(), kind="NORP", name=None)
    before = _BEFORE.search(text, max(0, span.start - 7), span.start)
    if before is not None and span.kind != "ORG":
        return replace(span, start=before.start(), kind="NORP", name=None)
    return span


def with_portfolios(text: str, span: Span) -> Span:
    """Return a ministry with all that it is of, where the model saw the first of it alone.

    "Ministry of Justice and Public Order": what follows must be nothing but `_PORTFOLIOS`.
    """
    if span.kind != "ORG" or not _OF_A_PORTFOLIO.match(text, span.start, span.end):
        return span
    match = _MORE.match(text, span.end)
    if match is None:
        return span
    words = [word for word in re.findall(r"\w+|&", match.group()) if word not in {"and", "&"}]
    if not _PORTFOLIOS.issuperset(words):
        return span
    return replace(span, end=span.end + len(match.group().rstrip()))
