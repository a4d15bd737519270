"""The page on rejects says of each kind what it means, where it comes from and what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from pipeline.model import RejectKind

PAGE = Path(__file__).parents[2] / "docs" / "rejects.md"


def test_every_kind_has_its_section() -> None:
    """No kind without one, no section without a kind, all three answers in each."""
    parts = re.split(r"^## (\S+)$", PAGE.read_text("utf-8"), flags=re.M)[1:]
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    assert list(sections) == list(get_args(RejectKind))
    for kind, text in sections.items():
        for answer in ("Meaning", "Cause", "Do"):
            assert f"- **{answer}**: " in text, (kind, answer)
