"""Back-off: from a broker that is away, from a source that another writer holds."""

from __future__ import annotations

import pytest

from pipeline.errors import BrokerError
from pipeline.pauses import Pauses
from pipeline.source.kafka.backoff import ContestedSources, Outage


def test_pauses_grow_until_patience_ends() -> None:
    """Attempts get rarer up to a bound; after the limit the fault is raised with its evidence."""
    outage = Outage(limit_s=60, pauses=Pauses(1, 8))
    now_s, pauses = 0.0, []
    with pytest.raises(BrokerError, match=r"away.*address=here"):
        for _ in range(1000):
            outage.failed(now_s, now_s, RuntimeError("away"), address="here")
            pauses.append(outage.pause_s(now_s))
            now_s += pauses[-1]
    assert pauses[:5] == [1, 2, 4, 8, 8]
    assert 60 <= now_s < 70


def test_an_answer_ends_the_outage() -> None:
    """After an answer the patience is whole again."""
    outage = Outage(limit_s=10, pauses=Pauses(1, 10))
    outage.failed(0, 0, RuntimeError())
    assert outage.lasting
    outage.over()
    assert not outage.lasting
    assert outage.pause_s(0) == 0
    outage.failed(100, 100, RuntimeError())
    assert outage.pause_s(100) == 1


def test_twice_running_is_left_alone() -> None:
    """One loss is bad luck; a second one running sends the source away, a win in between not."""
    standing = ContestedSources()
    assert not standing.lost("a", 10, 0)
    standing.won("a")
    assert not standing.lost("a", 20, 1)
    assert standing.lost("a", 30, 2)
    assert standing.left_alone() == ["a"]
    assert standing.due(6.9) == []
    assert standing.due(7) == ["a"]


def test_left_for_longer_while_another_writes() -> None:
    """Waits double up to a minute as long as the other one moves on; then the source is free."""
    standing = ContestedSources()
    standing.lost("a", 1, 0)
    standing.lost("a", 2, 0)
    now_s, waits, end = 0.0, [], 2
    for _ in range(6):
        begun = now_s
        while not standing.due(now_s):
            now_s += 1
        waits.append(now_s - begun)
        end += 1
        assert not standing.look("a", end, now_s)
    assert waits == [5, 10, 20, 40, 60, 60]
    while not standing.due(now_s):
        now_s += 1
    assert standing.look("a", end, now_s)
    assert standing.left_alone() == []
    assert standing.lost("a", end + 1, now_s)
