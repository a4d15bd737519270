"""The runbook: every alert has its section, every exit code its row, every link its page."""

from __future__ import annotations

import re

import pytest
import yaml

from pipeline.errors import EXIT_CODES
from tests.deploy.files import DEPLOY, ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text()
_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")


def _anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_alert_has_a_section_and_no_section_is_left_over() -> None:
    """Who is called at night finds the alert's name as a heading."""
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    assert set(re.findall(r"^### (Dateline\w+)$", PAGE, re.MULTILINE)) == alerts


def test_every_exit_code_has_a_row() -> None:
    """Each code of the command, once."""
    table = PAGE.partition("## Exit codes")[2].partition("## Alerts")[0]
    rows = [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)]
    assert sorted(rows) == sorted(code for code, _ in EXIT_CODES)


@pytest.mark.parametrize("name", ["operations.md", "scale.md"])
def test_links_lead_somewhere(name: str) -> None:
    """Pages exist, and so do the sections that are linked."""
    for page, anchor in _LINK.findall((ROOT / "docs" / name).read_text()):
        if not page.startswith("http"):
            target = ROOT / "docs" / (page or name)
            assert target.is_file(), page
            assert not anchor or anchor in _anchors(target.read_text()), (page, anchor)


def test_the_files_it_names_are_there() -> None:
    """Paths below deploy/, bench/ and tests/ in both pages."""
    text = PAGE + (ROOT / "docs" / "scale.md").read_text()
    for path in re.findall(r"`((?:deploy|bench|tests)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path
