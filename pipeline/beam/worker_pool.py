"""The pool that starts Beam's Python workers on request of a Flink TaskManager on this machine.

It listens on loopback only: see `pipeline.compat.beam_pool`.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading

from pipeline.compat.beam_pool import LoopbackPool
from pipeline.forks import OF_A_WORKER


def main() -> None:
    """Serve until SIGTERM or SIGINT, then end the workers."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--service_port", type=int, default=50000)
    port = options.parse_args().service_port
    # The workers are processes of their own, which inherit it.
    os.environ.update({**OF_A_WORKER, **os.environ})
    pool = LoopbackPool()
    caught: list[int] = []
    stop = threading.Event()

    def on_signal(number: int, _: object) -> None:
        caught.append(number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    # By now: a signal that comes before would end this process and leave the first workers.
    pool.serve(port)
    stop.wait()
    pool.stop_all()
    # As if it had not been waited for: whoever sent the signal looks for that.
    signal.signal(caught[0], signal.SIG_DFL)
    signal.raise_signal(caught[0])


if __name__ == "__main__":
    main()
