"""The short form of `make fuzz`: some hundred broken inputs of each format."""

from __future__ import annotations

from itertools import islice

import pytest

from pipeline.parse.sniff import FORMATS
from tests.parse.fuzz import broken_law, inputs, seeded, seeds_by_format


def test_every_format_has_seeds() -> None:
    """None is left out of the fuzzing."""
    assert {entry.name for entry in FORMATS} | {"ninjs"} <= set(seeds_by_format())


@pytest.mark.parametrize("name", seeded())
def test_broken_inputs_keep_the_law(name: str) -> None:
    """Items, numbered, none failed by a bug, each with its bytes."""
    seeds = seeds_by_format()
    everything = [data for group in seeds.values() for data in group]
    broken = inputs(seeds[name], everything, f"short/{name}")
    for number, data in enumerate(islice(broken, 100)):
        assert broken_law(data) is None, number
