"""Every test here is of a fault; at the end of the session the table of results is told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.faults import PAGE, page_of, recorded, table_of

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.faults)


def pytest_sessionfinish() -> None:
    if PAGE and (faults := recorded()):
        Path(PAGE).write_text(page_of(faults, datetime.now(UTC)), "utf-8")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if faults := recorded():
        terminalreporter.section("faults")
        terminalreporter.write_line(table_of(faults))
