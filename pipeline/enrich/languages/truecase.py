"""Headlines in capitals, written as a sentence would be, so that names can be told in them.

The length never changes, so offsets stay those of the headline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from pipeline.enrich.entities.spans import is_written_small, listed
from pipeline.enrich.lexicon import Lexicon, tokenize

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_TOKEN = re.compile(rf"(?<![^\W\d_])(?:[A-Z]\.)+|{_WORD.pattern}")
"""A word, or letters with a full stop each ("U.S.", the initial of a name), which stay."""
_BEFORE = re.compile(r"[^\W\d_]['\u2019]?\Z")
"""What ends a part of the same word: a letter, or one with an apostrophe."""
_KNOWN_PEOPLE = 50_000
_PLACES = frozenset({"GPE", "LOC", "NORP"})
_WORDS_LIKE_ACRONYMS = frozenset({"US", "WHO", "AU", "AS", "IT"})


def is_capitals(line: str) -> bool:
    """Say whether a line is set in capitals (Reuters headlines of the 1980s and 1990s)."""
    letters = list(filter(str.isalpha, line))
    return len(letters) >= 4 and sum(map(str.isupper, letters)) > 0.7 * len(letters)


class Truecaser:
    """Gives capitals back their case by the story's own body, else by the name lists."""

    def __init__(self, body: str, lexicon: Lexicon) -> None:
        self._body = body
        self._lexicon = lexicon

    @cached_property
    def _written(self) -> dict[str, list[str]]:
        """Give the ways in which the body writes a word, by the word in capitals."""
        written: dict[str, list[str]] = {}
        for word in set(_WORD.findall(self._body)):
            if not (word.isupper() and len(word) > 5):
                written.setdefault(word.upper(), []).append(word)
        return written

    def _form(self, word: str) -> str | None:
        """Return how the body mostly writes a word inside its sentences; None if it never does.

        A capital that only opens sentences says nothing of a word that news writes small.
        """
        forms = self._written.get(word, ())
        if not forms:
            return None
        if len(forms) < 2:
            form = forms[0]
            said = not is_written_small(form, self._lexicon) or any(
                map(self._inside, self._occurrences(form))
            )
            return form if said else None
        counts = {form: sum(map(self._inside, self._occurrences(form))) for form in forms}
        return min(forms, key=lambda form: (-counts[form], form.isupper(), form))

    def _occurrences(self, word: str) -> Iterator[int]:
        """Yield where a word stands in the body by itself, not as a part of another."""
        at = self._body.find(word)
        while at >= 0:
            found = _WORD.match(self._body, at)
            before = self._body[max(0, at - 2) : at]
            if found and found.group() == word and not _BEFORE.search(before):
                yield at
            at = self._body.find(word, at + len(word))

    def text(self, text: str) -> str:
        """Bring every line that is set in capitals into its likely case; same length."""
        return "\n".join(self.line(line) for line in text.split("\n"))

    def line(self, line: str) -> str:
        """Bring each word of capitals of a line into its likely case; same length."""
        if not is_capitals(line):
            return line
        result = _TOKEN.sub(lambda match: self._word(match.group()), line)
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
        if not word.isupper() or "." in word:
            return word
        known = self._form(word)
        if known is not None:
            return known
        title = word.capitalize()
        base = re.split(r"['\u2019]", title)[0]
        acronym = len(word) <= 5 and word not in _WORDS_LIKE_ACRONYMS
        listed_as = self._lexicon.names.get(title)
        if listed_as is not None and listed_as.kind in _PLACES:
            return title
        if acronym and word in self._lexicon.names:
            return word
        return title if self._is_name(base) else word.lower()

    def _is_name(self, base: str) -> bool:
        lexicon = self._lexicon
        if base in lexicon.names:
            return True
        if is_written_small(base, lexicon):
            return False  # "BEGIN" and "OVER" are names too, and hardly ever here
        if base in lexicon.first_names:
            return True
        if base in lexicon.common_words:
            return False
        places = lexicon.cities.get(base)
        big = places is not None and places[0][1] >= _KNOWN_PEOPLE
        return big or (base in lexicon.last_names and len(base) > 4)

    def _inside(self, at: int) -> bool:
        """Say whether a word that begins there in the body is inside a sentence: there its case
        says something."""
        before = self._body[max(0, at - 2) : at]
        return bool(before) and before[-1] in " ,-(" and before[:1] not in ".!?\n\"'"
