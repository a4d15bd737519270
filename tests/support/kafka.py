"""Real Kafka for tests, a job without processes that is moved step by step, and a bad network."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from pipeline.config import Settings, load
from pipeline.job import Job
from pipeline.work import PartitionGroup
from tests.support.job import _Process

needs_kafka = pytest.mark.java
APACHE_KAFKA = pytest.param("Apache Kafka", marks=needs_kafka)


def settings_for(servers: Sequence[str], topic: str, lake: Path, /, **sections: Any) -> Settings:
    """Settings of a quick job: small batches, short pauses; `sections` on top."""
    base: dict[str, dict[str, Any]] = {
        "kafka": {
            "bootstrap_servers": tuple(servers),
            "topics": (topic,),
            "discover_interval_s": 1.0,
            "broker_timeout_s": 60.0,
        },
        "lake": {"url": str(lake)},
        "batch": {"flush_interval_s": 0.2, "max_records": 40},
        "job": {"poll_s": 0.2},
    }
    for name, part in sections.items():
        base[name] = {**base.get(name, {}), **part}
    return load(None, base)


def everything(servers: Sequence[str], topic: str) -> list[ConsumerRecord]:
    """Return every record that the broker has of the topic's one partition, up to its end now."""
    consumer = KafkaConsumer(bootstrap_servers=list(servers), auto_offset_reset="earliest")
    place = TopicPartition(topic, 0)
    consumer.assign([place])
    end, found = consumer.end_offsets([place])[place], list[ConsumerRecord]()
    while consumer.position(place) < end:
        for records in consumer.poll(500).values():
            found += records
    consumer.close()
    return found


class Stepped:
    """A job in this process, one group after the other, one batch a step: no Beam, no worker."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.job = Job(settings)

    def step(self) -> int:
        """Read each group once and commit what came; how many records that were."""
        done = 0
        for group in range(self.settings.groups):
            for batch in self.job.read(PartitionGroup(group)):
                for parsed in self.job.parse(batch):
                    receipt = self.job.write(self.job.enrich(parsed))
                    done += sum(block.records for block in receipt.blocks)
        return done

    def until(self, reached: Callable[[], bool], timeout_s: float = 120.0) -> float:
        """Step until `reached`; the seconds that it took."""
        begin_s = time.monotonic()
        while not reached():
            self.step()
            assert time.monotonic() - begin_s < timeout_s, self.waiting_for()
        return time.monotonic() - begin_s

    def waiting_for(self) -> str:
        """What its readers wait for."""
        readers = (self.job.reader(PartitionGroup(n)) for n in range(self.settings.groups))
        return "; ".join(str(getattr(reader, "waiting_for", None)) for reader in readers)

    def records(self) -> int:
        """How many records the lake accounts for."""
        self.job.lake.refresh("ledger")
        rows = self.job.lake.dataset("ledger").to_table(["records"])
        return sum(rows.column(0).to_pylist())

    def __enter__(self) -> Stepped:
        return self

    def __exit__(self, *_: object) -> None:
        self.job.close()


class ConfiguredJob(_Process):
    """`dateline run` with a configuration file, as a process."""

    def __init__(self, config: Path, log: Path, *options: str, **environment: str) -> None:
        super().__init__(
            log,
            *("run", "--config", str(config), "--log-level", "info", *options),
            **environment,
        )


class Network:
    """An HTTP proxy (CONNECT) on loopback that can be slow, or gone: `kafka.client.proxy_url`."""

    def __init__(self) -> None:
        self.delay_s = 0.0
        self._is_up = threading.Event()
        self._is_up.set()
        self._sockets: set[socket.socket] = set()
        self._server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """What the client is told."""
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def cut(self) -> None:
        """Drop all connections and take no new one."""
        self._is_up.clear()
        for one in tuple(self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Take connections again."""
        self._is_up.set()

    def close(self) -> None:
        """End it."""
        self.cut()
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            if self._is_up.is_set():
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()
            else:
                client.close()

    def _serve(self, client: socket.socket) -> None:
        try:
            asked = b""
            while b"\r\n\r\n" not in asked:
                if not (data := client.recv(4096)):
                    return
                asked += data
            host, _, port = asked.split()[1].decode().rpartition(":")
            server = socket.create_connection((host, int(port)), timeout=5)
            server.settimeout(None)
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        except OSError:
            client.close()
            return
        self._sockets |= {client, server}
        back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
        back.start()
        self._pump(client, server)
        back.join()
        self._sockets -= {client, server}
        client.close()
        server.close()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self.delay_s:
                    time.sleep(self.delay_s)
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
