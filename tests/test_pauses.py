from __future__ import annotations

from pipeline.pauses import Pauses


def test_each_pause_is_twice_the_one_before_up_to_the_longest() -> None:
    """However long it goes on; after an answer the first one comes again."""
    pauses = Pauses(first_s=0.5, longest_s=3.0)
    assert [pauses.next() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    for _ in range(5000):
        assert pauses.next() == 3.0
    pauses.reset()
    assert pauses.next() == 0.5
