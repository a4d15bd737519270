"""One worker process of the in-process engine; `pipeline.supervise` starts it.

It is told what to do by one line of JSON on standard input, which stays open: when it closes, the
supervisor is gone and the worker finishes its batch and stops. It tells what it did by lines of
JSON on standard output. Its exit code is that of the fault, if any.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from typing import IO, Any

from pipeline.config import restore
from pipeline.errors import GROWN_EXIT_CODE, DatelineError
from pipeline.job import forget, job_of
from pipeline.observe.logs import configure, log
from pipeline.replay import from_json


def main() -> int:
    """Run the worker that standard input describes; the process's exit code."""
    report = _take_stdout()
    order = json.loads(sys.stdin.readline())
    configure(order["log_level"], json=order["log_json"])
    # Only now: importing Beam logs.
    from pipeline.beam.launch import replay, run_epochs

    settings = restore(order["settings"])
    job = job_of(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: job.stop.set())
    threading.Thread(target=_watch_supervisor, args=(job.stop,), daemon=True).start()

    def tell(fact: Mapping[str, Any]) -> None:
        print(json.dumps(fact), file=report, flush=True)

    job.on_receipt = lambda receipt: tell(receipt.report())
    try:
        if "replay" in order:
            ended = replay(settings, [from_json(tick) for tick in order["replay"]])
        else:
            ended = run_epochs(settings, order["groups"], until_caught_up=order["until_caught_up"])
    except DatelineError as error:
        log.error("the job stops", reason=str(error), exit_code=error.exit_code)
        tell({"fault": str(error)})
        return error.exit_code
    finally:
        forget(settings)
    return GROWN_EXIT_CODE if ended == "grown" else 0


def _take_stdout() -> IO[str]:
    """Keep standard output for the reports: what a library prints goes to standard error."""
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return report


def _watch_supervisor(stop: threading.Event) -> None:
    while sys.stdin.readline():
        pass
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
