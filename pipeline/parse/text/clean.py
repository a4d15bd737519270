"""Text as the pipeline keeps it: one form of line end and space, no debris of transmission.

What is written correctly is not touched: curly quotes, ligatures, joiners of Persian or Hindi and
marks of direction stay.
"""

from __future__ import annotations

import html
import re
import unicodedata

from ftfy import TextFixerConfig, fix_text
from ftfy.badness import is_bad

_LINE_ENDS = re.compile("\r\n|\r|\x0b|\x0c|\x85|\u2028|\u2029")
# Controls (tab and newline aside), soft hyphens, zero-width spaces, byte order marks, fillers and
# the non-characters of each plane.
_DEBRIS = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u2060\ufeff\ufff9-\ufffb\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
    + "]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACES = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_BLANKS = re.compile(r"[ \t]+")
_MOST_MARKS = 30
_HEAP = re.compile(rf"[^\w\s][^\w\s]{{{_MOST_MARKS},}}+")
_ENCODING_ONLY = TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    fix_encoding=True,
    restore_byte_a0=True,
    replace_lossy_sequences=False,
    decode_inconsistent_utf8=True,
    fix_c1_controls=True,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_surrogates=True,
    remove_control_chars=False,
    normalization=None,
    explain=False,
)
_REFERENCE = re.compile(r"&(?:#\d{2,6}|#[xX][0-9A-Fa-f]{2,5}|[A-Za-z][a-z]{1,7});")


def clean(text: str) -> str:
    """Clean `text`: line ends as `\\n`, plain spaces, composed letters, no debris; lines stay.

    Lines stay.
    """
    if text.isascii() and text.isprintable():
        return text
    if text.isascii():
        plain = text.replace("\r\n", "\n")
        if plain.replace("\n", "").replace("\t", "").isprintable():
            return plain
    text = _LINE_ENDS.sub("\n", text)
    if not text.isascii():
        text = _repair(text)
        text = _SPACES.sub(" ", text)
        text = _SURROGATES.sub("\ufffd", text)
        text = unicodedata.normalize("NFC", _HEAP.sub(_fewer_marks, text))
    return _DEBRIS.sub("", text)


def _fewer_marks(heap: re.Match[str]) -> str:
    """Return no more marks on one letter than any script has (UAX #15, stream-safe text):
    normalising takes the square of their number."""
    kept, marks = [], 0
    for character in heap[0]:
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def unescaped(text: str) -> str:
    """Return plain text whose characters a system that writes HTML has left as references."""
    return html.unescape(text) if "&" in text and _REFERENCE.search(text) else text


def line(text: str) -> str:
    """Bring `text` on one line: cleaned, runs of blanks as one space, none at the ends."""
    return " ".join(clean(text).split())


def optional_line(text: str | None) -> str | None:
    """Bring `text` on one line, as `line` does; None where nothing is left."""
    return (line(text) or None) if text else None


def squeeze(text: str) -> str:
    """Make runs of blanks within lines one space."""
    text = text.strip()
    return _BLANKS.sub(" ", text) if "  " in text or "\t" in text else text


def _repair(text: str) -> str:
    """Undo UTF-8 that was read as another set, line by line, only where the line looks wrong."""
    return "\n".join(
        part if part.isascii() or not is_bad(part) else fix_text(part, _ENCODING_ONLY)
        for part in text.split("\n")
    )
