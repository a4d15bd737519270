"""Event dates: what is said, against the story's day alone."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.enrich.events.event_dates import event_days

BASE = date(2024, 5, 15)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("met on Tuesday", date(2024, 5, 14), None),
        ("met on Wednesday", date(2024, 5, 15), None),
        ("met on Thursday", date(2024, 5, 9), None),
        ("met last Wednesday", date(2024, 5, 8), None),
        ("met yesterday", date(2024, 5, 14), None),
        ("met today", date(2024, 5, 15), None),
        ("met in September", date(2023, 9, 1), date(2023, 9, 30)),
        ("met in March", date(2024, 3, 1), date(2024, 3, 31)),
        ("met earlier this month", date(2024, 5, 1), date(2024, 5, 15)),
        ("met this week", date(2024, 5, 13), date(2024, 5, 15)),
        ("met this weekend", date(2024, 5, 18), date(2024, 5, 19)),
        ("met this year", date(2024, 1, 1), date(2024, 5, 15)),
        ("met last week", date(2024, 5, 6), date(2024, 5, 12)),
        ("met last month", date(2024, 4, 1), date(2024, 4, 30)),
        ("met last year", date(2023, 1, 1), date(2023, 12, 31)),
        ("met on September 19", date(2023, 9, 19), None),
        ("met on 3 May 2019", date(2019, 5, 3), None),
        ("met on March 3, 2019", date(2019, 3, 3), None),
        ("met three days ago", date(2024, 5, 12), None),
        ("met in 2011", date(2011, 1, 1), date(2011, 12, 31)),
    ],
)
def test_what_is_said_is_resolved(text: str, first: date, last: date | None) -> None:
    assert event_days(text, 0, BASE) == (first, last)


def test_a_coming_act_is_dated_ahead() -> None:
    assert event_days("will meet on Friday", 5, BASE, future=True) == (date(2024, 5, 17), None)
    found = event_days("would visit in December", 6, BASE, future=True)
    assert found == (date(2024, 12, 1), date(2024, 12, 31))


def test_nothing_said_nothing_dated() -> None:
    assert event_days("may meet", 4, BASE) is None
    assert event_days("met the envoy", 0, BASE) is None


def test_an_impossible_day_is_no_date() -> None:
    assert event_days("met on February 31", 0, BASE) is None


@given(st.text(max_size=80), st.dates())
def test_any_text_and_any_day_give_a_range_or_none(text: str, base: date) -> None:
    found = event_days(text, 0, base)
    assert found is None or found[1] is None or found[0] <= found[1]


@given(
    st.sampled_from(
        ["last week", "this weekend", "next year", "on Friday", "in May", "2 months ago"]
    ),
    st.dates(),
    st.booleans(),
)
def test_every_expression_holds_at_the_ends_of_the_calendar(
    text: str, base: date, future: bool
) -> None:
    found = event_days("met " + text, 0, base, future)
    assert found is None or found[1] is None or found[0] <= found[1]
