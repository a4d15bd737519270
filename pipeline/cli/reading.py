"""Reading sources that have an end into the lake, with counts that grow: for several commands."""

from __future__ import annotations

import os
from collections.abc import Sequence

from pipeline.cli.common import out, stop_on_signals
from pipeline.cli.progress import Tally, show_bar
from pipeline.cli.summary import show_summary
from pipeline.config import Settings
from pipeline.preview import ends_in_lake
from pipeline.replay import parts, shares
from pipeline.source.archive_reader import RecordSource
from pipeline.supervise import Logging, Supervisor


def read_to_end(
    settings: Settings,
    sources: Sequence[RecordSource],
    *,
    workers: int | None,
    as_json: bool,
    log_level: str = "warning",
) -> dict[str, int]:
    """As `read`, then the summary in tables; the counts of what was committed."""
    tally = read(settings, sources, workers=workers, quiet=as_json, log_level=log_level)
    if not as_json:
        show_summary(tally.by)
        out.print(tally.line())
    return dict(tally.counts)


def read(
    settings: Settings,
    sources: Sequence[RecordSource],
    *,
    workers: int | None,
    quiet: bool,
    log_level: str = "warning",
) -> Tally:
    """Read the sources to their ends by worker processes, or until Ctrl-C.

    No more workers than `workers` (else the configuration, else the cores) and the parts that the
    lake lacks.
    """
    size = settings.replay.part_records
    ends = ends_in_lake(settings, sources)
    lacking = [source for source in sources if ends[source.source] < source.total]
    left = sum(parts(source, size, ends[source.source]) for source in lacking)
    count = min(workers or settings.replay.workers or _cores(), left)
    with stop_on_signals() as (stop, hurry), show_bar(wanted=not quiet) as progress:
        tally = Tally(progress)
        tally.expect(
            sum(source.total - source.start for source in sources),
            sum(min(ends[source.source], source.total) - source.start for source in sources),
        )
        if lacking:
            Supervisor(
                settings,
                on_report=tally.add,
                logging=Logging(log_level),
                replays=shares(lacking, count, size),
            ).run(stop, hurry)
    return tally


def _cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
