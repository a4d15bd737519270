"""The short form of `make fuzz`: some hundred broken inputs of each format."""

from __future__ import annotations

from itertools import islice

import pytest

from pipeline.parse.sniff import FORMATS
from tests.parse.fuzz import broken_law, inputs, seeds_by_format

SEEDS = seeds_by_format()
ALL = [data for group in SEEDS.values() for data in group]


def test_every_format_has_seeds() -> None:
    """None is left out of the fuzzing."""
    assert {entry.name for entry in FORMATS} | {"ninjs"} <= set(SEEDS)


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_broken_inputs_keep_the_law(name: str) -> None:
    """Items, numbered, none failed by a bug, each with its bytes."""
    for number, data in enumerate(islice(inputs(SEEDS[name], ALL, f"short/{name}"), 100)):
        assert broken_law(data) is None, number
