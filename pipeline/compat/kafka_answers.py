"""What a broker says right before it hangs up, which is how it answers a wrong password.

kafka-python drops bytes that it reads together with the end of the connection.
"""

from __future__ import annotations

from typing import Any

from kafka.net.manager import KafkaConnectionManager

from pipeline.compat.liberty import Liberty

LIBERTY = Liberty(
    library="kafka-python",
    version="3.0.12",
    why="the last bytes before a connection ends are dropped, and with them the broker's refusal",
)


class Manager(KafkaConnectionManager):  # type: ignore[misc]
    """Connections that hand on what a broker says right before it hangs up."""

    async def _build_transport(self, node: Any, timeout_at: float | None = None) -> Any:
        transport = await super()._build_transport(node, timeout_at=timeout_at)
        receive = transport._sock_recv
        ends: list[Exception] = []

        def receive_all() -> tuple[bytes, Exception | None]:
            if ends:
                return b"", ends[0]
            data, end = receive()
            if data and end:
                ends.append(end)
                end = None
            return data, end

        transport._sock_recv = receive_all
        return transport
