"""The faults of the surroundings, with their exit codes.

Bad input is never an exception outside its stage: it becomes a `Reject`. What is raised from here
stops the job, and its exit code tells an operator (or a supervisor) what to look at.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.redact import masked


class DatelineError(Exception):
    """A fault of the surroundings, or a wrong use of the program.

    `evidence` holds the facts (topic, offset, version, path) that an operator needs; it is printed
    with the message and logged as fields. Passwords in URLs are masked.
    """

    exit_code = 1

    def __init__(self, message: str, **evidence: object) -> None:
        super().__init__(message)
        self.message = message
        self.evidence: Mapping[str, object] = evidence

    def __str__(self) -> str:
        facts = " ".join(f"{name}={value}" for name, value in self.evidence.items())
        return masked(f"{self.message} ({facts})" if facts else self.message)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, dict(self.evidence)))


def _rebuild(kind: type[DatelineError], message: str, evidence: dict[str, object]) -> DatelineError:
    return kind(message, **evidence)


class UsageError(DatelineError):
    """The command cannot be carried out as it was given."""

    exit_code = 2


class ConfigError(DatelineError):
    """The configuration does not hold together."""

    exit_code = 3


class BrokerError(DatelineError):
    """Kafka cannot be reached, or refuses."""

    exit_code = 10


class CredentialsError(BrokerError):
    """Kafka refuses a password, a token, a certificate or what they may do, or is not trusted."""


class OffsetExpiredError(DatelineError):
    """The lake's committed end of a source is no longer on the broker: records were lost there."""

    exit_code = 11


class StoreError(DatelineError):
    """The lake's storage cannot be reached, or refuses."""

    exit_code = 12


class UnfitStoreError(StoreError):
    """The store, or a table in it, is of a kind that no waiting changes."""


class GapError(DatelineError):
    """A block begins above the committed end of its source: writing it would lose records."""

    exit_code = 13


class ModelError(DatelineError):
    """The language model that the configuration names is missing or is another one."""

    exit_code = 14


class WorkerError(DatelineError):
    """A worker process ended again and again without a fault that could be named."""

    exit_code = 15


class EngineError(DatelineError):
    """The cluster that runs the job (Flink) refuses it, or it fails there again and again."""

    exit_code = 16


class CorruptBatchError(DatelineError):
    """A batch on the broker cannot be decoded: damaged, or of an unknown codec."""

    exit_code = 17


class LakeCheckError(DatelineError):
    """The lake does not add up: `lake check` says where."""

    exit_code = 20


GROWN_EXIT_CODE = 75
"""A worker that wants to be replaced because its memory has grown (EX_TEMPFAIL of sysexits.h)."""

BY_EXIT_CODE: Mapping[int, type[DatelineError]] = {
    kind.exit_code: kind for kind in DatelineError.__subclasses__()
}
"""The fault that an exit code stands for."""

EXIT_CODES: tuple[tuple[int, str], ...] = (
    (0, "done; after Ctrl-C or SIGTERM too, once the block in hand was finished or dropped"),
    (1, "a fault without a code of its own (a bug: please report it)"),
    (2, UsageError.__doc__ or ""),
    (3, ConfigError.__doc__ or ""),
    (10, BrokerError.__doc__ or ""),
    (11, OffsetExpiredError.__doc__ or ""),
    (12, StoreError.__doc__ or ""),
    (13, GapError.__doc__ or ""),
    (14, ModelError.__doc__ or ""),
    (15, WorkerError.__doc__ or ""),
    (16, EngineError.__doc__ or ""),
    (17, CorruptBatchError.__doc__ or ""),
    (20, LakeCheckError.__doc__ or ""),
)
"""Every exit code of the command and what it means."""
