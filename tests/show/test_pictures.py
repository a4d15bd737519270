"""The pictures of README.md and docs/ are made of what the pages show now."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from tests.show.test_report import stories
from tests.support import pictures
from tests.support.rows import a_batch, written

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.browser
def test_every_page_is_pictured(tmp_path: Path) -> None:
    """Report (light, dark, phone), story, live page, map: of their sizes, without an error."""
    written(tmp_path / "lake", a_batch(stories())).close()
    pictures.main(str(tmp_path / "lake"), tmp_path / "pictures")
    for name, size in pictures.SIZES.items():
        data = (tmp_path / "pictures" / f"{name}.png").read_bytes()
        assert data.startswith(b"\x89PNG")
        assert struct.unpack(">II", data[16:24]) == size
        assert len(data) > 10_000, f"{name} is blank"


def test_the_pages_show_the_pictures_that_are_made() -> None:
    shown: set[str] = set()
    for page in (ROOT / "README.md", ROOT / "docs" / "report.md", ROOT / "docs" / "serve.md"):
        shown |= set(re.findall(r"pictures/([\w-]+)\.png", page.read_text("utf-8")))
    assert shown == set(pictures.SIZES)
    assert all((ROOT / "docs" / "pictures" / f"{name}.png").exists() for name in shown)
