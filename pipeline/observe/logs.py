"""Structured logs on standard error: for people on a terminal, JSON lines elsewhere."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable
from typing import TextIO

import structlog

from pipeline.escape import escaped
from pipeline.redact import masked

log: structlog.stdlib.BoundLogger = structlog.get_logger("dateline")
"""The project's one logger; facts go into its keyword arguments."""


def configure(level: str = "info", *, json: bool | None = None) -> None:
    """Send all logs, ours and the libraries', to standard error.

    `level` is a name of `logging`'s levels; `json` defaults to whether standard error is no
    terminal. Libraries are heard from WARNING on.
    """
    as_json = not sys.stderr.isatty() if json is None else json
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _drop_empty,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(exception_formatter=_traceback)
    )
    handler = logging.StreamHandler(sys.stderr)
    # The console's renderer writes tracebacks itself, and everything as it is.
    mask = _texts(masked)
    ready = [structlog.processors.format_exc_info, mask] if as_json else [mask, _texts(_plain)]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *ready,
                renderer,
            ],
        )
    )
    handler.addFilter(_is_worth_telling)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("dateline").setLevel(level.upper())


def _is_worth_telling(record: logging.LogRecord) -> bool:
    # Beam says this at import, of clients for services that are not used here.
    return not str(record.msg).startswith("apitools not found")


def _traceback(file: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    # Not structlog's own choice: that tells every local variable, secrets and texts among them.
    trace = io.StringIO()
    structlog.dev.plain_traceback(trace, exc_info)
    file.writelines(f"{_plain(line)}\n" for line in masked(trace.getvalue()).split("\n"))


def _texts(change: Callable[[str], str]) -> structlog.typing.Processor:
    """Change every text of an event."""

    def changed(
        _logger: object, _method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        return {n: change(value) if isinstance(value, str) else value for n, value in event.items()}

    return changed


def _plain(text: str) -> str:
    return escaped(text, keep="\n")


def _drop_empty(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {name: value for name, value in event.items() if value is not None}
