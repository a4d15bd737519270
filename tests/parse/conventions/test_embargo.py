"""Embargo lines: the moment that they give, and what only looks like one."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pipeline.parse.conventions.embargo import is_embargo, read_embargo

NOON = datetime(2022, 3, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("EMBARGOED UNTIL 1200 GMT, March 5, 2022", NOON),
        ("Embargoed until 12:00 GMT on March 5", NOON),
        ("EMBARGO: 2022-03-05T12:00Z", NOON),
        ("Embargoed to 051200 GMT Mar 22", NOON),
        ("NOT FOR RELEASE BEFORE 7 A.M. EST, MARCH 5", NOON),
        ("Hold for release until 7:00 am EST March 5th, 2022", NOON),
        ("Sperrfrist: 5. März, 13.00 CET", NOON),
        ("Embargado hasta el 5 de marzo de 2022 a las 12:00", NOON),
        ("*** EMBARGOED UNTIL MARCH 5 ***", datetime(2022, 3, 5, tzinfo=UTC)),
        ("Embargoed until 0030 GMT, January 1", datetime(2022, 1, 1, 0, 30, tzinfo=UTC)),
        ("Embargoed until noon", None),
    ],
)
def test_the_moment_of_an_embargo(text: str, until: datetime | None) -> None:
    """Day, month, clock and zone in the desks' ways; the year next to the story's."""
    assert read_embargo(text, date(2022, 3, 4)) == until


@pytest.mark.parametrize(
    "text",
    ["Embargoed until March 5", "EMBARGO", "Not for publication before 12:00", "(EMBARGOED)"],
)
def test_embargo_lines(text: str) -> None:
    """They give a time, or nothing but the word."""
    assert is_embargo(text)


@pytest.mark.parametrize(
    "text",
    ["Embargo on wool eased", "EMBARGO ON CUBA TO END, SAYS RUBIO", "Oil embargo until March",
     "For release of prisoners, rivals meet"],
)  # fmt: skip
def test_headlines_on_embargoes_are_none(text: str) -> None:
    """What the news is about holds nothing back."""
    assert not is_embargo(text)
