"""Text as the copy's index of words takes it: writing without spaces is cut into characters.

SQLite's tokenizer takes a run of letters for one word. Chinese, Japanese and Korean are written in
runs of whole sentences, so that nobody would find a word within: there each character is a word,
and what is asked is a phrase of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_UNSPACED = re.compile(
    "([\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff])"
)
_ASKED = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
_WORD = re.compile(r"\w", re.UNICODE)

MOST_WORDS = 32
"""Words and phrases of one question; those beyond are an error of whoever asks."""


def indexed(text: str) -> str:
    """Return `text` with a space around every character of a writing without spaces."""
    return _UNSPACED.sub(r" \1 ", text)


def asked_words(text: str) -> tuple[list[str], list[str]]:
    """Return the phrases that must stand in a story, and those that must not, as FTS5 strings.

    Words all have to be there, in any order; what stands in double quotes is a phrase; `-` before
    either leaves out; `*` at a word's end stands for any ending. Nothing else has a meaning.
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    for minus, phrase, word in _ASKED.findall(text):
        is_prefix = bool(word) and word.endswith("*")
        found = indexed(phrase or word).replace("\0", " ").replace('"', " ").strip()
        if _WORD.search(found) is None:
            continue
        (unwanted if minus else wanted).append(f'"{found}"' + ("*" if is_prefix else ""))
    return wanted, unwanted


def found_words(text: str) -> Iterator[str]:
    """Yield the words and phrases of a question as they would stand in a text, to be marked."""
    for minus, phrase, word in _ASKED.findall(text):
        found = (phrase or word.rstrip("*")).strip()
        if not minus and _WORD.search(found) is not None:
            yield found
