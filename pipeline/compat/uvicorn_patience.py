"""Lets go of clients that are slow to ask: uvicorn waits for the rest of a request for ever.

Its keep-alive timeout begins after an answer and ends with the next byte, so a client that sends a
header a minute keeps its place (uvicorn 0.54, `protocols/http/h11_impl.py`).
"""

from __future__ import annotations

import asyncio

from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipeline.compat.liberty import Liberty

LIBERTY = Liberty(
    library="uvicorn",
    version="0.54.0",
    why="a client that sends a header a minute keeps its place for ever",
)


def patient_protocol(seconds: float, most_waiting: int = 200) -> type[H11Protocol]:
    """Return uvicorn's protocol with so much patience for each request to come in whole.

    At most `most_waiting` connections are waited for at once.
    """
    waited_for: dict[H11Protocol, None] = {}

    class Patient(H11Protocol):
        """Closes a connection whose request is not there in time, or whose answer is not read."""

        _waiting: asyncio.TimerHandle | None = None

        @override
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._wait()

        @override
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop()
            elif self._waiting is None:
                self._wait()

        @override
        def connection_lost(self, exc: Exception | None) -> None:
            self._stop()
            super().connection_lost(exc)

        @override
        def timeout_keep_alive_handler(self) -> None:
            super().timeout_keep_alive_handler()
            self._see_it_read(-1)

        def _see_it_read(self, left_bytes: int) -> None:
            """Cut the connection off where nothing of what is left was read since the last look."""
            left = self.transport.get_write_buffer_size()
            if left and left == left_bytes:
                self.transport.abort()
            elif left:
                self.loop.call_later(seconds, self._see_it_read, left)

        def _wait(self) -> None:
            if len(waited_for) >= most_waiting:
                next(iter(waited_for))._give_up()  # type: ignore[attr-defined]
            waited_for[self] = None
            self._waiting = self.loop.call_later(seconds, self._give_up)

        def _stop(self) -> None:
            waited_for.pop(self, None)
            if self._waiting is not None:
                self._waiting.cancel()
                self._waiting = None

        def _give_up(self) -> None:
            self._stop()
            if self.cycle is None or self.cycle.response_complete:
                self.transport.close()

    return Patient
