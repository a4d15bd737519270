"""Reading sources that have an end into the lake, with counts that grow: for several commands."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

import pyarrow.dataset as ds

from pipeline.cli.common import stop_on_signals
from pipeline.cli.consoles import out
from pipeline.cli.progress import Tally, explain_written, show_bar
from pipeline.cli.summary import show_summary
from pipeline.config import Settings
from pipeline.preview import ends_in_lake
from pipeline.replay import Selected, SentSource, parts, shares
from pipeline.store.read.snapshot import find_snapshot
from pipeline.supervise import Logging, Supervisor


def read_to_end(
    settings: Settings,
    sources: Sequence[SentSource],
    *,
    workers: int | None,
    as_json: bool,
    log_level: str = "warning",
) -> dict[str, int]:
    """Read all of the sources as `read` does, print a summary, and return the counts committed."""
    whole = [Selected(source) for source in sources]
    tally = read(settings, whole, workers=workers, quiet=as_json, log_level=log_level)
    if not as_json:
        show_summary(tally.by)
        out.print(tally.line())
    return dict(tally.counts)


def read(
    settings: Settings,
    sources: Sequence[Selected],
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
    explain_written(settings, tally)
    return tally


def read_on_flink(settings: Settings, sources: Sequence[Selected], *, quiet: bool) -> Tally:
    """Read the sources to their ends on a Flink cluster, or until Ctrl-C.

    The counts are those of the ledger afterwards: without the ones by date, region and kind.
    """
    from pipeline.beam.flink import replay_on_flink

    before = _in_ledger(settings, sources)
    ends = ends_in_lake(settings, sources)
    lacking = [source for source in sources if ends[source.source] < source.total]
    with stop_on_signals() as (stop, _), show_bar(wanted=not quiet) as progress:
        tally = Tally(progress)
        total = sum(source.total - source.start for source in sources)
        others = sum(s.total - s.start for s in sources if s not in lacking)
        if lacking:
            begin = sum(source.start for source in lacking)
            replay_on_flink(
                settings,
                lacking,
                stop,
                lambda end: tally.expect(total, others + end - begin),
            )
    tally.counts.update(_in_ledger(settings, sources))
    tally.counts.subtract(before)
    explain_written(settings, tally)
    return tally


def _in_ledger(settings: Settings, sources: Sequence[Selected]) -> Counter[str]:
    """Records, stories, rejects, skips and blocks that the ledger has of the sources."""
    found: Counter[str] = Counter(batches=0, records=0, stories=0, rejects=0, skipped=0)
    snapshot = find_snapshot(settings.lake.url, settings.lake.options, ("ledger",))
    if snapshot is None:
        return found
    names = ["records", "stories", "rejects", "skipped"]
    wanted = ds.field("source").isin([source.source for source in sources])
    rows = snapshot.dataset("ledger").to_table(names, filter=wanted & (ds.field("records") > 0))
    found["batches"] = rows.num_rows
    for name in names:
        found[name] = sum(rows.column(name).to_pylist())
    return found


def _cores() -> int:
    """Say how many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
