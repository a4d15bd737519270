"""The text of RTF (Rich Text Format 1.9.1), by striprtf; the file's size bounds the work."""

from __future__ import annotations

import re

from pipeline.parse.draft import FaultError
from pipeline.parse.limits import ParseLimits
from pipeline.parse.overflow import check_count

# Binary data and pictures in hexadecimal: no text, and most of a file.
_PICTURE = re.compile(r"\{\\\*?\\?pict[^{}]*\}")


def read_rtf(data: bytes, limits: ParseLimits) -> str:
    """Return the text, a line a paragraph, with a blank line below each; raises `FaultError`."""
    from striprtf.striprtf import rtf_to_text

    markup = _PICTURE.sub("", data.decode("latin-1"))
    check_count(markup, "\\", "{")
    try:
        text = rtf_to_text(markup, encoding="cp1252", errors="replace")
    except (ValueError, IndexError, KeyError, LookupError, RecursionError) as error:
        message = f"the RTF cannot be read: {type(error).__name__}"
        raise FaultError("malformed", message) from error
    if len(text) > limits.max_decompressed_bytes:
        raise FaultError("too_large", "the RTF's text is longer than may be read")
    return re.sub(r"\n+", "\n\n", text)
