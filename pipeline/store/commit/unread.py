"""Offsets that could not be read: what of them lacks an account, and whether one is owed.

Below the committed end of rejects another writer has judged a record already, and may commit its
stories at any moment. So an account of such offsets waits until the end of stories has passed them:
the commit that passes them says in its application transactions which they are, and the account
follows it into rejects, before the ledger. Whoever comes first writes it, once and for all. See
ARCHITECTURE.md, "The commit protocol".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Set
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


def settled(owed: Mapping[str, Owed]) -> dict[str, int]:
    """Return what a commit to rejects says that gives these sources their account."""
    return {f"{PASSED}{source}": due.end for source, due in owed.items()}


@dataclass(frozen=True, slots=True)
class Rows:
    """What stands of one source: the items of each offset, and ranges that have their account.

    `stories` are the offsets of which a story stands: with it the whole record does.
    """

    items: Mapping[int, Set[int]]
    stories: Set[int]
    accounts: Collection[tuple[int, int]]

    def lacking(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Yield offset, item and end of each run of offsets within `[start, end)` without a row.

        Of a record of which rejects alone stand nobody can tell whether it had stories too: it
        lacks the items below theirs that are missing, or else the next one.
        """
        spans = {(offset, offset + 1) for offset in self.items if offset not in self.stories}
        whole = [(offset, offset + 1) for offset in self.stories]
        at = start
        for first, beyond in sorted({*spans, *whole, *self.accounts}):
            if beyond <= start or first >= end:
                continue
            if at < first:
                yield at, 0, first
            if first >= at and (first, beyond) in spans and not self.is_accounted(first):
                held = self.items[first]
                missing = [n for n in range(max(held)) if n not in held]
                yield from ((first, n, beyond) for n in missing or (max(held) + 1,))
            at = max(at, beyond)
        if at < end:
            yield at, 0, end

    def is_accounted(self, offset: int) -> bool:
        """Say whether an offset is one of a range that has its account."""
        return any(first <= offset < to for first, to in self.accounts)

    def beyond(self, end: int) -> int:
        """Return where the account ends that begins below `end`; `end` where none goes further."""
        return max([end, *(to for first, to in self.accounts if first < end)])


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
