"""What a format module hands over: drafts of stories, and faults.

A draft is a story before it has coordinates and ids: `pipeline.parse.record` adds those, so that
no format module has to know the rules for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from dataclasses import replace as _any_replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pipeline.model import Content, RejectKind
from pipeline.parse.limits import ParseLimits

Precision = Literal["day", "minute", "second"]


@dataclass(frozen=True, slots=True)
class Draft(Content):
    """The content of one story, before it has coordinates and ids.

    `family` replaces the headline or slugline in the family's key where the text names its family
    better than they do (a kill that quotes another headline), `family_day` its day of publication
    if it is another one, `family_id` the provider's id (a correction that names the id of what it
    corrects). `provider_hint` is what a header says: it fills in where the content names no
    provider, and is no part of any id. `raw` None stands for the whole record. `delivered` is what
    the draft was read from, `set_aside` text of it that is left out on purpose: the boundary names
    what is in neither (see `pipeline.parse.account`).
    """

    raw: bytes | None = None
    family: str | None = None
    family_day: date | None = None
    family_id: str | None = None
    provider_hint: str | None = None
    format: str | None = None
    delivered: object = None
    set_aside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """A part of a record that is no story, or not to be kept; `raw` None is the whole record."""

    kind: RejectKind
    message: str
    evidence: str | None = None
    raw: bytes | None = None


Part = Draft | Fault

if TYPE_CHECKING:
    from dataclasses import replace as replace  # noqa: PLC0414 - mypy takes it as exported
else:
    # A draft is copied at each step of its reading: `dataclasses.replace` takes six times as long,
    # since it looks at every field anew. So the copying is written out, as dataclasses does it.
    _SLOTS = {
        kind: {f.name: getattr(kind, f.name).__set__ for f in fields(kind)}
        for kind in (Draft, Fault)
    }

    def _copier(kind: type) -> Any:
        puts = {f"put_{name}": put for name, put in _SLOTS[kind].items()}
        lines = [f" put_{name}(new, old.{name})" for name in _SLOTS[kind]]
        source = "\n".join((f"def copy(old, new, {', '.join(f'{n}={n}' for n in puts)}):", *lines))
        exec(source, puts)  # noqa: S102 - of the fields' names alone
        return puts["copy"]

    _COPIERS = {kind: _copier(kind) for kind in _SLOTS}

    def replace(part: Any, /, **changes: Any) -> Any:
        """Return a copy with these fields changed, as `dataclasses.replace`; itself if none is
        another."""
        kind = part.__class__
        if kind not in _SLOTS:
            return _any_replace(part, **changes)
        slots = _SLOTS[kind]
        for name, value in changes.items():
            if getattr(part, name) is not value:
                break
        else:
            return part
        new = object.__new__(kind)
        _COPIERS[kind](part, new)
        for name, value in changes.items():
            slots[name](new, value)
        return new


class FaultError(Exception):
    """Tells that what is read cannot become a story; the boundary makes it a reject."""

    def __init__(
        self, kind: RejectKind, message: str, evidence: str | None = None, raw: bytes | None = None
    ) -> None:
        super().__init__(message)
        self.fault = Fault(kind, message, evidence, raw)


@dataclass(frozen=True, slots=True)
class Sniff:
    """The beginning of a record, as the sniffers see it.

    `text` is the first 4 KiB, decoded leniently and without leading blanks and byte order mark;
    `root` the local name of the first XML or SGML element, as written, None where there is none.
    """

    data: bytes
    text: str
    root: str | None = None
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    """Holds what the record's headers say: never trusted against the content."""

    charset: str | None = None
    provider: str | None = None


class Format(Protocol):
    """One wire format."""

    name: str

    def matches(self, sniff: Sniff) -> bool:
        """Say whether the content is of this format."""

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield the parts of `data` in order; may raise `FaultError`."""
