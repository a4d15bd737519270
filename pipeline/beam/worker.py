"""One worker process of the in-process engine; `pipeline.supervise` starts it off a fork server.

It is told what to do by one line of JSON on standard input, which stays open: when it closes, the
supervisor is gone and the worker finishes its batch and stops, or is ended after some seconds,
whatever it is doing: what is not committed is read again. It tells what it did by lines of
JSON on standard output, the fault that ended it among them: the supervisor logs one for all
workers. Its exit code is that of the fault, if any.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

from pipeline.config import restore
from pipeline.errors import GROWN_EXIT_CODE, DatelineError, WorkerError
from pipeline.job import Job, enricher_of, forget, job_of, stages_of
from pipeline.observe.logs import configure
from pipeline.observe.watch import measure_process
from pipeline.replay import from_json
from pipeline.store.commit.write import Receipt

_TELL_S = 2.0
"""How often a worker tells its metrics, apart from each batch."""

_ORPHAN_S = 5.0
"""How long a worker whose supervisor is gone may take to finish its batch."""


def load_shared(order: Mapping[str, Any]) -> None:
    """Load in the fork server what every worker of a job needs: Beam, the lists and the models."""
    configure(order["log_level"], json=order["log_json"])
    # Only now: importing Beam logs.
    import pipeline.beam.launch  # noqa: F401

    # A worker meets the same fault, and has someone to tell it to.
    with suppress(DatelineError):
        settings = restore(order["settings"])
        enricher = enricher_of(settings)
        enricher.load()
        stages_of(enricher, settings)


def main(_: Sequence[str] = ()) -> int:
    """Run the worker that standard input describes; the process's exit code."""
    report = _take_stdout()
    line = sys.stdin.readline()
    if not line:  # its supervisor is gone already
        return 0
    order = json.loads(line)
    configure(order["log_level"], json=order["log_json"])
    # Only now: importing Beam logs.
    from pipeline.beam.launch import replay_ticks, run_epochs

    settings = restore(order["settings"])
    job = job_of(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: job.order.stop.set())
    threading.Thread(target=_watch_supervisor, args=(job.order.stop,), daemon=True).start()

    reports = _Reports(report, job)
    try:
        job.prepare()
        if "replay" in order:
            ended = replay_ticks(settings, [from_json(tick) for tick in order["replay"]])
        else:
            ended = run_epochs(settings, order["groups"], until_caught_up=order["until_caught_up"])
    except DatelineError as error:
        reports.tell({"fault": str(error)})
        return error.exit_code
    finally:
        reports.end()
        forget(settings)
    return GROWN_EXIT_CODE if ended == "grown" else 0


class _Reports:
    """Tells the supervisor of each batch, and of metrics where it asks for them."""

    def __init__(self, file: IO[str], job: Job) -> None:
        self._file, self._vitals = file, job.telemetry
        self._lock = threading.Lock()
        self._ended = threading.Event()
        job.on_receipt = self._committed
        if self._vitals.wanted:
            threading.Thread(target=self._run, daemon=True).start()

    def tell(self, fact: Mapping[str, Any]) -> None:
        """Write one line; nobody hears it where the supervisor is gone."""
        with self._lock, suppress(BrokenPipeError):
            print(json.dumps(fact), file=self._file, flush=True)

    def end(self) -> None:
        """Tell what has not been told."""
        self._ended.set()
        self._tell_metrics()

    def _committed(self, receipt: Receipt) -> None:
        self.tell(receipt.report())
        self._tell_metrics()

    def _tell_metrics(self) -> None:
        if self._vitals.wanted:
            measure_process(self._vitals.recorder)
            self.tell({"metrics": self._vitals.recorder.take()})

    def _run(self) -> None:
        while not self._ended.wait(_TELL_S):
            self._tell_metrics()


def _take_stdout() -> IO[str]:
    """Keep standard output for the reports: what a library prints goes to standard error."""
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return report


def _watch_supervisor(stop: threading.Event) -> None:
    while sys.stdin.readline():
        pass
    stop.set()
    # Nobody is left to end a worker that hangs.
    time.sleep(_ORPHAN_S)
    os._exit(WorkerError.exit_code)


if __name__ == "__main__":
    sys.exit(main())
