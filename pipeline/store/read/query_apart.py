"""A query in a process of its own, that the system stops where it takes too much.

DuckDB's own limit does not count the vectors of scalar functions: a list of a hundred million
numbers grew to 6.7 GB under a limit of 2 (measured). So the address space is limited too, and time.
The child ends with its parent, however that ends.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from pipeline.errors import DatelineError, UsageError
from pipeline.forks import module_command

if TYPE_CHECKING:
    import pyarrow as pa

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
    import pickle

    lake = (lake_url, dict(options or {}))
    asked = pickle.dumps((os.getpid(), *lake, sql, as_of, dict(parameters or {}), memory_mb))
    # What the child prints as it dies (a stack of C++) is of no use to who asked.
    with subprocess.Popen(  # noqa: S603 (our own module)
        module_command("pipeline.store.read.query_apart"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        try:
            answer, _ = child.communicate(asked, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise _too_long(timeout_s) from None
        finally:
            child.kill()
    if not answer:
        raise too_much_memory(memory_mb)
    kind, content = pickle.loads(answer)  # noqa: S301 (our own child's)
    if kind == "fault":
        raise content
    if kind == "memory":
        raise too_much_memory(memory_mb)
    import pyarrow as pa

    return pa.ipc.open_stream(content).read_all()


@contextmanager
def forked(memory_mb: int, timeout_s: float) -> Iterator[None]:
    """Carry the body out in a child, which is ended above `memory_mb` or `timeout_s`.

    For a command that has imported little and begun no thread: the child does not import again what
    this process has, as one of `query_apart` must. The body prints or writes the answer itself. In
    this process the statement does not end: it raises what the child raised as a `DatelineError`,
    `UsageError` for a body that takes too much, and else `SystemExit` with the child's code.
    """
    parent = os.getpid()
    reader, writer = os.pipe()
    _flush()
    child = os.fork()
    if child:
        os.close(writer)
        with os.fdopen(reader, "rb") as answer:
            _watch(child, answer.fileno(), timeout_s)
            fault = answer.read()
        _, status = os.waitpid(child, 0)
        if fault:
            import pickle

            raise pickle.loads(fault)  # noqa: S301 (our own child's)
        if os.WIFSIGNALED(status):
            raise too_much_memory(memory_mb)
        raise SystemExit(os.waitstatus_to_exitcode(status))
    os.close(reader)
    # Who asked ends this process; it does not tell of that as well.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    raised: DatelineError | None = None
    try:
        with _hushed():
            import_module("pipeline.store.read.query")
            _limit(memory_mb)
            yield
            _flush()
    except DatelineError as error:
        raised = error
    except MemoryError:
        raised = too_much_memory(memory_mb)
    except BrokenPipeError:
        _leave(1)  # who reads the answer has enough of it
    except BaseException:
        traceback.print_exc()
        _leave(1)
    if raised is not None:
        import pickle

        with os.fdopen(writer, "wb") as answer:
            pickle.dump(raised, answer)
    _leave(0)


def _watch(child: int, answer: int, timeout_s: float) -> None:
    """Wait until `child` has something to tell or is gone; end it where it takes too long."""
    try:
        if not select.select([answer], [], [], timeout_s)[0]:
            raise _too_long(timeout_s)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise


def _flush() -> None:
    """Hand on what was printed; a stream that the caller closed is None."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep Python's standard error, and drop what C++ prints there as it dies: a stack."""
    if sys.stderr is None:
        yield
        return
    own = os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        with redirect_stderr(own):
            yield
    finally:
        os.dup2(own.fileno(), 2)


def _leave(code: int) -> NoReturn:
    """End at once, not as the interpreter does: a thread that a limit stopped may never return."""
    os._exit(code)


def _too_long(timeout_s: float) -> UsageError:
    return UsageError(
        "the query takes too long and was ended: ask for fewer days, or give it more time"
        " (--timeout-s)",
        timeout_s=timeout_s,
    )


def too_much_memory(memory_mb: int) -> UsageError:
    """Make the error of a query that does not get by with `memory_mb`."""
    return UsageError(
        "the query takes too much memory: ask for fewer columns or days, or give it more"
        " (--memory-mb)",
        memory_mb=memory_mb,
    )


def main() -> None:
    """Carry out the query that standard input holds, and write its result to standard output."""
    import pickle

    import pyarrow as pa

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
    _leave(0)


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
