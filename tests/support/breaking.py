"""Ways to break a lake's storage that several tests share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

DAMAGES = {"garbage": b"garbage{", "empty": b"", "half": None}
"""What may stand in the place of a log's entry; None: its first half."""


def damage(table: Path, how: str) -> tuple[Path, bytes]:
    """Damage the last entry of the table's log; which it is, and what stood there."""
    entry = max((table / "_delta_log").glob("*.json"))
    whole, bad = entry.read_bytes(), DAMAGES[how]
    entry.write_bytes(whole[: len(whole) // 2] if bad is None else bad)
    return entry, whole


def as_others() -> list[str]:
    """What to put before a command so that permission bits hold it, also under root."""
    if os.getuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv, to try it as root")
    return ["setpriv", "--bounding-set=-dac_override"]
