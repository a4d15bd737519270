"""Web pages that ask for an account, a subscription or consent in place of their article."""

from __future__ import annotations

import pytest

from pipeline.parse.formats.page_gates import before_gate

_TEXT = "The harbour board met on Monday and chose a new captain for the oldest of its boats."


@pytest.mark.parametrize(
    ("gate", "asked"),
    [
        ("Already a subscriber? Log in to continue.", "an account"),
        ("Subscribe now for unlimited access to all our articles.", "a subscription"),
        ("Dieser Artikel ist nur für Abonnenten. Jetzt testen!", "a subscription"),
        ("Cet article est réservé aux abonnés.", "a subscription"),
        ("Contenido exclusivo para suscriptores", "a subscription"),
        ("We and our 34 partners store and/or access information on a device.", "consent"),
        ("Please enable JavaScript and cookies to continue", "a check of the browser"),
    ],
)
def test_the_article_ends_at_the_gate(gate: str, asked: str) -> None:
    """Nothing of what the page asks stands in the story."""
    shown, found = before_gate([_TEXT, gate, "From 1 crown a week."])
    assert shown == [_TEXT] and found is not None and found.startswith(asked)


def test_an_article_that_speaks_of_passwords_stays_whole() -> None:
    """A long text below shows that the article goes on."""
    whole = [_TEXT, "Did you forget your password? So begins the play.", *[_TEXT] * 9]
    assert before_gate(whole) == (whole, None)
    assert before_gate([_TEXT] * 2) == ([_TEXT] * 2, None)
