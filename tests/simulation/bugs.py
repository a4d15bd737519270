"""Known bugs, put back into the product's code: the simulation has to find each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from deltalake import CommitProperties

from pipeline.store.commit import write
from pipeline.store.commit.data_files import MAINTAIN, Marks
from pipeline.store.commit.decide import Decided
from pipeline.store.commit.lake import Commit, Lake
from pipeline.store.commit.write import LakeWriter
from pipeline.store.links import near_duplicates
from pipeline.store.read.families import Facts
from pipeline.store.read.snapshot import Snapshot, open_snapshot
from pipeline.store.read.table_log import Log
from pipeline.store.schema.contract import LINKS
from pipeline.store.upkeep import clean_up, note_families, repair, withdraw
from pipeline.store.upkeep.repair import Repair
from tests.simulation.delta import MemoryTable

Bug = Callable[[], AbstractContextManager[None]]


@contextmanager
def no_fence() -> Iterator[None]:
    """A commit is made from a fresh handle, whose ends nobody has compared."""
    commit = Lake.commit

    def unfenced(self: Lake, one: Commit) -> None:
        self.refresh(one.table)
        commit(self, one)

    with patch.object(Lake, "commit", unfenced):
        yield


@contextmanager
def clean_up_without_fence() -> Iterator[None]:
    """What no log names is removed, whoever may be about to commit it."""
    with patch.object(clean_up._Fence, "stands_before", lambda *_: True):
        yield


@contextmanager
def clean_up_above_the_end() -> Iterator[None]:
    """A file whose end lies above the committed one counts as outdated."""

    def stands_before(self: Any, marks: Marks) -> bool:
        committed: Mapping[str, int] = self._lake.committed(self._table, marks.blocks)
        return any(committed.get(source, -1) < end for source, end in marks.blocks.items())

    with patch.object(clean_up._Fence, "stands_before", stands_before):
        yield


@contextmanager
def table_is_not_asked() -> Iterator[None]:
    """After a lost acknowledgement whose entry was cleaned away, the files are dropped."""
    with patch.object(Lake, "_holds", lambda *_: False):
        yield


@contextmanager
def lost_answer_is_a_failure() -> Iterator[None]:
    """A commit whose acknowledgement was lost counts as not made."""
    with (
        patch.object(Lake, "_landed", lambda *_: False),
        patch.object(Lake, "_holds", lambda *_: False),
    ):
        yield


@contextmanager
def stories_first() -> Iterator[None]:
    """Stories are committed before what was found in them."""
    found = LakeWriter._commit_found

    def late(self: LakeWriter, table: str, rows_of: Any, decided: Any) -> Any:
        if table == "entities":
            self._retry("stories", lambda: self._commit_stories(decided))
        return found(self, table, rows_of, decided)

    with patch.object(LakeWriter, "_commit_found", late):
        yield


@contextmanager
def unfenced_compaction() -> Iterator[None]:
    """Compactions carry no transaction that two of them would share."""
    prepared = MemoryTable.prepared

    def without(self: MemoryTable, actions: Sequence[Any], **options: Any) -> Any:
        given = options["commit_properties"]
        kept = [t for t in given.app_transactions or () if t.app_id != MAINTAIN]
        options["commit_properties"] = CommitProperties(
            custom_metadata=given.custom_metadata, app_transactions=kept
        )
        return prepared(self, actions, **options)

    with patch.object(MemoryTable, "prepared", without):
        yield


@contextmanager
def account_before_stories() -> Iterator[None]:
    """Offsets that could not be read get their account before stories have passed them."""
    decide = write.decide

    def early(*given: Any) -> Decided:
        decided = decide(*given)
        rejects = (*decided.new_rejects, *decided.late)
        return replace(decided, new_rejects=rejects, late=())

    with patch.object(write, "decide", early):
        yield


@contextmanager
def withdrawal_above_the_end() -> Iterator[None]:
    """What a writer has not finished yet is withdrawn too."""
    with patch.object(withdraw, "_finished", lambda _, rows: list(rows)):
        yield


@contextmanager
def unfenced_links() -> Iterator[None]:
    """Replacements of one day's links carry no transaction that two of them would share."""
    prepared = MemoryTable.prepared

    def apart(self: MemoryTable, actions: Sequence[Any], **options: Any) -> Any:
        # The refusal alone is left out: the entry has its transactions.
        seen, last = self._version, len(self.log.entries) - 1
        if self.log.table == LINKS:
            self._version = last
        try:
            return prepared(self, actions, **options)
        finally:
            self._version = seen

    with patch.object(MemoryTable, "prepared", apart):
        yield


@contextmanager
def links_of_later_stories() -> Iterator[None]:
    """Stories are read as they stand by then, not at the version that was pinned."""
    read = near_duplicates._Run._read

    def late(self: Any, day: Any) -> Any:
        self._lake.refresh("stories")
        return read(self, day)

    with patch.object(near_duplicates._Run, "_read", late):
        yield


@contextmanager
def repair_of_what_is_sound() -> Iterator[None]:
    """Every checkpoint is set aside, also one that is whole and says what no entry does."""

    def planned(log: Log) -> list[Repair]:
        names = (f"{version:020}.checkpoint.parquet" for version in log.checkpoints)
        return [Repair(log.table, name, "it is old", is_possible=True) for name in names]

    with patch.object(repair, "_planned", planned):
        yield


@contextmanager
def repair_leaves_the_hint() -> Iterator[None]:
    """The hint stays that names the checkpoint which was set aside."""
    with patch.object(repair, "HINT", "_no_hint"):
        yield


@contextmanager
def note_of_later_files() -> Iterator[None]:
    """A note says that it knows the data files that are there by the time that it is made."""
    write = note_families._write

    def late(connection: Any, snapshot: Snapshot, facts: Facts) -> None:
        now = open_snapshot(snapshot.url, tables=("stories",)).paths("stories")
        files = (*facts.files, *(path for path in now if path not in facts.files))
        write(connection, snapshot, replace(facts, files=files))

    with patch.object(note_families, "_write", late):
        yield


BUGS: dict[str, Bug] = {
    "no fence": no_fence,
    "clean-up without a fence": clean_up_without_fence,
    "clean-up removes what is above the end": clean_up_above_the_end,
    "the table is not asked after a lost acknowledgement": table_is_not_asked,
    "a lost acknowledgement counts as a failure": lost_answer_is_a_failure,
    "stories before their entities": stories_first,
    "compactions that share no transaction": unfenced_compaction,
    "an account before stories": account_before_stories,
    "withdrawal above the ledger's end": withdrawal_above_the_end,
    "runs of linking that share no transaction": unfenced_links,
    "links of stories that came since": links_of_later_stories,
    "repair sets aside what is sound": repair_of_what_is_sound,
    "repair leaves the hint": repair_leaves_the_hint,
    "a note of files that came since": note_of_later_files,
}
