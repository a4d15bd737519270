"""The endpoint of one machine: /metrics, /healthz and /readyz of all its workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pipeline.clock import Clock, Monotonic
from pipeline.observe import health
from pipeline.observe.collected import Collected, Family
from pipeline.observe.exposition import Exposition
from pipeline.observe.health import Process
from pipeline.observe.logs import log
from pipeline.observe.recorder import MetricsSnapshot, Recorder
from pipeline.observe.server import Endpoint, Page
from pipeline.observe.watch import measure_process


class Observer:
    """Takes in what workers tell, and serves it.

    `processes` says which workers there are; `own`, where given, is a recorder of this process,
    taken as worker `0` whenever someone asks. Raises `ConfigError` where no port of `ports` is
    free.
    """

    def __init__(
        self,
        host: str,
        ports: range,
        processes: Callable[[], Sequence[Process]],
        *,
        ready_broker_s: float,
        now: Clock,
        monotonic: Monotonic,
        own: Recorder | None = None,
    ) -> None:
        self._processes, self._own = processes, own
        self._now, self._monotonic = now, monotonic
        self._collected = Collected()
        self._heard_s: dict[str, float] = {}
        exposition = Exposition(self._families)
        self._endpoint = Endpoint(
            host,
            ports,
            {
                "/metrics": exposition.page,
                "/healthz": lambda _: health.alive(self._states()).page(),
                "/readyz": lambda _: self._ready_page(ready_broker_s),
            },
        )
        log.info("metrics are served", host=host, port=self._endpoint.port)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._endpoint.port

    def take_in(self, worker: str, snapshot: MetricsSnapshot) -> None:
        """Add what a worker measured."""
        self._heard_s[worker] = self._monotonic()
        self._collected.merge(worker, snapshot)

    def started(self, worker: str) -> None:
        """Note that a process of that worker begins."""
        self._heard_s[worker] = self._monotonic()

    def ended(self, worker: str, *, restart: str | None = None) -> None:
        """Note that the worker's process is gone; `restart` is why there will be another."""
        self._collected.ended(worker)
        if restart is not None:
            counted: MetricsSnapshot = {
                "add": [("dateline_worker_restarts_total", [restart], 1.0)],
                "set": [],
                "observe": [],
            }
            self._collected.merge(worker, counted)

    def close(self) -> None:
        """Stop serving."""
        self._endpoint.close()

    def _ready_page(self, broker_within_s: float) -> Page:
        verdict = health.ready(self._states(), broker_within_s)
        # One that is in trouble keeps nobody from the others: it is told, and no reason for 503.
        topics: dict[str, list[str]] = {}
        for topic, state in self._collected.labelled("dateline_topic_state"):
            topics.setdefault(topic, []).append(state)
        in_trouble = {topic: ", ".join(states) for topic, states in topics.items()}
        return verdict.page(topics=in_trouble) if in_trouble else verdict.page()

    def _refresh(self) -> None:
        if self._own is not None:
            measure_process(self._own)
            self.take_in("0", self._own.take())

    def _families(self) -> Iterable[Family]:
        self._refresh()
        running = sum(process.running for process in self._processes())
        counted: MetricsSnapshot = {
            "add": [],
            "set": [("dateline_workers", [], running)],
            "observe": [],
        }
        self._collected.merge("", counted)
        return self._collected.families(self._now().timestamp())

    def _states(self) -> list[health.WorkerState]:
        self._refresh()
        now_s, monotonic_s = self._now().timestamp(), self._monotonic()

        def lasting_s(worker: str, name: str) -> float:
            since_s = self._collected.gauge(worker, name)
            return max(0.001, now_s - since_s) if since_s else 0.0

        return [
            health.WorkerState(
                name=process.name,
                running=process.running,
                deaths=process.deaths,
                silent_s=monotonic_s - self._heard_s.get(process.name, monotonic_s),
                model_loaded=bool(
                    self._collected.gauge(process.name, "dateline_worker_model_loaded")
                ),
                connected=bool(self._collected.gauge(process.name, "dateline_worker_connected")),
                broker_wait_s=lasting_s(process.name, "dateline_waiting_for_broker_seconds"),
                store_wait_s=lasting_s(process.name, "dateline_waiting_for_store_seconds"),
                read_s=lasting_s(process.name, "dateline_worker_read_seconds"),
                batch_s=lasting_s(process.name, "dateline_worker_batch_seconds"),
            )
            for process in self._processes()
        ]
