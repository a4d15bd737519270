"""Bytes on a terminal: whatever they are, nothing reaches it that could steer it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.escape import escaped
from pipeline.show.raw import hexdump, raw_preview


@given(st.text(st.characters()))
def test_nothing_unprintable_is_left(text: str) -> None:
    """Surrogates, format characters and separators included."""
    assert escaped(text).isprintable()


@given(st.binary(max_size=300))
def test_a_preview_has_only_lines_of_printable_signs(raw: bytes) -> None:
    """Of any bytes."""
    shown = raw_preview(raw, 200)
    assert all(line.isprintable() for line in shown.split("\n"))


def test_an_escape_sequence_is_written_out() -> None:
    """And a bidirectional override, which would turn a line round."""
    assert raw_preview(b"red \x1b[31m alert, and much more of it") == (
        r"red \x1b[31m alert, and much more of it"
    )
    assert escaped("abc\u202edef") == r"abc\u202edef"


def test_text_is_text_also_where_a_letter_is_cut() -> None:
    """What is left out is counted."""
    assert raw_preview("Ñandú".encode() * 3, 6) == "Ñand\n… 15 more bytes"


def test_what_is_no_text_is_a_hexdump() -> None:
    """Latin-1, and binary that happens to be UTF-8."""
    assert raw_preview("año".encode("latin-1")) == hexdump(b"a\xf1o")
    assert raw_preview(bytes(range(8))).startswith("00000000  00 01 02")
    assert hexdump(b"0123456789abcdefg") == (
        "00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n"
        "00000010  67                                               g"
    )
