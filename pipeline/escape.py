"""Strangers' text where a terminal would obey some of it: that is written out."""

from __future__ import annotations


def escaped(text: str, *, keep: str = "") -> str:
    """Return `text` with everything that is not printable as `\\x1b`, `\\u202e` and so on.

    Control and format characters (escape sequences, bidirectional overrides, zero-width signs) and
    lone surrogates are among them. Those in `keep` stay.
    """
    return "".join(
        char if char.isprintable() or char in keep else char.encode("unicode_escape").decode()
        for char in text
    )
