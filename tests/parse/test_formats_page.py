"""docs/formats.md says what the formats say of themselves."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.parse.formats_docs import documented_rows, page
from pipeline.parse.sniff import FORMATS

ROOT = Path(__file__).parents[2]


def test_the_page_is_made_from_the_formats() -> None:
    """Else run `python -m pipeline.parse.formats_docs`."""
    text = (ROOT / "docs" / "formats.md").read_text("utf-8")
    assert page(text) == text


def test_the_tables_speak_of_formats_and_warnings_that_there_are() -> None:
    """Each row names a format that is tried, and a warning that the code writes."""
    known = {entry.name for entry in FORMATS} | {"ninjs"}
    assert {
        name for name, _, _ in (*documented_rows("fields"), *documented_rows("warnings"))
    } <= known
    sources = (ROOT / "pipeline" / "parse").rglob("*.py")
    code = re.sub(r"\s+", " ", " ".join(path.read_text("utf-8") for path in sources))
    for _, words, _ in documented_rows("warnings"):
        assert words.strip() in code
