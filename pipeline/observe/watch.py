"""Watching one batch after the other on its way: step by step, for metrics, log and traces.

One batch of a process is under way at a time (`pipeline.job`). The watch decides nothing and knows
no engine; a batch that is never committed leaves the times of its steps, and a failed trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from pipeline.clock import Clock, Monotonic
from pipeline.model import SKIPPED, Batch, Block
from pipeline.observe.recorder import Recorder

OnTrace = Callable[["Trace"], None]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a batch: from when to when, in seconds of Unix time."""

    name: str
    start_s: float
    end_s: float


@dataclass(slots=True)
class Trace:
    """A batch on its way. `committed` is whether it got into the lake."""

    group: int
    blocks: tuple[Block, ...]
    steps: list[Step] = field(default_factory=list)
    bytes_by_source: Mapping[str, int] = field(default_factory=dict)
    stories: int = 0
    rejects: int = 0
    committed: bool = False

    @property
    def seconds(self) -> dict[str, float]:
        """What each step took, to the millisecond."""
        return {step.name: round(step.end_s - step.start_s, 3) for step in self.steps}


class Watch:
    """What a job's steps report to; `on_trace` is called with each batch, done or given up."""

    def __init__(
        self, recorder: Recorder, now: Clock, monotonic: Monotonic, on_trace: OnTrace | None = None
    ) -> None:
        self.recorder = recorder
        self.on_trace = on_trace
        self._now, self._monotonic = now, monotonic
        self._trace: Trace | None = None
        self._oldest: dict[int, float] = {}
        self._waiting_since: dict[str, float] = {}
        self._commits: dict[str, float] = {}
        self._left: Mapping[str, int] = {}

    def read(self, batch: Batch, seconds: float, held_since_s: float | None) -> None:
        """Note that a batch was read, in `seconds`.

        Its oldest record came at `held_since_s` (monotonic).
        """
        self.give_up()
        sizes: dict[str, int] = {}
        for record in batch.records:
            sizes[record.source] = sizes.get(record.source, 0) + len(record.value)
        self._trace = Trace(batch.group, batch.blocks, bytes_by_source=sizes)
        self._step("read", seconds)
        self._hold(batch.group, self._monotonic() if held_since_s is None else held_since_s)

    def portion(self, group: int, blocks: Sequence[Block]) -> None:
        """Begin the next portion of a batch that is committed in portions."""
        self.give_up()
        self._trace = Trace(group, tuple(blocks), bytes_by_source=self._left)

    def idle(self, group: int, held_since_s: float | None) -> None:
        """Note that no batch was due.

        The oldest record in hand came at `held_since_s` (monotonic).
        """
        if held_since_s is None:
            self._let_go(group)
        else:
            self._hold(group, held_since_s)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step of the batch under way, also one that fails."""
        begun_s = self._monotonic()
        try:
            with self.busy("batch"):
                yield
        finally:
            self._step(name, self._monotonic() - begun_s)

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Say since when the main thread is at a `read` or a `batch`: it may hang there."""
        self.recorder.set(f"dateline_worker_{what}_seconds", self._now().timestamp())
        try:
            yield
        finally:
            self.recorder.set(f"dateline_worker_{what}_seconds", 0.0)

    def committed(
        self,
        blocks: Sequence[Block],
        counts: Mapping[str, int],
        kinds: Mapping[str, int],
        lost: int,
        withheld: int = 0,
    ) -> dict[str, float]:
        """Note that the batch stands in the lake, and return the seconds of its steps.

        `counts` are those of `Receipt.counts`, `kinds` rejects and skips by kind, `withheld` how
        many of the stories are.
        """
        recorder = self.recorder
        trace, self._trace = self._trace or Trace(0, tuple(blocks)), None
        recorder.add("dateline_batches_total", 1)
        recorder.add("dateline_records_total", counts["records"])
        recorder.add("dateline_stories_total", counts["stories"])
        recorder.add("dateline_stories_withheld_total", withheld)
        recorder.add("dateline_blocks_lost_total", lost)
        # All of a source's with its first block: the portions that may follow have the others'.
        done = {block.source for block in blocks}
        size = sum(trace.bytes_by_source.get(source, 0) for source in done)
        self._left = {s: n for s, n in trace.bytes_by_source.items() if s not in done}
        recorder.add("dateline_bytes_total", size)
        for kind, count in kinds.items():
            if kind.startswith(SKIPPED):
                recorder.add("dateline_skipped_total", count, kind.removeprefix(SKIPPED))
            else:
                recorder.add("dateline_rejects_total", count, kind)
        recorder.set("dateline_last_commit_timestamp_seconds", self._now().timestamp())
        self._let_go(trace.group)
        trace.committed = True
        trace.stories, trace.rejects = counts["stories"], counts["rejects"]
        if self.on_trace is not None:
            self.on_trace(trace)
        return trace.seconds

    def on_point(self, name: str) -> None:
        """Time a point of a commit (`store.commit.lake.Lake`), and count conflicts."""
        table, _, what = name.partition(".")
        if what == "begin":
            self._commits[table] = self._monotonic()
        elif what == "done" and (begun_s := self._commits.pop(table, None)) is not None:
            self.recorder.observe("dateline_commit_seconds", self._monotonic() - begun_s, table)
        elif what == "conflict":
            self._commits.pop(table, None)
            self.recorder.add("dateline_commit_conflicts_total", 1, table)

    def give_up(self) -> None:
        """Note that the batch under way, if there is one, will not be committed."""
        trace, self._trace = self._trace, None
        if trace is not None and self.on_trace is not None:
            self.on_trace(trace)

    def waiting_for(self, what: str, *, since_s: float | None) -> None:
        """Note since when `what` (`broker` or `store`) has not answered.

        `since_s` is monotonic; None says that it answers.
        """
        at_s = 0.0 if since_s is None else self._unix_s(since_s)
        # The same moment, read by two clocks, differs by a little each time.
        if at_s == 0.0 or not self._waiting_since.get(what):
            self._waiting_since[what] = at_s
            self.recorder.set(f"dateline_waiting_for_{what}_seconds", at_s)

    def lag(
        self, topic: str, partition: int, records: int, since_s: float | None, held: int = 0
    ) -> None:
        """Note how many records of a partition the lake lacks, and the oldest one's Unix time.

        `held` of them stand behind an open transaction.
        """
        labels = topic, str(partition)
        self.recorder.set("dateline_lag_records", records, *labels)
        self.recorder.set("dateline_held_back_records", held, *labels)
        self.recorder.set("dateline_lag_seconds", since_s if records else 0.0, *labels)

    def no_lag(self, topic: str, partition: int) -> None:
        """Note that the partition is gone, or read elsewhere: nothing more is said of it here."""
        for name in ("lag_records", "lag_seconds", "held_back_records"):
            self.recorder.set(f"dateline_{name}", None, topic, str(partition))

    def _step(self, name: str, seconds: float) -> None:
        self.recorder.observe("dateline_block_seconds", seconds, name)
        if self._trace is not None:
            end_s = self._now().timestamp()
            self._trace.steps.append(Step(name, end_s - seconds, end_s))

    def _hold(self, group: int, since_s: float) -> None:
        # A batch that failed and is read again has waited since it was first read.
        self._oldest.setdefault(group, self._unix_s(since_s))
        self._tell_oldest()

    def _let_go(self, group: int) -> None:
        if self._oldest.pop(group, None) is not None:
            self._tell_oldest()

    def _tell_oldest(self) -> None:
        oldest_s = min(self._oldest.values(), default=0.0)
        self.recorder.set("dateline_oldest_uncommitted_seconds", oldest_s)

    def _unix_s(self, monotonic_s: float) -> float:
        return self._now().timestamp() - (self._monotonic() - monotonic_s)


def measure_process(recorder: Recorder) -> None:
    """Note the resident memory of this process."""
    recorder.set("dateline_worker_resident_memory_bytes", psutil.Process().memory_info().rss)
