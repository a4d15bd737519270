"""The stages that make the lake's rows: each with a name, a version, and a hash of its data.

What lands is a function of the bytes, the stages' versions, and the hashes of their data and
models; never of source text. So comments, docstrings and moved code change no id, and whoever
changes what a stage gives raises its version (a test over golden stories says which).

- `parse_id` of a story: the stage `parse` and the story's wire format.
- `enrichment_id`: all stages from the language to the rows.
- The id of a whole set names a generation of rows: see `StageSet`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.abc import Traversable
from importlib.resources import files

from pipeline import tsv

_ID_CHARS = 16

ROWS_VERSION = 1
"""The version of `pipeline.store.schema.rows`: which values of a story become which columns."""


@dataclass(frozen=True, slots=True)
class StageVersion:
    """One stage: `data` is a hash of its lists and models (16 hex digits), empty without any."""

    name: str
    version: int
    data: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version} {self.data}".rstrip()


@dataclass(frozen=True, slots=True)
class StageSet:
    """All stages that a process runs.

    `formats` maps each wire format to its stage; one that it does not name has version 1. The id
    of the set names the generation of the rows that it makes: the first writer under a set that
    the lake does not know gives it the next number there, by the ledger's log, and the views show
    of each revision the rows of its last generation.
    """

    enrichment_id: str
    parse: StageVersion = field(default=StageVersion("parse", 1))
    formats: Mapping[str, StageVersion] = field(default_factory=dict)
    enrich: tuple[StageVersion, ...] = ()

    def parse_id(self, wire_format: str) -> str:
        """Return the id of the parse of a story of this format, 16 hex digits."""
        return parse_id(self.parse, self.formats.get(wire_format, StageVersion(wire_format, 1)))

    @property
    def all(self) -> tuple[StageVersion, ...]:
        """Every stage, in the order in which a record passes them."""
        return (self.parse, *(self.formats[name] for name in sorted(self.formats)), *self.enrich)

    def of(self, wire_format: str, *, parsed: bool, enriched: bool) -> tuple[StageVersion, ...]:
        """Return the stages of a story of this format: of its parse, its enrichment, or both."""
        own = self.formats.get(wire_format, StageVersion(wire_format, 1))
        return ((self.parse, own) if parsed else ()) + (self.enrich if enriched else ())

    @property
    def id(self) -> str:
        """The id of the whole set, 16 hex digits."""
        return digest_of((*map(str, self.all), self.enrichment_id))

    def __str__(self) -> str:
        """Return all stages as the ledger keeps them: `parse 1 9f…; json 2; …`."""
        return "; ".join(map(str, self.all))


NOT_ENRICHED = (StageVersion("rows", ROWS_VERSION),)
"""The stages of a job that enriches nothing (`enrich.mode` `none`)."""


def parse_id(parse: StageVersion, wire_format: StageVersion) -> str:
    """Return the id of a story's parse: the stage `parse` and the format's own."""
    return digest_of((str(parse), str(wire_format)))


def read_stages(text: str) -> dict[str, str]:
    """Return what `str` of a set said, as a mapping from a stage's name to its version and data."""
    return dict(part.split(" ", 1) for part in text.split("; ") if " " in part)


def digest_of(parts: Iterable[str]) -> str:
    """Hash these texts in their order into 16 hex digits."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_ID_CHARS]


NOT_ENRICHED_ID = digest_of(("not enriched", *map(str, NOT_ENRICHED)))
"""The `enrichment_id` of stories that nobody enriched."""


def data_digest(package: str, names: Iterable[str]) -> str:
    """Hash the tables `names` of a package into 16 hex digits, comment and blank lines left out.

    A name is a path within the package. A table that is not there counts as an empty one.
    """
    root = files(package)
    return digest_of(part for name in sorted(names) for part in (name, _lines(root, name)))


def tables_in(package: str, folder: str = "", suffix: str = ".tsv") -> list[str]:
    """List the paths, within the package, of all tables below `folder`."""
    root = files(package)
    start = root.joinpath(folder) if folder else root
    return sorted(_found(start, folder, suffix))


def _found(folder: Traversable, path: str, suffix: str) -> Iterator[str]:
    for entry in folder.iterdir():
        below = f"{path}/{entry.name}" if path else entry.name
        if entry.is_dir():
            yield from _found(entry, below, suffix)
        elif entry.name.endswith(suffix) and not entry.name.startswith("."):
            yield below


def _lines(root: Traversable, name: str) -> str:
    entry = root.joinpath(name)
    if not entry.is_file():
        return ""
    return "\n".join(tsv.lines(entry))
