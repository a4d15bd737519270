"""Worker processes of one machine: started, watched, replaced, stopped.

Each worker reads its own groups. One that is killed is started again after a pause, one that has
grown at once; a fault of the surroundings in one of them ends the job with its exit code.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import IO, TYPE_CHECKING, Any

from pipeline import clock
from pipeline.config import Settings
from pipeline.errors import (
    BY_EXIT_CODE,
    GROWN_EXIT_CODE,
    ConfigError,
    DatelineError,
    WorkerError,
)
from pipeline.forks import OF_A_WORKER, Forked, ForkServer, module_command
from pipeline.observe.health import Process
from pipeline.observe.logs import log
from pipeline.pauses import grown

if TYPE_CHECKING:
    from pipeline.observe.observer import Observer
    from pipeline.replay import Replay

_POLL_S = 0.1
_DEATHS = 5
_WINDOW_S = 120.0
_FIRST_PAUSE_S = 0.5
_GRACE_S = 60.0
_STANDARD_ERROR = 2
_WORKER = "pipeline.beam.worker"
_RESTARTS = {GROWN_EXIT_CODE: "grown"}

OnReport = Callable[[Mapping[str, Any]], None]
"""Called with `Receipt.report()` of each batch that a worker committed; from another thread."""


@dataclass(frozen=True, slots=True)
class Logging:
    """Says how the workers log: a level's name, and whether as JSON lines."""

    level: str = "info"
    json: bool | None = None


class Supervisor:
    """The workers of a job: each with its groups of partitions, or its share of a replay."""

    def __init__(
        self,
        settings: Settings,
        *,
        until_caught_up: bool = False,
        on_report: OnReport | None = None,
        logging: Logging | None = None,
        replays: Sequence[Sequence[Replay]] | None = None,
    ) -> None:
        logs = logging or Logging()
        orders: list[dict[str, Any]] = (
            [
                {"groups": mine, "until_caught_up": until_caught_up}
                for mine in groups_by_worker(settings)
            ]
            if replays is None
            else [{"replay": _as_json(mine)} for mine in replays]
        )
        common = {
            "settings": settings.model_dump(mode="json"),
            "log_level": logs.level,
            "log_json": logs.json,
        }
        self._settings = settings
        self._is_replay = replays is not None
        self._nursery = _Nursery(common)
        self._workers = [
            _Worker(str(n), common | order, self._nursery, on_report)
            for n, order in enumerate(orders)
        ]

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers that run."""
        return [pid for worker in self._workers if (pid := worker.pid) is not None]

    def run(self, stop: threading.Event, hurry: threading.Event | None = None) -> None:
        """Run until `stop` is set or every worker is done.

        `hurry` kills workers that are still finishing their batch; nothing is lost by that. Raises
        the `DatelineError` that a worker ended with, `WorkerError` for one that dies again and
        again, `ConfigError` where metrics are to be served and cannot.
        """
        observer = self._observe()
        for worker in self._workers:
            worker.observer = observer
        upkeep = _Upkeep(self._settings, wanted=not self._is_replay)
        try:
            while not stop.is_set():
                upkeep.look()
                if not [worker for worker in self._workers if not worker.look()]:
                    return
                stop.wait(_POLL_S)
        except DatelineError as error:
            # Once, however many workers meet it.
            log.error("the job stops", reason=str(error), exit_code=error.exit_code)
            raise
        finally:
            upkeep.end()
            self._stop(hurry or threading.Event())
            if observer is not None:
                observer.close()

    def _observe(self) -> Observer | None:
        observe = self._settings.observe
        if observe.metrics_port is None:
            return None
        # Only now: who does not ask for metrics loads nothing for them.
        from pipeline.observe.observer import Observer

        try:
            return Observer(
                observe.host,
                range(observe.metrics_port, observe.metrics_port + 1),
                lambda: [worker.process for worker in self._workers if not worker.done],
                ready_broker_s=observe.ready_broker_s,
                now=clock.now,
                monotonic=clock.monotonic,
            )
        except ConfigError as error:
            if not self._is_replay:
                raise
            # As a rule the job runs beside it, under the same configuration.
            log.warning("this replay serves no metrics", reason=str(error))
            return None

    def _stop(self, hurry: threading.Event) -> None:
        for worker in self._workers:
            worker.ask_to_stop()
        end_s = clock.monotonic() + _GRACE_S
        while self.pids and clock.monotonic() < end_s and not hurry.wait(_POLL_S):
            pass
        # What has not begun, or does not end, is killed with it.
        self._nursery.close()
        for worker in self._workers:
            worker.end()


class _Upkeep:
    """Rounds of compaction and clean-up beside the workers, each a process; a failed one is told.

    Of a job of several shards the first does it. What a round that is stopped had written is litter
    of a compaction that died, which the next clean-up removes.
    """

    def __init__(self, settings: Settings, *, wanted: bool) -> None:
        upkeep, lake = settings.upkeep, settings.lake
        self._wanted = wanted and upkeep.enabled and settings.job.shard == 0
        self._interval_s = upkeep.interval_s
        self._due_s = clock.monotonic() + upkeep.interval_s
        self._process: subprocess.Popen[str] | None = None
        self._drops_repeats = upkeep.drop_repeats
        self._looked_on: date | None = None
        self._order = {
            "url": lake.url,
            "options": dict(lake.options),
            "sizing": {
                "target_bytes": min(upkeep.target_file_bytes, lake.target_file_bytes),
                "min_files": lake.compact_min_files,
            },
            "retention_s": lake.retention_s,
        }

    def look(self) -> None:
        """Begin a round that is due, or tell of one that has ended."""
        if self._process is None:
            if self._wanted and clock.monotonic() >= self._due_s:
                self._start()
        elif self._process.poll() is not None:
            said, _ = self._process.communicate()
            self._tell(said, self._process.returncode)
            self._process = None
            self._due_s = clock.monotonic() + self._interval_s

    def end(self) -> None:
        """Stop a round that is still at work."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _next_order(self) -> str:
        # All stories are looked at for repeats, so once a day: that is when another one is closed.
        today = clock.now().date()
        drops = self._drops_repeats and self._looked_on != today
        self._looked_on = today
        return json.dumps({**self._order, "drop_repeats": drops})

    def _start(self) -> None:
        self._process = subprocess.Popen(
            module_command("pipeline.store.upkeep.round"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**OF_A_WORKER, **os.environ},
        )
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # it died already: `look` sees it
                self._process.stdin.write(self._next_order() + "\n")
                self._process.stdin.flush()

    def _tell(self, said: str, code: int) -> None:
        try:
            facts = json.loads(said)
        except json.JSONDecodeError:
            facts = {"fault": "it died"}
        if "fault" in facts:
            log.warning("a round of upkeep failed", reason=facts["fault"], exit_code=code)
            self._looked_on = None
        else:
            shown = ("dropped", "replaced", "written")
            log.info("upkeep", **{name: facts[name] for name in shown})


class _Nursery:
    """Where workers come from: a fork server, started with the first and again where it died."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        self._order = order
        self._server: ForkServer | None = None

    def start(self) -> tuple[Forked, IO[str], IO[str]]:
        """Start a worker; with it come its standard input and output."""
        if self._server is None or self._server.is_gone:
            self.close()
            self._server = ForkServer(_WORKER, self._order)
        its_input, order = os.pipe()
        reports, its_output = os.pipe()
        forked = self._server.start((), (its_input, its_output, _STANDARD_ERROR))
        os.close(its_input)
        os.close(its_output)
        return forked, os.fdopen(order, "w"), os.fdopen(reports)

    def close(self) -> None:
        """End the server, and the workers that still run."""
        if self._server is not None:
            self._server.close()
            self._server = None


class _Worker:
    def __init__(
        self,
        name: str,
        order: Mapping[str, Any],
        nursery: _Nursery,
        on_report: OnReport | None,
    ) -> None:
        self.name = name
        self.done = False
        self.observer: Observer | None = None
        self._order = json.dumps(order)
        self._nursery = nursery
        self._on_report = on_report
        self._process: Forked | None = None
        self._pipes: tuple[IO[str], ...] = ()
        self._listener: threading.Thread | None = None
        self._deaths: deque[float] = deque()
        self._restart_s = 0.0
        self._fault = ""

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def process(self) -> Process:
        """The worker as /healthz and /readyz judge it; it runs from when it is asked for."""
        process, now_s = self._process, clock.monotonic()
        deaths = sum(now_s - death_s <= _WINDOW_S for death_s in tuple(self._deaths))
        is_running = process is not None and process.poll() is None
        return Process(self.name, is_running, deaths)

    def look(self) -> bool:
        """Start or restart the worker where need be; True once it is done for good."""
        if self._process is None:
            if clock.monotonic() >= self._restart_s:
                self._start()
            return False
        code = self._process.poll()
        if code is None:
            return False
        self.end()
        if code == 0:
            self.done = True
            return True
        if self.observer is not None:
            self.observer.ended(self.name, restart=_RESTARTS.get(code, "died"))
        if code == GROWN_EXIT_CODE:
            log.info("a worker has grown and is replaced")
        elif code in BY_EXIT_CODE:
            raise BY_EXIT_CODE[code](self._fault or "a worker stopped")
        else:
            self._note_death(code)
        self._process = None
        return False

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def end(self) -> None:
        """Wait for the process, killing it where it still runs, and for its last report."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._listener is not None:
            self._listener.join()
        for pipe in self._pipes:
            with suppress(BrokenPipeError):  # its order had not been taken
                pipe.close()

    def _note_death(self, code: int) -> None:
        now_s = clock.monotonic()
        self._deaths.append(now_s)
        while now_s - self._deaths[0] > _WINDOW_S:
            self._deaths.popleft()
        if len(self._deaths) > _DEATHS:
            raise WorkerError("a worker dies again and again", exit_code_of_worker=code)
        pause_s = grown(_FIRST_PAUSE_S, _WINDOW_S, len(self._deaths) - 1)
        self._restart_s = now_s + pause_s
        log.warning("a worker died and is started again", exit_code=code, pause_s=pause_s)

    def _start(self) -> None:
        self._process, order, reports = self._nursery.start()
        self._pipes = (order, reports)
        with suppress(BrokenPipeError):  # it died already: `look` sees it
            order.write(self._order + "\n")
            order.flush()
        if self.observer is not None:
            self.observer.started(self.name)
        self._listener = threading.Thread(target=self._listen, args=(reports,), daemon=True)
        self._listener.start()

    def _listen(self, reports: IO[str]) -> None:
        for line in reports:
            try:
                fact = json.loads(line)
            except json.JSONDecodeError:
                break  # killed in the middle of its last line
            if "fault" in fact:
                self._fault = fact["fault"]
            elif "metrics" in fact:
                if self.observer is not None:
                    self.observer.take_in(self.name, fact["metrics"])
            elif self._on_report is not None:
                self._on_report(fact)


def groups_by_worker(settings: Settings) -> list[list[int]]:
    """Return the groups of each worker of this process, which is one shard of the job.

    Over all shards each group has one worker, and each worker a group.
    """
    job = settings.job
    mine = range(job.shard, settings.groups, job.shards)
    return [list(mine[n :: job.workers]) for n in range(job.workers)]


def _as_json(ticks: Sequence[Replay]) -> list[dict[str, Any]]:
    # Only now: the supervisor of a job that streams has no use for the parsers.
    from pipeline.replay import to_json

    return [to_json(tick) for tick in ticks]
