"""The development data: texts and labelled sets that are not the project's to ship.

`DATELINE_DATA` names their folder, for the tests as for `dateline evaluate`. A test that reads
them skips where it is unset; `.ci/run` sets it where it finds them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_NAMED = os.environ.get("DATELINE_DATA", "")

DATA = Path(_NAMED or "DATELINE_DATA is not set").absolute()
"""The folder; one that does not exist where none is named."""


def needs_data(name: str) -> pytest.MarkDecorator:
    """Skip the test where the development data has no file or folder of this name."""
    return pytest.mark.skipif(
        not (DATA / name).exists(),
        reason=f"DATELINE_DATA names no folder that holds {name}",
    )
