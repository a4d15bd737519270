"""A query in a process of its own, that the system stops where it takes too much.

DuckDB's own limit does not count the vectors of scalar functions: a list of a hundred million
numbers grew to 6.7 GB under a limit of 2 (measured). So the address space is limited too, and time.
The child ends with its parent, however that ends.
"""

from __future__ import annotations

import os
import pickle
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.errors import DatelineError, UsageError

_BESIDE_BYTES = 1024**3
"""Address space beyond the query's memory and what the process has as it begins: threads, spill."""

_LOOK_S = 0.5
"""How often the child looks whether its parent is still there."""


def query_apart(
    lake_url: str,
    options: Mapping[str, str] | None,
    sql: str,
    as_of: datetime,
    *,
    parameters: Mapping[str, object] | None = None,
    memory_mb: int = 2048,
    timeout_s: float = 600.0,
) -> pa.Table:
    """Run `query.query` in a child process that is ended above `memory_mb` or `timeout_s`.

    Raises as `query.query` does, and `UsageError` for a query that takes too much.
    """
    lake = (lake_url, dict(options or {}))
    asked = pickle.dumps((os.getpid(), *lake, sql, as_of, dict(parameters or {}), memory_mb))
    # What the child prints as it dies (a stack of C++) is of no use to who asked.
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.store.read.query_apart"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        try:
            answer, _ = child.communicate(asked, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise UsageError(
                "the query takes too long and was ended: ask for fewer days, or give it more time"
                " (--timeout-s)",
                timeout_s=timeout_s,
            ) from None
        finally:
            child.kill()
    if not answer:
        raise too_much_memory(memory_mb)
    kind, content = pickle.loads(answer)  # noqa: S301 (our own child's)
    if kind == "fault":
        raise content
    if kind == "memory":
        raise too_much_memory(memory_mb)
    return pa.ipc.open_stream(content).read_all()


def too_much_memory(memory_mb: int) -> UsageError:
    """Make the error of a query that does not get by with `memory_mb`."""
    return UsageError(
        "the query takes too much memory: ask for fewer columns or days, or give it more"
        " (--memory-mb)",
        memory_mb=memory_mb,
    )


def main() -> None:
    """Carry out the query that standard input holds, and write its result to standard output."""
    from pipeline.store.read.query import query

    out = os.fdopen(os.dup(1), "wb")
    asked = pickle.load(sys.stdin.buffer)  # noqa: S301 (our parent's)
    parent, lake_url, options, sql, as_of, parameters, memory_mb = asked
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    answer: tuple[str, Any]
    try:
        _limit(memory_mb)
        found = query(lake_url, options, sql, as_of, parameters=parameters, memory_mb=memory_mb)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, found.schema) as writer:
            writer.write_table(found)
        answer = ("rows", sink.getvalue().to_pybytes())
    except DatelineError as error:
        answer = ("fault", error)
    except MemoryError:
        answer = ("memory", None)
    with out:
        pickle.dump(answer, out)
    # Not the interpreter's own end: a thread that the limit stopped may never come back.
    os._exit(0)


def _end_with(parent: int) -> None:
    """End this process once the process `parent` is gone: nobody waits for the answer."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(1)


def _limit(memory_mb: int) -> None:
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return  # not Linux: DuckDB's own limit holds alone
    held = int(statm.read_text("ascii").split()[0]) * resource.getpagesize()
    most = held + memory_mb * 1024**2 + _BESIDE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    main()
