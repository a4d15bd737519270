"""Offsets that could not be read: what of them lacks an account, and whether one is owed.

Below the committed end of rejects another writer has judged a record already, and may commit its
stories at any moment. So an account of such offsets waits until the end of stories has passed them:
the commit that passes them says in its application transactions which they are, and the account
follows it into rejects, before the ledger. Whoever comes first writes it, once and for all. See
ARCHITECTURE.md, "The commit protocol".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from pipeline.model import Reject
from pipeline.store.commit.lake import Lake

PASSED = "passed/"
"""How the application transaction begins that says up to where records of a source were passed by
without a reject or a story of theirs: in the log of stories by whoever passed them, in that of
rejects once the account stands."""

PASSED_FROM = "passed-from/"
"""Likewise, where that begins; in the log of stories."""


@dataclass(frozen=True, slots=True)
class Owed:
    """Offsets `[start, end)` of a source that stories passed by, and whose account is due."""

    start: int
    end: int

    @classmethod
    def read(cls, lake: Lake, source: str, above: int) -> Owed | None:
        """Return what is owed of `source` above an offset, by both logs as last refreshed.

        Each question to a log reads entries of it: ask only where stories have passed `above`.
        """
        passed, begun = f"{PASSED}{source}", f"{PASSED_FROM}{source}"
        end = lake.committed("stories", (passed,)).get(passed, 0)
        if end <= above or end <= lake.committed("rejects", (passed,)).get(passed, 0):
            return None
        return cls(max(lake.committed("stories", (begun,))[begun], above), end)

    def marks(self, source: str) -> dict[str, int]:
        """Return what the commit to stories says that passes them by."""
        return {f"{PASSED}{source}": self.end, f"{PASSED_FROM}{source}": self.start}


@dataclass(frozen=True, slots=True)
class Rows:
    """What stands of one source: the items of each offset, and ranges that have their account."""

    items: Mapping[int, Set[int]]
    told: Collection[tuple[int, int]]

    @classmethod
    def of(
        cls,
        source: str,
        places: Iterable[tuple[str, int, int]],
        told: Mapping[tuple[str, int, int], int],
    ) -> Rows:
        """Return those of `source` among the coordinates of many."""
        items: dict[int, set[int]] = {}
        for name, offset, item in places:
            if name == source:
                items.setdefault(offset, set()).add(item)
        return cls(items, [(p[1], end) for p, end in told.items() if p[0] == source])

    def lacking(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Yield offset, item and end of each run of offsets within `[start, end)` without a row.

        Of a record whose first items are missing these are named, one by one; whether its last
        ones are missing cannot be told.
        """
        spans = [(offset, offset + 1, held) for offset, held in self.items.items()]
        spans += [(first, beyond, frozenset[int]()) for first, beyond in self.told]
        at = start
        for first, beyond, held in sorted(spans, key=lambda span: span[:2]):
            if beyond <= start or first >= end:
                continue
            if at < first:
                yield at, 0, first
            if first >= at:
                yield from (
                    (first, n, beyond) for n in range(max(held, default=0)) if n not in held
                )
            at = max(at, beyond)
        if at < end:
            yield at, 0, end

    def is_told(self, offset: int) -> bool:
        """Say whether an offset is one of a range that has its account."""
        return any(first <= offset < to for first, to in self.told)

    def beyond(self, end: int) -> int:
        """Return where the account ends that begins below `end`; `end` where none goes further."""
        return max(end, *(to for first, to in self.told if first < end), end)


def accounts(source: str, owed: Owed, rows: Rows) -> list[Reject]:
    """Return the accounts of what another writer passed by, by what stands there."""
    return [
        Reject(
            source,
            offset,
            item,
            "skipped.expired",
            "read",
            f"offsets {offset} to {end - 1} could not be read any more when a writer passed them,"
            " after another one that had read them",
            end_offset=end,
        )
        for offset, item, end in rows.lacking(owed.start, owed.end)
    ]
