"""The event coders by name: Dateline's own, and those of installed packages.

A package adds one by an entry point of the group `dateline.coders` that names a class with the
shape of `protocol.Coder`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import ClassVar, Self

from pipeline.enrich.events.coder import EventCoder
from pipeline.enrich.events.protocol import Coder, CoderInput
from pipeline.errors import ConfigError
from pipeline.model import Event

GROUP = "dateline.coders"
DEFAULT = EventCoder.name


class NoCoder:
    """Codes nothing: for a lake that is to hold stories and entities alone."""

    name: ClassVar[str] = "none"
    version: ClassVar[int] = 1
    languages: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def open(cls, model: str) -> Self:  # noqa: ARG003 (the protocol's signature)
        """Return one: it needs no model."""
        return cls()

    def code_batch(self, items: Sequence[CoderInput]) -> list[tuple[Event, ...]]:
        """Return no events of any story."""
        return [() for _ in items]


_OWN: tuple[type[Coder], ...] = (EventCoder, NoCoder)


def coder_of(name: str) -> type[Coder]:
    """Return the coder of that name, not opened yet.

    Raises `ConfigError` for a name that nothing installed goes by, and for a package's coder that
    cannot be imported, lacks a part of the protocol or goes by another name itself.
    """
    for own in _OWN:
        if own.name == name:
            return own
    others = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name in others:
        return _loaded(others[name])
    known = sorted({*(own.name for own in _OWN), *others})
    raise ConfigError("no such event coder", setting="enrich.coder", coder=name, known=known)


def _loaded(entry: EntryPoint) -> type[Coder]:
    try:
        found: type[Coder] = entry.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            "an event coder cannot be imported", coder=entry.name, at=entry.value, reason=error
        ) from error
    wanted = ("name", "version", "languages", "open", "code_batch")
    lacking = [part for part in wanted if not hasattr(found, part)]
    if lacking or found.name != entry.name:
        raise ConfigError(
            "an event coder has not the shape of one",
            coder=entry.name,
            at=entry.value,
            lacking=lacking or ["name"],
        )
    return found
