"""Bytes of strangers on a terminal: what could steer it is written out, never sent."""

from __future__ import annotations

from pipeline.escape import escaped

_WIDTH = 16
_MOST_UNPRINTABLE = 0.1


def raw_preview(raw: bytes, limit: int = 2000) -> str:
    """Return the beginning of `raw`.

    As text where it is UTF-8 and mostly printable, else as a hexdump. At most `limit` bytes are
    shown; a last line says how many more there are.
    """
    head = raw[:limit]
    text = _text(head, is_cut=len(raw) > limit)
    shown = escaped(text, keep="\n") if text is not None else hexdump(head)
    rest = len(raw) - len(head)
    return f"{shown}\n… {rest} more bytes" if rest else shown


def hexdump(data: bytes) -> str:
    """Return a hexdump: offset, sixteen bytes, and the ASCII letters among them."""
    lines = []
    for start in range(0, len(data), _WIDTH):
        row = data[start : start + _WIDTH]
        letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        lines.append(f"{start:08x}  {row.hex(' '):<{3 * _WIDTH - 1}}  {letters}")
    return "\n".join(lines)


def _text(data: bytes, *, is_cut: bool) -> str | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        # The cut may have gone through a letter.
        if not is_cut or error.start < len(data) - 3:
            return None
        text = data[: error.start].decode("utf-8")
    strange = sum(not char.isprintable() and char not in "\n\r\t" for char in text)
    return None if strange > _MOST_UNPRINTABLE * len(text) else text
