"""The event lexicon's files hold together, and operators follow CAMEO's parallel structure."""

from __future__ import annotations

from importlib.resources import files

import pytest

from pipeline.enrich.events.event_lexicon import lexicon_rows, load_event_lexicon
from pipeline.enrich.events.inflect import inflections


@pytest.mark.parametrize(
    "name",
    ["cameo.tsv", "verbs.tsv", "nouns.tsv", "nominalizations.tsv", "operators.tsv", "roles.tsv"],
)
def test_every_file_names_its_source(name: str) -> None:
    text = files("pipeline.enrich.events").joinpath("data", name).read_text(encoding="utf-8")
    assert text.startswith("#")
    assert "CAMEO" in text[:900] or "Written for Dateline" in text[:900]


def test_every_code_a_file_uses_is_in_the_code_table() -> None:
    lexicon = load_event_lexicon()
    for pairs in lexicon.operators.values():
        assert {code for _, code in pairs} <= {"=", *lexicon.cameo}
    assert set(lexicon.class_codes.values()) <= set(lexicon.cameo)
    assert set(lexicon.nominals.values()) <= set(lexicon.frames)


def test_quad_classes_follow_the_roots() -> None:
    """One root, one quad class: the pinned definition of docs/events.md."""
    quads: dict[str, set[int]] = {}
    for row in load_event_lexicon().cameo.values():
        quads.setdefault(row.root, set()).add(row.quad_class)
        assert -10.0 <= row.goldstein <= 10.0
    assert all(len(found) == 1 for found in quads.values())
    assert len(quads) == 16


@pytest.mark.parametrize(
    ("operator", "inner", "code"),
    [
        ("intent", "073", "0333"),
        ("intent", "190", "138"),
        ("refuse", "046", "125"),
        ("threat", "163", "1312"),
        ("demand", "0841", "1053"),
        ("stop", "190", "087"),
        ("purpose", "190", None),
    ],
)
def test_operators_mirror_the_codes(operator: str, inner: str, code: str | None) -> None:
    assert load_event_lexicon().apply(operator, inner) == code


def test_frames_of_a_verb_stand_most_specific_first() -> None:
    for frames in load_event_lexicon().frames.values():
        weights = [frame.weight for frame in frames]
        assert weights == sorted(weights, reverse=True)


def test_no_member_of_a_class_is_listed_twice() -> None:
    for number, (_, _, members) in lexicon_rows("nouns.tsv"):
        names = [name.strip() for name in members.split(",")]
        assert len(names) == len(set(names)), number


def test_inflections() -> None:
    assert {"stop", "stops", "stopped", "stopping"} <= set(inflections("stop"))
    assert {"deny", "denies", "denied", "denying"} <= set(inflections("deny"))
    assert {"seize", "seizes", "seized", "seizing"} <= set(inflections("seize"))
