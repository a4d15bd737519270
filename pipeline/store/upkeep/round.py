"""One round of upkeep in a process of its own: compaction, clean-up, what is in force, what the
lake says of itself.

`pipeline.supervise` starts it beside the workers, with a line of JSON on standard input. It yields
the processor to them and touches none of their commits: a writer's append is never refused
because of a compaction. It ends with its parent, and says what it did by a line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pipeline import clock
from pipeline.errors import DatelineError
from pipeline.store.commit.lake import Lake
from pipeline.store.explain.explain import explain
from pipeline.store.read.snapshot import open_snapshot
from pipeline.store.upkeep.clean_up import clean
from pipeline.store.upkeep.compact import Sizing, compact, widen
from pipeline.store.upkeep.note_families import note_families

_NICE = 10


def tidy(lake: Lake, sizing: Sizing, retention_s: float, at: datetime) -> dict[str, Any]:
    """Compact and clean the lake; what was done, as JSON can hold it."""
    done = [*compact(lake, sizing, at), *widen(lake, sizing, at)]
    return {
        "replaced": sum(table.replaced for table in done),
        "written": sum(table.written for table in done),
        "clean": asdict(clean(lake, at, retention_s)),
    }


def main() -> int:
    """Carry out the round that standard input describes; the process's exit code."""
    os.nice(_NICE)
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        # Never a new lake: a disk may not be mounted.
        open_snapshot(order["url"], order["options"])
        lake = Lake(order["url"], order["options"])
        told = tidy(lake, Sizing(**order["sizing"]), order["retention_s"], clock.now())
        note_families(open_snapshot(order["url"], order["options"]))
        explain(order["url"], order["options"])
    except DatelineError as error:
        print(json.dumps({"fault": str(error)}), flush=True)  # noqa: T201 (for the supervisor)
        return error.exit_code
    print(json.dumps(told), flush=True)  # noqa: T201 (for the supervisor)
    return 0


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
