"""What a worker reads is one protocol: the job asks a tick and its reader, never what they are."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from pipeline.config import load
from pipeline.errors import ConfigError
from pipeline.parse.selection import Selection
from pipeline.replay import Replay, Selected
from pipeline.work import LakeSide, PartitionGroup, Tick
from tests.source.test_bounded import Numbers


@dataclass(frozen=True, slots=True)
class Planned(Numbers):
    """A source that may be read under some stages alone."""

    stages_id: str | None = "planned"


def lake_side(stages_id: str = "today") -> LakeSide:
    """A lake that holds the first two offsets of whatever is asked for."""

    def ends(sources: Sequence[str]) -> Mapping[str, int]:
        return dict.fromkeys(sources, 2)

    return LakeSide(
        load(None, {"replay": {"part_records": 2}}),
        lake_ends=ends,
        lake_epochs=lambda _: {},
        start_sources=lambda *_: None,
        stages_id=lambda: stages_id,
        pause=lambda _: None,
    )


TICKS: list[Tick] = [
    PartitionGroup(3),
    Replay(Selected(Numbers(0, 9)), 1, 2),
    Replay(Selected(Planned(0, 9))),
]


def test_ticks_are_told_apart_and_can_be_sent_to_a_process() -> None:
    assert len({tick.key for tick in TICKS}) == len(TICKS)
    assert [pickle.loads(pickle.dumps(tick)) for tick in TICKS] == TICKS
    assert [(tick.number, tick.is_bounded, tick.step) for tick in TICKS] == [
        (3, False, "read"),
        (1, True, "batch"),
        (0, True, "batch"),
    ]


def test_a_group_is_read_without_waiting_for_a_turn() -> None:
    reader = PartitionGroup(3).open(lake_side())
    assert reader.topics_reader is reader
    assert reader.sources == ()
    reader.close()


def test_a_share_is_read_from_the_lakes_end_on() -> None:
    """The parts 1 and 3 of two offsets each: the third offset is the first of the second part."""
    reader = Replay(Selected(Numbers(0, 9)), 1, 2).open(lake_side())
    assert reader.topics_reader is None
    batch = reader.read()
    assert batch is not None
    (block,) = batch.blocks
    assert (block.start, block.end) == (2, 4)
    assert reader.is_due(block) is True
    reader.close()


def test_only_a_source_that_names_its_stages_adds_to_what_the_lake_holds() -> None:
    """Of another one a revision that the lake holds is spared the enricher; a selection too."""
    some = Selection(providers=("AFP",))
    for source in (Selected(Planned(0, 9)), Selected(Planned(0, 9), some)):
        assert not Replay(source).spares_repeats
    for source in (Selected(Numbers(0, 9)), Selected(Numbers(0, 9), some)):
        assert Replay(source).spares_repeats
    assert Replay(Selected(Numbers(0, 9), some)).selection == some


def test_under_other_stages_than_planned_nothing_is_read() -> None:
    Replay(Selected(Planned(0, 9))).open(lake_side("planned"))
    with pytest.raises(ConfigError, match="start it again"):
        Replay(Selected(Planned(0, 9), Selection(formats=("text",)))).open(lake_side("today"))
