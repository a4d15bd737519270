"""Spanish names: clubs and their towns, articles that belong to a name, finer kinds."""

from __future__ import annotations

import re

import pytest

from pipeline.enrich.entities.identity import entity_id
from pipeline.enrich.entities.merge import group
from pipeline.enrich.entities.spans import TRUSTED, Span
from pipeline.enrich.languages.es import SPANISH
from pipeline.enrich.lexicon import load_lexicon


def resolved(text: str, kind: str, name: str) -> list[tuple[str, str]]:
    """Words and kinds of what is left, where a model says that `name` is of a kind everywhere."""
    spans = [Span(*match.span(), kind, TRUSTED) for match in re.finditer(re.escape(name), text)]
    found = SPANISH.resolve(text, spans, load_lexicon())
    return [(text[span.start : span.end], span.kind) for span in found]


def test_a_town_with_an_article_is_its_club() -> None:
    """Further on without it too; where it stands for a place it stays one."""
    text = "Liga\n\nEl Valencia ganó. Gol de Pérez para Valencia, que juega hoy en Valencia."
    kinds = [kind for words, kind in resolved(text, "GPE", "Valencia") if words == "Valencia"]
    assert kinds == ["ORG", "ORG", "GPE"]


@pytest.mark.parametrize("text", ["Viaje\n\nViajó al Perú.", "Viaje\n\nVive en Sevilla."])
def test_a_country_and_a_plain_town_are_no_clubs(text: str) -> None:
    """Some countries have an article of their own."""
    name = text.rsplit(" ", 1)[1].rstrip(".")
    assert [kind for _, kind in resolved(text, "GPE", name)] == ["GPE"]


@pytest.mark.parametrize(
    ("match", "town", "kind"),
    [
        ("En la final de copa el árbitro vio dos goles y la tarjeta de", "Lorca", "ORG"),
        ("En la final de copa el árbitro vio dos goles y la tarjeta de", "Perú", "GPE"),
        ("En el pleno habló ayer", "Lorca", "GPE"),
    ],
)
def test_in_sports_copy_a_town_in_brackets_is_a_players_club(
    match: str, town: str, kind: str
) -> None:
    """A country in brackets is the country, and elsewhere a town is where somebody is from."""
    text = f"Nota\n\n{match} Luis Vela ({town})."
    spans = [
        Span(text.index(name), text.index(name) + len(name), of, TRUSTED)
        for name, of in (("Luis Vela", "PERSON"), (town, "GPE"))
    ]
    found = SPANISH.resolve(text, spans, load_lexicon())
    assert [span.kind for span in found if text[span.start : span.end] == town] == [kind]


def test_an_article_in_capitals_belongs_to_the_name() -> None:
    """But for a listed name that it only begins a sentence before."""
    assert ("La Zarza", "GPE") in resolved("Feria\n\nFue en La Zarza ayer.", "GPE", "La Zarza")
    assert ("Francia", "GPE") in resolved("Cita\n\nLa Francia de hoy.", "GPE", "La Francia")


@pytest.mark.parametrize(
    ("name", "kind", "finer"),
    [
        ("Río Tajuña", "GPE", "LOC"),
        ("Estadio Olímpico", "GPE", "FAC"),
        ("Ley de Aguas", "EVENT", "LAW"),
        ("Villaclara", "GPE", "GPE"),
    ],
)
def test_the_first_word_tells_the_finer_kind(name: str, kind: str, finer: str) -> None:
    """The model knows four kinds."""
    assert (name, finer) in resolved(f"Nota\n\nSe habló de {name} ayer.", kind, name)


@pytest.mark.parametrize(
    ("text", "name", "country"),
    [
        ("El Gobierno de Marruecos rechazó la carta.", "Gobierno de Marruecos", "MAR"),
        ("Habló el Ministerio de Exteriores de Chile.", "Ministerio de Exteriores", "CHL"),
        ("Respondió el Ejército colombiano.", "Ejército", "COL"),
        ("Según la Guardia Costera japonesa, nadie murió.", "Guardia Costera", "JPN"),
        ("El Congreso de los Diputados votó.", "Congreso de los Diputados", None),
    ],
)
def test_a_body_is_of_the_country_that_its_words_name(
    text: str, name: str, country: str | None
) -> None:
    """Within it, behind "de", or as an adjective behind it in any form."""
    text = f"Nota\n\n{text}"
    span = Span(text.index(name), text.index(name) + len(name), "ORG", TRUSTED)
    (found,) = [s for s in SPANISH.resolve(text, [span], load_lexicon()) if s.kind == "ORG"]
    assert (found.name.country if found.name else None) == country


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "El Gobierno peruano y el Gobierno de Perú. El Gobierno calla. La Corte peruana.",
            [("Gobierno de Perú", "PER")] * 3 + [("Corte", "PER")],
        ),
        (
            "El Gobierno peruano y el Gobierno cubano. El Gobierno calla.",
            [("Gobierno", "PER"), ("Gobierno", "CUB")],
        ),
    ],
)
def test_a_body_is_the_one_that_the_story_calls_so(text: str, names: list[tuple[str, str]]) -> None:
    """Of one country: with an adjective, with the country's name, and alone."""
    text = f"Nota\n\n{text}"
    bodies = re.finditer(r"Gobierno(?: de Perú)?|Corte", text)
    spans = [Span(found.start(), found.end(), "ORG", TRUSTED) for found in bodies]
    found = [span for span in SPANISH.resolve(text, spans, load_lexicon()) if span.kind == "ORG"]
    assert [(s.name.canonical, s.name.country) for s in found if s.name] == names
    groups = group(text, found)
    assert len(groups) == len(set(names)) + any(s.name is None for s in found)
    for one in groups:
        one.country = one.spans[0].name.country if one.spans[0].name else None
    ids = {entity_id(one, text, load_lexicon()) for one in groups}
    assert len(ids) == len(groups)


def test_no_person_is_called_by_a_bodys_first_word() -> None:
    """What the model takes for a person begins with "Corte"."""
    assert ("Corte Suprema", "ORG") in resolved("Nota\n\nFalló la Corte Suprema.", "PERSON",
                                                "Corte Suprema")  # fmt: skip
