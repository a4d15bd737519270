"""The rooms of the languages: where their sentences end, and what each of them has."""

from __future__ import annotations

import pytest

from pipeline.enrich.languages.rooms import language_of
from pipeline.enrich.languages.sentences import split


def sentences(code: str, text: str) -> list[str]:
    return [text[start:end] for start, end in split(text, language_of(code).sentence_ends)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("de", ["Das Treffen ist am 3. März in Bonn.", "Am 14. Spieltag ruht der Ball."]),
        ("de", ["Den 250. Besucher begrüßte Dr. Renate Kahl.", "Er kam aus Ulm."]),
        ("de", ["Kaiser Wilhelm II. Hohenzollern dankte ab.", "Die Republik begann."]),
        ("de", ["Beteiligt sind u.a. Bund und Länder, z. B. Hessen.", "Er zahlt 5.", "Der Rest."]),
        ("de", ["Der Kurs der Kron AG stieg um 3 Prozent auf 30.", "Dagegen fiel der Dax."]),
        ("de", ["Ulm gewann am 12. Spieltag mit 3:1.", "Trainer Kahl fehlte."]),
        ("de", ["Der Leitzins steigt auf 3,5.", "Analysten hatten das erwartet."]),
        ("de", ["Als Prof. h. c. Renate Kahl kam.", "Es kamen u. a. Bund und Bahn."]),
        ("de", ["Er sagte: „Nein.“", "Der Rest ging.", "„Ja“, sagte sie.", "»Gut.«", "Er kam."]),
        ("es", ["Ni EE. UU. Biden ni las FF. AA. Griegas hablaron.", "«Basta.»", "Llegó ayer."]),
        ("fr", ["« Tout est dit. »", "Elle part.", "« Non », répond-il.", "Le 3 mai, il revient."]),
        ("es", ["El Sr. Pérez vive en la Avda. Goya, nº 5.", "Llegó ayer."]),
        ("es", ["La ministra de EE.UU. Jane Roe habló.", "El acto terminó."]),
        ("fr", ["M. Moreau a reçu Mme Petit.", "Le Dr. Roux était absent."]),
        ("en", ["Mr. Smith of Acme Inc. Chicago left.", "He said no.", "Then he came."]),
    ],
)  # fmt: skip
def test_sentences_end_as_the_language_ends_them(code: str, expected: list[str]) -> None:
    """Ordinals, titles and abbreviations of the language do not break a sentence."""
    assert sentences(code, " ".join(expected)) == expected


def test_a_language_without_a_room_has_what_holds_in_any() -> None:
    """No model, no topics by words; countries by the CLDR's names."""
    from pipeline.enrich.lexicon import load_lexicon

    room = language_of("it")
    assert (room.entity_model, room.has_topics) == (None, False)
    found = room.resolve("Il presidente della Germania parla.", None, load_lexicon())
    assert [(span.kind, span.name.country if span.name else None) for span in found] == [
        ("GPE", "DEU"),
    ]  # fmt: skip
    assert language_of(None).code == ""
