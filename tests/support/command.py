"""A command in this process: what it prints, its exit code, without the start of another one.

It goes through `pipeline.cli.main`, as `python -m pipeline.cli` does, and no stream of it is a
terminal. A test whose point is the process (signals, a terminal, what is imported) starts one.
A command that starts workers is a process in any case, forked off one that stands ready.
"""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast
from unittest import mock

import structlog

from pipeline.cli import main
from tests.support import ready

_WITH_WORKERS = {"run", "replay", "reprocess", "demo"}
_TIMEOUT_S = 900.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def dateline(*arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Ended:
    """Run the command, with `env` on top of this process's variables.

    Raises what the command would have died of with a traceback.
    """
    if _WITH_WORKERS.intersection(arguments[:1]):
        process = ready.command(*arguments, env=env, stdin=stdin.encode())
        told = process.communicate(_TIMEOUT_S)
        return Ended(process.wait(0), *told)
    given, out, err = _stream(stdin), _stream(), _stream()
    code = 0
    with (
        mock.patch.dict(os.environ, env or {}),
        mock.patch.multiple(
            sys, argv=["dateline", *arguments], stdin=given, stdout=out, stderr=err
        ),
        _logs_as_before(),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Ended(code, _text(out), _text(err))


def _stream(text: str = "") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    return cast("io.BytesIO", stream.buffer).getvalue().decode()


@contextmanager
def _logs_as_before() -> Iterator[None]:
    """Take back what a command does to the logs: its handler writes to a stream that is gone."""
    root, ours = logging.getLogger(), logging.getLogger("dateline")
    before = (root.handlers[:], root.level, ours.level, structlog.get_config())
    try:
        yield
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        ours.setLevel(before[2])
        structlog.configure(**before[3])
