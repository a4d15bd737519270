"""The table `links`: days of it are replaced whole, each in one commit with the versions it needs.

Each day has three application transactions: `links/DAY` counts its replacements, so that of two
runs at once the log refuses the second and clean-up can tell an outdated file (see `maintain`);
`links/DAY/inputs` says what it was computed from. `links/DAY/rows` says how many links it has, so
that the check can miss one. A replaced file stays on disk for readers that
hold an older snapshot, until clean-up.

The ledger's log says that there is such a table (`LINKED`), so that the check can miss it whole. It
says so once the table is made, and before a day has links: whoever reads it finds the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import TracebackType
from typing import Self
from urllib.parse import unquote
from uuid import uuid4

from deltalake.transaction import AddAction, RemoveAction

from pipeline.store.commit.actions import add_action, time_ms
from pipeline.store.commit.conflict import ConflictError, until_won
from pipeline.store.commit.data_files import Marks, encode
from pipeline.store.commit.delta import folder_of
from pipeline.store.commit.lake import Lake, cannot_write
from pipeline.store.commit.write import LINKED
from pipeline.store.schema.contract import LINKS, contract
from pipeline.store.schema.rows import Row, table_of

PREFIX = "links-"
"""What the names of the table's files begin with: each says which file it replaces."""

_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Day:
    """One day's links, complete, and the number that says what they follow from."""

    day: date
    inputs: int
    rows: Sequence[Row]


class LinksTable:
    """The table as last refreshed, for one run of linking; closes with its context."""

    def __init__(self, lake: Lake, at: datetime) -> None:
        self._lake = lake
        self._at = at
        self._writer = uuid4().hex[:16]
        self._commits = 0
        self._seen: dict[date, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._lake.files.release(self._writer)

    def refresh(self) -> None:
        """Bring the table up to the log's last version, which later replacements are held to.

        It is made where there is none, and the ledger's log says so from then on.
        """
        self._lake.refresh(LINKS)
        self._seen.clear()
        until_won("ledger", self._marked, attempts=_ATTEMPTS)

    def days(self) -> set[date]:
        """Return the days that have links."""
        return {date.fromisoformat(str(file["partition.date"])) for file in self._files()}

    def holds(self, day: date, inputs: int) -> bool:
        """Say whether the links of `day` were computed from these inputs."""
        app = f"{_app(day)}/inputs"
        self._seen[day] = self._count(day)
        return self._lake.committed(LINKS, [app]).get(app) == inputs

    def replace(self, days: Sequence[Day]) -> None:
        """Put the links of `days` in place of those that are there, in one commit.

        Raises `ConflictError` when another run has replaced one of them since `refresh`, and
        `StoreError` when the store fails. The table is then as it was.
        """
        self._lake.refresh(LINKS)
        counts = {day.day: self._count(day.day) for day in days}
        if any(self._seen.get(day, count) != count for day, count in counts.items()):
            raise ConflictError(LINKS)
        self._commits += 1
        name = f"{PREFIX}{self._writer}-{self._commits:08d}"
        replaced = self._removals({day.day for day in days})
        added = self._written(days, counts, [action.path for action in replaced], name)
        versions = {_app(day): count + 1 for day, count in counts.items()}
        versions |= {f"{_app(day.day)}/inputs": day.inputs for day in days}
        versions |= {f"{_app(day.day)}/rows": len(day.rows) for day in days}
        self._lake.commit_actions(LINKS, [*added, *replaced], versions, name)
        self._lake.refresh(LINKS)
        self._seen |= {day: count + 1 for day, count in counts.items()}

    def _marked(self) -> bool:
        """Say in the ledger's log that there is a table of links, where it does not yet."""
        self._lake.refresh("ledger")
        if not self._lake.committed("ledger", [LINKED]):
            self._lake.commit_actions("ledger", [], {LINKED: 1}, f"{PREFIX}{self._writer}")
        return True

    def _count(self, day: date) -> int:
        return self._lake.committed(LINKS, [_app(day)]).get(_app(day), 0)

    def _files(self) -> list[Row]:
        actions = self._lake.added(LINKS)
        listed: list[Row] = actions.to_pylist() if actions.num_rows else []
        return listed

    def _written(
        self, days: Sequence[Day], counts: dict[date, int], replaced: Sequence[str], name: str
    ) -> list[AddAction]:
        actions: list[AddAction] = []
        self._lake.on_point("links.begin")
        try:
            for n, day in enumerate(day for day in days if day.rows):
                partition = {"date": day.day.isoformat()}
                folder = folder_of(partition)
                marks = Marks(
                    {_app(day.day): counts[day.day] + 1},
                    frozenset(f"{LINKS}/{unquote(p)}" for p in replaced if p.startswith(folder)),
                    time_ms(self._at),
                )
                rows = table_of(LINKS, day.rows).select(contract(LINKS).file_schema.names)
                data = encode(rows, marks)
                path = f"{folder}{name}-{n}.parquet"
                self._lake.files.write(f"{LINKS}/{path}", data, self._writer)
                actions.append(add_action(LINKS, path, data.size, partition, rows, self._at))
                self._lake.on_point("links.file")
        except OSError as error:
            self._lake.drop(LINKS, actions)
            raise cannot_write(LINKS, error) from error
        return actions

    def _removals(self, days: set[date]) -> list[RemoveAction]:
        return [
            RemoveAction(
                file["path"],
                data_change=True,
                deletion_timestamp=time_ms(self._at),
                size=file["size_bytes"],
                partition_values={"date": str(file["partition.date"])},
            )
            for file in self._files()
            if date.fromisoformat(str(file["partition.date"])) in days
        ]


def _app(day: date) -> str:
    return f"{LINKS}/{day.isoformat()}"
