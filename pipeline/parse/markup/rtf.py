"""The text of RTF (Rich Text Format 1.9.1), by striprtf; the file's size bounds the work."""

from __future__ import annotations

import re

from pipeline.parse.draft import FaultError
from pipeline.parse.limits import ParseLimits
from pipeline.parse.overflow import check_count

# Binary data and pictures in hexadecimal: no text, and most of a file.
_PICTURE = re.compile(r"\{\\\*?\\?pict[^{}]*\}")
# striprtf looks for links and fonts by patterns whose time grows with the cube of a file's size, so
# both are found here, within bounds.
_LINK = re.compile(
    r"(\{\\field\{\s*\\\*\\fldinst\{[^\"\n]{0,500}?HYPERLINK\s(\"[^\"{}\n]{0,2000}\")"
    r"[^{}\n]{0,2000}\}{2}\s*\{"
    r"\S{0,4000}+\s++[^\n]{0,4000}?\}{2,3})",
    re.I,
)
_FIELD = re.compile(r"\\field(?=\{)", re.I)
_FONT = re.compile(r"\\f(\d{1,10})(?!\d)[^;]*?\\fcharset(\d{1,10})(?!\d)")
_MAX_FONT_CHARS = 2000


def read_rtf(data: bytes, limits: ParseLimits) -> str:
    """Return the text, a line a paragraph, with a blank line below each; raises `FaultError`."""
    from striprtf.striprtf import font_table_group, rtf_to_text

    markup = _PICTURE.sub("", data.decode("latin-1"))
    check_count(markup, "\\", "{")
    markup = _FIELD.sub(r"\\field ", _LINK.sub(r"\1(\2)", markup))
    table = font_table_group(markup)
    markup = markup.replace(table, _fonts(table), 1) if table else markup
    try:
        text = rtf_to_text(markup, encoding="cp1252", errors="replace")
    except (ValueError, OverflowError, LookupError, RecursionError) as error:
        message = f"the RTF cannot be read: {type(error).__name__}"
        raise FaultError("malformed", message) from error
    if len(text) > limits.max_decompressed_bytes:
        raise FaultError("too_large", "the RTF's text is longer than may be read")
    return re.sub(r"\n+", "\n\n", text)


def _fonts(table: str) -> str:
    """Return a table of fonts with nothing but their numbers and character sets."""
    entries = (entry for entry in table.split(";") if len(entry) <= _MAX_FONT_CHARS)
    found = (_FONT.search(entry) for entry in entries)
    fonts = (f"{{\\f{font[1]}\\fcharset{font[2]} x;}}" for font in found if font)
    return f"{{\\fonttbl{''.join(fonts)}}}"
