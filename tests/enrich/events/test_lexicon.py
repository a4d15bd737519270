"""The event lexicon's files hold together, and operators follow CAMEO's parallel structure."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import pytest

from pipeline.enrich.events import event_lexicon
from pipeline.enrich.events.event_lexicon import lexicon_rows, load_event_lexicon
from pipeline.enrich.events.inflect import inflections, plurals
from pipeline.errors import ConfigError


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


def _of_rows(monkeypatch: pytest.MonkeyPatch, *verbs: tuple[str, str, str]) -> None:
    """Load the lexicon with these rows as its verbs, the first of them in line 1."""

    def rows(name: str) -> Iterator[tuple[int, list[str]]]:
        if name == "verbs.tsv":
            return ((number, list(row)) for number, row in enumerate(verbs, 1))
        return lexicon_rows(name)

    monkeypatch.setattr(event_lexicon, "lexicon_rows", rows)
    event_lexicon.load_event_lexicon.__wrapped__()


def test_a_pattern_that_a_verb_states_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The upper row would win in silence: both lines are named."""
    with pytest.raises(ConfigError) as caught:
        _of_rows(
            monkeypatch,
            ("greet, hail", "obj:@ with:*", "050"),
            ("visit", "obj:*", "042"),
            ("snub, greet", "with:* obj:@", "111"),
        )
    told = str(caught.value)
    assert all(part in told for part in ("verbs.tsv", "greet", "line=3", "also_in_line=1")), told


def test_a_verb_may_do_what_its_object_names_or_have_a_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`!do` is tried first and falls back to the code: that is no repetition."""
    _of_rows(monkeypatch, ("stamp", "obj:*", "080"), ("stamp", "obj:*", "!do"))


@pytest.mark.parametrize(
    ("noun", "forms"),
    [
        ("gunman", ["gunmen"]),
        ("policewoman", ["policewomen"]),
        ("human", ["humans"]),
        ("clash", ["clashes"]),
        ("militia", ["militias"]),
        ("ministry", ["ministries"]),
        ("envoy", ["envoys"]),
        ("spokesperson", ["spokespersons", "spokespeople"]),
        ("thief", ["thieves"]),
    ],
)
def test_plurals(noun: str, forms: list[str]) -> None:
    assert list(plurals(noun)) == forms


SPELLINGS = [
    *(("defense", "defence"), ("armored", "armoured"), ("labor", "labour"), ("center", "centre")),
    *(("organization", "organisation"), ("honor", "honour"), ("harbor", "harbour")),
    *(("neighbor", "neighbour"), ("program", "programme")),
]
BY_NATURE = {"seize", "size"}
"""Verbs that are spelt so everywhere."""


@pytest.mark.parametrize("name", ["nouns.tsv", "roles.tsv", "verbs.tsv"])
def test_a_word_is_there_as_it_is_spelt_on_both_sides_of_the_atlantic(name: str) -> None:
    """In the same list, or an act is found in one half of the agencies alone."""
    text = files("pipeline.enrich.events").joinpath("data", name).read_text(encoding="utf-8")
    alone = []
    for line in text.splitlines():
        cells = line.split("\t")
        if line.startswith("#") or len(cells) < 2:
            continue
        listed = {word.strip() for word in cells[0 if name == "verbs.tsv" else -1].split(",")}
        for word in listed:
            others = [word.replace(*pair) for pair in SPELLINGS if f"{pair[0]} " in f"{word} "]
            if name == "verbs.tsv" and word.endswith(("ize", "yze")) and word not in BY_NATURE:
                others.append(f"{word[:-2]}se")
            alone += [f"{cells[0]}: {other}" for other in others if other not in listed]
    assert alone == []


def test_a_noun_has_one_role() -> None:
    """Listed under two, it would have the last one's without a word."""
    rows = lexicon_rows("roles.tsv")
    words = [word.strip() for _, cells in rows for word in cells[-1].split(",")]
    assert sorted({word for word in words if words.count(word) > 1}) == []
