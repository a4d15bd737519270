"""What a mapping is: paths to the fields of a story, and what tells that an object is of its shape.

A mapping is TOML (docs/mappings.md). Those that ship with Dateline stand in `ready/`.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from pipeline.errors import ConfigError

TextForm = Literal["auto", "plain", "html", "lines", "paragraphs"]
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,60}")
_ID_HEX_DIGITS = 12
FIELDS = frozenset(
    ("headline", "body", "id", "version", "version_time", "published_at", "created_at")
) | {"updated_at", "embargo_until", "status", "provider", "slugline", "byline", "dateline",
     "language", "section", "keywords", "summary", "captions", "rights", "usage_terms",
     "editor_note", "urgency"}  # fmt: skip
_STRICT = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Field:
    """Says where a field's value stands, and how it is to be read.

    `path` is one path or several, of which the first that leads to something counts; `value` is a
    constant instead. `text` says how words become paragraphs, `time` how a time is written (`iso`,
    `epoch`, `epoch_ms`, or a format of strptime), `zone` of which zone one without a zone is.
    `where` keeps, of the objects of the path's last list, those whose fields have these values.
    """

    __pydantic_config__ = _STRICT

    path: str | tuple[str, ...] = ()
    value: str | None = None
    text: TextForm = "auto"
    time: str = "iso"
    zone: str | None = None
    where: MappingType[str, str | tuple[str, ...]] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths in order of trial."""
        return (self.path,) if isinstance(self.path, str) else self.path


@dataclass(frozen=True, slots=True)
class When:
    """Holds what tells the shape: paths that lead to something, and values that must be these.

    `cells` tells a table without a header row: what the whole cells of these columns look like, as
    regular expressions.
    """

    __pydantic_config__ = _STRICT

    has: tuple[str, ...] = ()
    equals: MappingType[str, str] = field(default_factory=dict)
    cells: MappingType[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FieldMap:
    """A mapping. `items` are paths to lists of articles within one object (an API's answer);
    `columns` the names of the columns of a table without a header row.
    """

    __pydantic_config__ = _STRICT

    name: str
    fields: MappingType[str, str | Field]
    description: str = ""
    when: When = field(default_factory=When)
    items: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def entry(self, name: str) -> Field | None:
        """Return the field `name`, None where the mapping has none."""
        found = self.fields.get(name)
        return Field(found) if isinstance(found, str) else found

    @cached_property
    def digest(self) -> str:
        """Hexadecimal digits that stand for all that the mapping says but its description."""
        facts = _ADAPTER.dump_python(self, mode="json", exclude={"description"})
        if not facts["when"]["cells"]:
            del facts["when"]["cells"]  # so that mappings without keep the digest they had
        text = json.dumps(facts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_ID_HEX_DIGITS]

    @cached_property
    def identity(self) -> str:
        """Name and digest: what a parse under this mapping is known by."""
        return f"{self.name}/{self.digest}"


_ADAPTER: TypeAdapter[FieldMap] = TypeAdapter(FieldMap)


def mapping_of(facts: MappingType[str, Any], name: str) -> FieldMap:
    """Return the mapping that `facts` (the tables of a TOML file) describe.

    Raises `ConfigError` that names what is wrong with it.
    """
    try:
        found = _ADAPTER.validate_python({"name": name, **facts})
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()[:5]
        )
        raise ConfigError("wrong mapping", name=name, reason=wrong) from None
    if not _NAME.fullmatch(found.name):
        raise ConfigError("a mapping's name is of small letters, digits and -", name=found.name)
    unknown = sorted(set(found.fields) - FIELDS)
    if unknown:
        known = ", ".join(sorted(FIELDS))
        raise ConfigError("no such field of a story", name=name, given=unknown[0], known=known)
    if not {"headline", "body"} & set(found.fields):
        raise ConfigError("a mapping needs a headline or a body", name=name)
    for key in found.fields:
        _check_time(found, key)
    _check_cells(found)
    return found


def _check_cells(mapping: FieldMap) -> None:
    for column, pattern in mapping.when.cells.items():
        if column not in mapping.columns:
            raise ConfigError("cells of no column", name=mapping.name, given=column)
        try:
            re.compile(pattern)
        except re.error as error:
            reason = {"name": mapping.name, "given": pattern, "reason": error}
            raise ConfigError("no regular expression", **reason) from error


def _check_time(mapping: FieldMap, key: str) -> None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    entry = mapping.entry(key)
    if entry is None or entry.zone is None:
        return
    try:
        ZoneInfo(entry.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError("no such time zone", name=mapping.name, given=entry.zone) from error


def read_mapping(text: str, name: str) -> dict[str, Any]:
    """Return the tables of a mapping in TOML.

    Raises `ConfigError` where it is none, or a wrong one.
    """
    try:
        facts = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("the mapping is not TOML", name=name, reason=error) from error
    mapping_of(facts, name)
    return facts


def find_mapping(given: str) -> tuple[str, dict[str, Any]]:
    """Name and tables of the mapping `given`: a file, or the name of a ready one.

    Raises `ConfigError` where there is neither.
    """
    path = Path(given)
    if path.is_file():
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError("cannot read the mapping", file=given, reason=error) from error
        name = re.sub(r"[^a-z0-9_.-]+", "-", path.stem.lower()).strip("-._") or "mapping"
        facts = read_mapping(text, name)
        return facts.get("name", name), facts
    if given in ready_texts():
        return given, read_mapping(ready_texts()[given], given)
    known = ", ".join(sorted(ready_texts()))
    raise ConfigError("no such mapping: neither a file nor a ready one", given=given, known=known)


@cache
def ready_texts() -> MappingType[str, str]:
    """Return the ready mappings' TOML by their names."""
    folder = files("pipeline.parse.mapping").joinpath("ready")
    return {
        entry.name.removesuffix(".toml"): entry.read_text("utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }


@cache
def ready_mappings() -> tuple[FieldMap, ...]:
    """Return the ready mappings, in order of their names."""
    return tuple(mapping_of(tomllib.loads(text), name) for name, text in ready_texts().items())
