"""One round of upkeep in a process of its own: repeats where that is asked for, compaction,
clean-up, what is in force, what the lake says of itself.

`pipeline.supervise` starts it beside the workers, with a line of JSON on standard input. It yields
the processor to them and touches none of their commits: a writer's append is never refused
because of a compaction. It ends with its parent, and says what it did by a line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from pipeline import clock
from pipeline.errors import DatelineError
from pipeline.store.commit.lake import Lake
from pipeline.store.explain.explain import explain
from pipeline.store.read.snapshot import open_snapshot
from pipeline.store.upkeep.clean_up import Cleaned, clean_up
from pipeline.store.upkeep.compact import Compacted, Sizing, compact, widen
from pipeline.store.upkeep.note_families import note_families
from pipeline.store.upkeep.withdraw import REPEAT, repeated_stories, withdraw

_NICE = 10


@dataclass(frozen=True, slots=True)
class Tidied:
    """What compaction did to each table, old files written anew included, and what was removed."""

    tables: tuple[Compacted, ...]
    clean: Cleaned

    @property
    def replaced(self) -> int:
        """Data files that were replaced, of all tables."""
        return sum(table.replaced for table in self.tables)


def drop_repeats(lake: Lake, at: datetime) -> int:
    """Drop what the views hide as repeats in closed days; how many rows of stories."""
    found = repeated_stories(lake, before=at.date() - timedelta(days=1))
    # Also where there is none: what an earlier round began is finished.
    return withdraw(lake, found, REPEAT, "it repeats another row", at).stories


def tidy(lake: Lake, sizing: Sizing, retention_s: float, at: datetime) -> Tidied:
    """Compact and clean the lake, and note which revisions are in force."""
    done = _by_table((*compact(lake, sizing, at), *widen(lake, sizing, at)))
    cleaned = clean_up(lake, at, retention_s)
    note_families(open_snapshot(lake.url, lake.options))
    return Tidied(done, cleaned)


def _by_table(done: Iterable[Compacted]) -> tuple[Compacted, ...]:
    """Return one for each table: compaction and widening each say what they did."""
    found: dict[str, Compacted] = {}
    for one in done:
        held = found.get(one.table)
        found[one.table] = one if held is None else held.with_more(one)
    return tuple(found.values())


def main() -> int:
    """Carry out the round that standard input describes; the process's exit code."""
    os.nice(_NICE)
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        # Never a new lake: a disk may not be mounted.
        open_snapshot(order["url"], order["options"])
        lake = Lake(order["url"], order["options"])
        at = clock.now()
        dropped = drop_repeats(lake, at) if order["drop_repeats"] else 0
        done = tidy(lake, Sizing(**order["sizing"]), order["retention_s"], at)
        explain(order["url"], order["options"])
    except DatelineError as error:
        print(json.dumps({"fault": str(error)}), flush=True)  # noqa: T201 (for the supervisor)
        return error.exit_code
    facts = {
        "replaced": done.replaced,
        "dropped": dropped,
        "written": sum(table.written for table in done.tables),
        "clean": asdict(done.clean),
    }
    print(json.dumps(facts), flush=True)  # noqa: T201 (for the supervisor)
    return 0


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
