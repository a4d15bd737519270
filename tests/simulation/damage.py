"""Damage to tables' logs that can be made good: the entries say all that a damaged file said."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from random import Random

from pipeline.store.read.table_log import HINT
from pipeline.store.schema.contract import LINKS, TABLES
from tests.simulation.backends import Backend

_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\.parquet")
_ENTRY = re.compile(r"(\d{20})\.json")

_PARTS = {HINT: 3}
"""Of a hint a third is left, of a checkpoint half."""


def cut(name: str, data: bytes) -> bytes:
    """Return what is left of a file of a log: neither is read any more."""
    return data[: len(data) // _PARTS.get(name, 2)]


class Damage:
    """What was damaged in one lake, as far as it is still there."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._left: dict[tuple[str, str], bytes | None] = {}
        self.count = 0

    def inflict(self, random: Random) -> str | None:
        """Damage one file that the entries, or an older checkpoint and they, can stand in for."""
        found = list(self._candidates())
        if not found:
            return None
        table, name = random.choice(found)
        self._backend.spoil(table, name, partial(cut, name))
        self._left[table, name] = self._backend.stored(table, name)
        self.count += 1
        return f"{table}/{name}"

    def is_there(self) -> bool:
        """Whether some table's log is damaged, or a repair of it half done."""
        self._left = {place: data for place, data in self._left.items() if self._is(place, data)}
        return bool(self._left) or any(map(self._misses_hinted, _ALL))

    def unrecoverable(self) -> list[str]:
        """Return the tables of which neither entries nor checkpoints say everything any more."""
        return [table for table in _ALL if not self._is_recoverable(table)]

    def _candidates(self) -> Iterable[tuple[str, str]]:
        for table in _ALL:
            names = self._backend.log_names(table)
            if HINT in names and (table, HINT) not in self._left:
                yield table, HINT
            for version, name in self._sound(table, names):
                if self._is_recoverable(table, but=version):
                    yield table, name

    def _sound(self, table: str, names: Iterable[str]) -> list[tuple[int, str]]:
        return [
            (int(match[1]), name)
            for name in names
            if (match := _CHECKPOINT.fullmatch(name))
            and not self._is((table, name), self._left.get((table, name), b"never"))
        ]

    def _is(self, place: tuple[str, str], data: bytes | None) -> bool:
        table, name = place
        return name in self._backend.log_names(table) and self._backend.stored(table, name) == data

    def _is_recoverable(self, table: str, but: int = -1) -> bool:
        names = self._backend.log_names(table)
        entries = {int(match[1]) for name in names if (match := _ENTRY.fullmatch(name))}
        last = self._backend.version(table)
        begins = [-1, *(version for version, _ in self._sound(table, names) if version != but)]
        return any(entries.issuperset(range(begin + 1, last + 1)) for begin in begins)

    def _misses_hinted(self, table: str) -> bool:
        names = self._backend.log_names(table)
        if HINT not in names:
            return False
        with suppress(ValueError):  # half a hint is none
            version = json.loads(self._backend.stored(table, HINT) or b"")["version"]
            return all(version != found for found, _ in self._sound(table, names))
        return False


_ALL = (*TABLES, LINKS)
