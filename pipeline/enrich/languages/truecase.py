"""Headlines in capitals, written as a sentence would be, so that names can be told in them.

The length never changes, so offsets stay those of the headline.
"""

from __future__ import annotations

import re
from collections import Counter

from pipeline.enrich.entities.spans import listed
from pipeline.enrich.lexicon import Lexicon, tokenize

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_KNOWN_PEOPLE = 50_000
_WORDS_LIKE_ACRONYMS = frozenset({"US", "WHO", "AU", "AS", "IT"})


def is_capitals(line: str) -> bool:
    """Say whether a line is set in capitals (Reuters headlines of the 1980s and 1990s)."""
    letters = [c for c in line if c.isalpha()]
    return len(letters) >= 4 and sum(c.isupper() for c in letters) > 0.7 * len(letters)


class Truecaser:
    """Gives capitals back their case by the story's own body, else by the name lists."""

    def __init__(self, body: str, lexicon: Lexicon) -> None:
        forms: dict[str, Counter[str]] = {}
        for match in _WORD.finditer(body):
            word = match.group()
            if word.isupper() and len(word) > 5:
                continue
            forms.setdefault(word.upper(), Counter())[word] += 1 if _inside(body, match) else 0
        self._forms = {
            upper: min(counts.items(), key=lambda item: (-item[1], item[0].isupper(), item[0]))[0]
            for upper, counts in forms.items()
        }
        self._lexicon = lexicon

    def text(self, text: str) -> str:
        """Bring every line that is set in capitals into its likely case; same length."""
        return "\n".join(self.line(line) for line in text.split("\n"))

    def line(self, line: str) -> str:
        """Bring each word of capitals of a line into its likely case; same length."""
        if not is_capitals(line):
            return line
        result = _WORD.sub(lambda match: self._word(match.group()), line)
        result = self._phrases(line, result)
        return result if len(result) == len(line) else line

    def _phrases(self, line: str, result: str) -> str:
        """Return `result` with the listed names of several words ("NEW YORK") in their own case."""
        title = _WORD.sub(lambda match: match.group().capitalize(), line)
        if len(title) != len(result):
            return result
        for span in listed(tokenize(title), self._lexicon):
            name = span.name
            if " " in title[span.start : span.end] and name is not None:
                result = result[: span.start] + title[span.start : span.end] + result[span.end :]
        return result

    def _word(self, word: str) -> str:
        if not word.isupper():
            return word
        known = self._forms.get(word)
        if known is not None:
            return known
        title = word.capitalize()
        base = re.split(r"['\u2019]", title)[0]
        acronym = len(word) <= 5 and word not in _WORDS_LIKE_ACRONYMS
        if acronym and word in self._lexicon.names:
            return word
        return title if self._is_name(base) else word.lower()

    def _is_name(self, base: str) -> bool:
        lexicon = self._lexicon
        if base in lexicon.names or base in lexicon.first_names:
            return True
        if base in lexicon.common_words:
            return False
        places = lexicon.cities.get(base)
        big = places is not None and places[0][1] >= _KNOWN_PEOPLE
        return big or (base in lexicon.last_names and len(base) > 4)


def _inside(body: str, match: re.Match[str]) -> bool:
    """Say whether a word stands inside a sentence: there its case says something."""
    before = body[max(0, match.start() - 2) : match.start()]
    return bool(before) and before[-1] in " ,-(" and before[:1] not in ".!?\n\"'"
