"""Processes of the fork server are told apart though their numbers come again."""

from __future__ import annotations

from tests.support.forks import Forked, Server


def test_a_number_that_comes_again_is_another_process() -> None:
    """How a process ended that had the number before is not how this one did."""
    server = Server("tests.support.writing")
    try:
        server._codes |= dict.fromkeys(range(1, 1 << 16), -9)
        process = Forked(server, ["no such order"])
        assert process.wait(60) == 2
        assert "required: what" in process.communicate(60)[1]
    finally:
        server.close()
