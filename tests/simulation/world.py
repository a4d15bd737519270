"""One simulated life of a lake, from a seed: what happens, in which order, and what went wrong."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal
from unittest.mock import patch
from uuid import UUID

from deltalake.exceptions import DeltaError

from pipeline.errors import DatelineError, StoreError
from pipeline.store.check.judge import check
from pipeline.store.commit.data_files import LocalFiles
from pipeline.store.commit.write import LakeWriter
from pipeline.store.links.near_duplicates import link
from pipeline.store.read import snapshot as snapshots
from pipeline.store.read.snapshot import open_snapshot
from pipeline.store.schema.contract import LINKS, TABLES
from pipeline.store.upkeep import repair as repairs
from pipeline.store.upkeep.clean_up import clean_up
from pipeline.store.upkeep.compact import Sizing, compact
from pipeline.store.upkeep.note_families import note_families
from pipeline.store.upkeep.withdraw import REPEAT, repeated_stories, withdraw
from tests.simulation import wire
from tests.simulation.actors import (
    ACTORS,
    RULE,
    assert_answers,
    reader_of,
    replay_archive,
    reprocess_lake,
)
from tests.simulation.backends import Backend, Put
from tests.simulation.damage import Damage
from tests.simulation.kafka import SteppedKafka
from tests.simulation.links_oracle import LinksOracle
from tests.simulation.oracle import Oracle, Violation
from tests.simulation.scheduler import Actor, Scheduler
from tests.simulation.stepped import RepairedTable, SteppedFilesystem, SteppedLake, SteppedNotes
from tests.support.rows import NOON

_RARE = frozenset(
    {"check", "link", "notes", "question", "repair", "reprocess", "reader", "withdrawal"}
)
"""Who comes back seldom once he is gone."""

_NAMING = (
    *("commit.write", "links.links_table"),
    *("upkeep.compact", "upkeep.clean_up", "upkeep.withdraw", "upkeep.note_families"),
)
"""The modules that name files and commits at random."""

_LAST_BATCH = 1000
_KEPT_S = (0.0, 60.0, 3600.0)
_EVENTS = ("kill", "freeze", "late", "clock", "forget", "kafka", "groups", "spawn", "damage")
FAULTS = ("fail", "lost", "lost.conflict", "late", "stale", "down")
"""What may befall a step; see `stepped` and `kafka`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a seed means: who is there, what goes wrong how often, and how much there is to do."""

    seed: int
    steps: int = 600
    partitions: int = 2
    records: int = 60
    batch: int = 4
    actors: Mapping[str, int] = field(default_factory=dict)
    faults: frozenset[str] = frozenset(FAULTS)
    events: frozenset[str] = frozenset(_EVENTS)
    fault_rate: float = 0.03
    event_rate: float = 0.03
    start: Literal["earliest", "latest"] = "earliest"
    retentions_s: tuple[float, ...] = _KEPT_S

    @classmethod
    def of(cls, seed: int, steps: int) -> Plan:
        """The plan of a seed."""
        random = Random(f"plan {seed}")
        # Of their own, so that a seed's other parts stay what they are.
        watchers = Random(f"watchers {seed}")
        linkers = Random(f"linkers {seed}")
        repairs = Random(f"repairs {seed}")
        notes = Random(f"notes {seed}")
        noters = notes.choice((0, 0, 0, 1, 2))
        actors = {
            "writer": random.randint(1, 3),
            "replay": random.randint(0, 2),
            "reprocess": int(random.random() < 0.25),
            "compaction": random.randint(0, 2),
            "clean-up": random.randint(0, 2),
            "withdrawal": watchers.choice((0, 0, 1, 2)),
            "reader": random.randint(0, 1) + watchers.randint(0, 2),
            "check": int(random.random() < 0.05) + watchers.choice((0, 0, 0, 1, 2)),
            "link": linkers.choice((0, 0, 1, 2)),
            "repair": repairs.choice((0, 0, 0, 1, 2)),
            "notes": noters,
            "question": int(noters > 0),
        }
        return cls(
            seed,
            steps,
            partitions=random.randint(1, 3),
            records=steps // 8,
            batch=random.randint(2, 6),
            actors={kind: count for kind, count in actors.items() if count},
            fault_rate=random.choice((0.0, 0.01, 0.03, 0.1)),
            event_rate=random.choice((0.01, 0.03, 0.06)),
            start=random.choice(("earliest", "latest")),
        )

    def __str__(self) -> str:
        actors = ", ".join(f"{count} {kind}" for kind, count in self.actors.items())
        return (
            f"seed {self.seed}, {self.steps} steps: {actors}; {self.partitions} partitions,"
            f" faults {', '.join(sorted(self.faults)) or 'none'} at {self.fault_rate:.0%},"
            f" events {', '.join(sorted(self.events)) or 'none'} at {self.event_rate:.0%}"
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a life went: `failure` says what must never be, and after how many steps it was."""

    plan: Plan
    steps: int
    failure: str | None
    last: tuple[str, ...]
    digest: str
    records: int
    blocks: int
    entries: int
    points: Counter[str]
    pairs: Counter[tuple[str, str]]
    beside: frozenset[tuple[str, str]]
    passed: Counter[str]


class World:
    """Everything that is there; `live` lets it go its way."""

    FOUND = ("entities", "events")

    def __init__(self, plan: Plan, backend: Backend) -> None:
        self.plan, self.backend = plan, backend
        self.random = Random(f"life {plan.seed}")
        self.scheduler = Scheduler()
        self.groups = self.random.randint(1, plan.partitions)
        self.kafka = SteppedKafka(plan.partitions, self.scheduler.step)
        self.archives: dict[str, list[bytes]] = {}
        self.late: list[tuple[str, Put]] = []
        self.listed: dict[str, list[str]] = {}
        self.passed: Counter[str] = Counter()
        self.oracle = Oracle(backend.rows, backend.exists, self._owed)
        self.links = LinksOracle(backend.rows, backend.exists, self.oracle.stories_at)
        self._seen = dict.fromkeys((*TABLES, LINKS), -1)
        self.batch = plan.batch
        """How many records are written at once."""
        self.damage = Damage(backend)
        self._unsound_at = self._removed_at = self._forgot_at = -1
        self._pin_table = snapshots.pin_table
        self._now_s = 0.0
        self._names = 0
        self._trace = hashlib.sha256()
        self._last: list[str] = []
        self._files: dict[str, list[Any]] = {}
        self._dying = threading.local()
        self._steps = 0

    def now(self) -> datetime:
        """The time of day of this world: it may jump."""
        return NOON + timedelta(seconds=self._now_s)

    def step(self, at: str, faults: tuple[str, ...] = ()) -> str | None:
        """A step of whoever calls it; see `Scheduler.step`."""
        return self.scheduler.step(at, faults)

    def is_dying(self) -> bool:
        """Whether the process that asks was killed, and only seems to go on."""
        actor = self.scheduler.current
        return actor is not None and actor.is_dead

    @property
    def steps(self) -> int:
        """How many there were."""
        return self._steps

    def is_unsound_since(self, step: int) -> bool:
        """Whether some table's log was damaged, or half repaired, at that step or later."""
        return self._unsound_at >= step

    def is_repaired_by(self, actor: Actor, damages: int) -> bool:
        """Whether no other repair, nor damage, came since there were so many damages."""
        others = sum(one.kind == actor.kind for one in self.scheduler.actors)
        return self.damage.count == damages and others == 1

    def assert_recoverable(self) -> None:
        """Judge that no repair has put aside what nothing else says."""
        if lost := self.damage.unrecoverable():
            raise Violation(f"nothing says any more what {lost} hold")

    def assert_sound(self) -> None:
        """Judge that all tables can be opened, at the versions that they had."""
        for table in (*TABLES, LINKS):
            last = self.backend.version(table)
            try:
                handle = self._pin_table(self.backend.url, table, {}) if last >= 0 else None
            except StoreError as error:
                raise Violation(f"after a repair {table} cannot be opened: {error}") from error
            if handle is not None and handle.version() != last:
                raise Violation(f"after a repair {table} is at {handle.version()}, not at {last}")

    def is_begun(self) -> bool:
        """Whether all tables are there."""
        return all(self.backend.version(table) >= 0 for table in TABLES)

    def open_lake(self, actor: Actor | None = None) -> SteppedLake:
        """The lake, opened by one process."""
        lake = SteppedLake(self)
        if actor is not None:
            self._files.setdefault(actor.name, []).append(lake.files)
        return lake

    def observe(self, table: str) -> None:
        """Have the oracle see what a table's log has had since."""
        for version in range(self._seen[table] + 1, self.backend.version(table) + 1):
            self._seen[table] = version
            judge = self.links if table == LINKS else self.oracle
            judge.committed(table, self.backend.entry(table, version))
            self.passed["entries"] += 1

    def deleted(self, path: str) -> None:
        """Have the oracle see that a data file goes."""
        (self.links if path.startswith(f"{LINKS}/") else self.oracle).deleted(path)
        self.passed["files removed"] += 1
        self._removed_at = self._steps

    def _owed(self, source: str, start: int, end: int) -> list[tuple[int, bool]]:
        if source in self.kafka.sources():
            return self.kafka.owed(source, start, end)
        return [(offset, False) for offset in range(start, end)]

    def live(self, *, is_finished: bool = True) -> Outcome:
        """Let the plan's steps go by, then heal everything, finish the work and judge the lake.

        Without `is_finished` only what holds after every step is judged.
        """
        failure = None
        try:
            with self._installed():
                try:
                    self._begin()
                    self._go()
                    if is_finished:
                        self._finish()
                finally:
                    for actor in list(self.scheduler.actors):
                        self._kill(actor)
        except Violation as found:
            failure = str(found)
        self.passed["stories withdrawn"] = len(self.oracle.withdrawn)
        return Outcome(
            self.plan,
            self._steps,
            failure,
            tuple(self._last),
            self._trace.hexdigest(),
            len(self.kafka.values) + sum(map(len, self.archives.values())),
            sum(1 for _ in self.oracle.done),
            self.passed["entries"],
            self.scheduler.points,
            self.scheduler.pairs,
            frozenset(self.scheduler.beside),
            self.passed,
        )

    @contextmanager
    def _installed(self) -> Iterator[None]:
        names = Random(f"names {self.plan.seed}")
        pin_table = snapshots.pin_table

        def stepped_open(root: str, table: str, *more: Any) -> Any:
            self.step(f"snapshot.{table}")
            return pin_table(root, table, *more)

        with ExitStack() as stack:
            stack.enter_context(self.backend.installed())
            for module in _NAMING:
                name = f"pipeline.store.{module}.uuid4"
                stack.enter_context(patch(name, lambda: UUID(int=names.getrandbits(128))))
            stack.enter_context(patch.object(snapshots, "pin_table", stepped_open))
            stack.enter_context(SteppedNotes(self).installed())
            filesystem_of, table_of = repairs.filesystem_of, repairs.DeltaTable

            def stepped_filesystem(*given: Any) -> Any:
                return SteppedFilesystem(self, filesystem_of(*given))

            def repaired(*given: Any, **options: Any) -> Any:
                if self.step("repair.table", ("fail",)) == "fail":
                    raise DeltaError("the store does not answer")
                return RepairedTable(self, table_of(*given, **options))

            stack.enter_context(patch.object(repairs, "filesystem_of", stepped_filesystem))
            stack.enter_context(patch.object(repairs, "DeltaTable", repaired))
            yield

    def _begin(self) -> None:
        for n in range(self.plan.actors.get("replay", 0)):
            values: list[bytes] = []
            while len(values) < self.plan.records // 6:
                values.append(wire.value(self.random, [*values, *self.kafka.produced]))
            self.archives[f"archive/{n}"] = values
        for kind, count in self.plan.actors.items():
            for _ in range(count):
                self._spawn(kind)

    def _spawn(self, kind: str) -> None:
        self._names += 1
        body = ACTORS[kind]
        actor = Actor(f"{kind} {self._names}", kind, lambda me: body(self, me))
        actor.began = self._steps
        actor.speed = self.random.choice((0.2, 1.0, 1.0, 3.0))
        self.scheduler.add(actor)

    def _go(self) -> None:
        while self._steps < self.plan.steps:
            if self.random.random() < self.plan.event_rate:
                self._event()
            if len(self.kafka.values) < self.plan.records and self.random.random() < 0.08:
                self.kafka.produce(self.random)
            there = Counter(actor.kind for actor in self.scheduler.actors)
            for kind, count in self.plan.actors.items():
                rare = 0.04 if kind in _RARE else 0.2
                if there[kind] < count and self.random.random() < rare:
                    self._spawn(kind)
            self._move()

    def _move(self) -> None:
        actors = self.scheduler.actors
        awake = [actor for actor in actors if not actor.frozen]
        for actor in actors:
            actor.frozen = max(0, actor.frozen - 1)
        if not awake:
            self._steps += 1
            return
        actor = self.random.choices(awake, [actor.speed for actor in awake])[0]
        fault = None
        may = [f for f in actor.faultable if f in self.plan.faults]
        if may and self.random.random() < self.plan.fault_rate:
            fault = self.random.choice(may)
            self.passed[f"fault: {fault}"] += 1
        self._note(f"{actor.name} at {actor.at}" + (f", {fault}" if fault else ""))
        self._now_s += self.random.expovariate(1.0)
        self.kafka.now_s += 0.05
        self._steps += 1
        self.scheduler.move(actor, fault)
        if "repair" in self.plan.actors and self.damage.is_there():
            self._unsound_at = self._steps
        if actor.is_done:
            self._ended(actor)

    def _ended(self, actor: Actor) -> None:
        error = actor.error
        if error is None:
            return
        if isinstance(error, Violation):
            raise error
        self._note(f"{actor.name} ends: {error}")
        self.damage.count += actor.kind == "repair"
        is_known = isinstance(error, DatelineError)
        if not is_known:
            raise Violation(f"{actor.name} ends with {error!r}") from error
        if not actor.faults and not self._is_excused(actor, error):
            raise Violation(f"{actor.name} fails though nothing failed it: {error}") from error
        self.passed["ended by a fault"] += 1
        self._let_go(actor)

    def _is_excused(self, actor: Actor, error: DatelineError) -> bool:
        # A run that is planned on what was there before a deletion does not go on.
        is_stopped = "were deleted since" in str(error) and bool(self.oracle.withdrawn)
        # Nor one whose versions were cleaned out of the log.
        is_stopped |= "does not reach back" in str(error) and self._forgot_at >= actor.began
        is_gone = self._removed_at >= actor.began  # a data file was cleaned away
        if actor.kind == "notes" and isinstance(error, StoreError) and is_gone:
            self.passed["notes met a file that was removed"] += 1
            return True
        if isinstance(error, StoreError) and self.is_unsound_since(actor.began):
            self.passed["ended by a damaged log"] += 1
            return True
        return is_stopped or self.kafka.away or "broker" in type(error).__name__.lower()

    def _kill(self, actor: Actor) -> None:
        # It may have begun: nobody else's repair need have seen what it leaves.
        self.damage.count += actor.kind == "repair"
        self.scheduler.kill(actor)
        self._let_go(actor)

    def _let_go(self, actor: Actor) -> None:
        """What a kernel does for a process that is gone: its locks go."""
        for files in self._files.pop(actor.name, ()):
            inner = files.inner
            if isinstance(inner, LocalFiles):
                for handle in inner._locks.values():
                    handle.close()

    def _event(self) -> None:
        what = self.random.choice(_EVENTS)
        if what not in self.plan.events:
            return
        actors = self.scheduler.actors
        if what == "kill" and actors:
            actor = self.random.choice(actors)
            self._note(f"kill {actor.name} at {actor.at}")
            self._kill(actor)
        elif what == "freeze" and actors:
            actor = self.random.choice(actors)
            actor.frozen = self.random.choice((20, 100, 400))
            self._note(f"freeze {actor.name} at {actor.at} for {actor.frozen}")
        elif what == "late" and self.late:
            self._carry_out()
        elif what == "clock":
            by_s = self.random.choice((-86400.0, -60.0, 60.0, 7200.0))
            self._now_s += by_s
            self._note(f"the clock jumps by {by_s} s")
        elif what in {"forget", "damage"} and self.is_begun():
            self._change_log(what)
        elif what == "kafka":
            self._note(f"kafka: {self.kafka.trouble(self.random)}")
        elif what == "groups":
            self.groups = self.random.randint(1, self.plan.partitions)
            self._note(f"{self.groups} groups from now on")
        elif what == "spawn" and self.plan.actors:
            kind = self.random.choice(sorted(self.plan.actors))
            if len(actors) < 10:
                self._spawn(kind)
        else:
            return
        self.passed[f"event: {what}"] += 1

    def _change_log(self, what: str) -> None:
        if what == "forget":
            known = [name for name in (*TABLES, LINKS) if self.backend.version(name) >= 0]
            table = self.random.choice(known)
            self.backend.forget(table)
            self._forgot_at = self._steps
            self._note(f"the log of {table} is cleaned")
        elif "repair" in self.plan.actors and (found := self.damage.inflict(self.random)):
            self._unsound_at = self._steps
            self._note(f"damaged: {found}")
            self.passed["files of logs damaged"] += 1

    def _carry_out(self) -> None:
        table, put = self.late.pop(self.random.randrange(len(self.late)))
        if self.random.random() < 0.7 and put():
            self._note(f"a late commit to {table} arrives")
            self.passed["late commits that arrived"] += 1
            self.observe(table)

    def _note(self, what: str) -> None:
        line = f"{self._steps} {what}"
        self._trace.update(line.encode())
        self._last.append(line)
        del self._last[:-60]

    def _finish(self) -> None:
        """No more faults: who is left dies, and one writer, upkeep and the check do the rest."""
        for actor in list(self.scheduler.actors):
            self._kill(actor)
        while self.late:
            self._carry_out()
        self.kafka.heal()
        if self.is_begun():
            self._repair()
        self.groups = 1
        # What is left is half of a life's time in batches as small as before.
        self.batch = _LAST_BATCH
        self._now_s = max(self._now_s, 0.0) + 365 * 86400.0
        lake, code = self.open_lake(), wire.CODES[-1]
        out = LakeWriter(lake, self.now, "m", "0", stages=code)
        reader = reader_of(self, lake, out, code, 0)
        for _ in range(10 * self.plan.steps):
            batch = reader.read(1.0)
            if batch is not None:
                reader.report_lost(out.write(wire.enriched_batch(batch, code)).lost)
            elif reader.caught_up():
                break
        else:
            raise Violation("the last writer does not come to the end")
        out.close()
        for name in self.archives:
            replay_archive(self, lake, name, code)
        # What an earlier one began is finished by this one.
        found = repeated_stories(lake) if "withdrawal" in self.plan.actors else ()
        withdraw(lake, found, REPEAT, "it repeats another row", self.now())
        if "reprocess" in self.plan.actors:
            reprocess_lake(self, lake)
        if "link" in self.plan.actors:
            link(lake, RULE, self.now(), all_days=True)
            self.links.assert_current()
        compact(lake, Sizing(min_files=2), self.now())
        if "notes" in self.plan.actors:
            note_families(open_snapshot(self.backend.url))
            assert_answers(self, open_snapshot(self.backend.url))
        later = self.now() + timedelta(days=1)
        for _ in range(2):
            clean_up(lake, later, 0.0)
        self._judge()

    def _repair(self) -> None:
        repairs.repair(self.backend.url)
        self.assert_sound()
        if left := repairs.plan_repairs(self.backend.url):
            raise Violation(f"still to be repaired: {left[:3]}")

    def _judge(self) -> None:
        for name, log in self.kafka.logs.items():
            source = self.kafka.partition(*name).source
            done = self.oracle.done.get(source, -1)
            if done < log.end:
                raise Violation(f"{source} is done to {done}, and has {log.end}")
        for name, values in self.archives.items():
            if self.oracle.done.get(name) != len(values):
                raise Violation(f"{name} is not done")
        if left := self.oracle.half_gone():
            raise Violation(f"withdrawn and still there: {left[:3]}")
        with self.backend.exact():
            report = check(self.backend.url, strict=True)
        found = [f for f in report.findings if not self._is_of_a_given_up_run(f.kind, f.message)]
        wrong = [f for f in found if f.kind not in _NOTED]
        if wrong:
            raise Violation(f"check --strict at the end: {wrong[:3]}")
        for finding in report.counts:
            self.passed[f"note at the end: {finding}"] += 1

    def _is_of_a_given_up_run(self, kind: str, path: str) -> bool:
        """A file of a run over the lake that cannot go on, as its versions' files are gone."""
        if kind != "unreferenced":
            return False
        with suppress(FileNotFoundError):
            for table in TABLES:
                marks = self.backend.files().marks(f"{table}/{path}")
                if marks is not None:
                    return all(source.startswith("reprocess/") for source in marks.blocks)
        return False


_NOTED = frozenset({"replaced", "repeat", "superseded", "in_flight", "uncounted"})


def lived(plan: Plan, backend: Callable[[], Backend], *, is_finished: bool = True) -> Outcome:
    """One life by a plan, on a store of its own; see `World.live`."""
    return World(plan, backend()).live(is_finished=is_finished)


def shrunk(
    outcome: Outcome,
    backend: Callable[[], Backend],
    tries: int = 8,
    *,
    is_finished: bool = True,
    is_over: Callable[[], bool] = lambda: False,
) -> Outcome:
    """The smallest life found that still goes wrong: fewer actors, faults, events and steps.

    What is left out changes all that follows, so each smaller plan is tried under some seeds.
    `is_over` says that it is to be left at what was found.
    """
    best = outcome
    changed = True
    while changed:
        changed = False
        for plan in _smaller(best):
            for n in range(tries):
                if is_over():
                    return best
                seed = best.plan.seed if n == 0 else best.plan.seed * 1000 + n
                found = lived(replace(plan, seed=seed), backend, is_finished=is_finished)
                if found.failure is not None:
                    best, changed = found, True
                    break
            if changed:
                break
    return best


def _smaller(outcome: Outcome) -> Iterator[Plan]:
    plan = outcome.plan
    if outcome.steps < plan.steps * 3 // 4:
        yield replace(plan, steps=outcome.steps + 1)
    for kind, count in plan.actors.items():
        fewer = {**plan.actors, kind: count - 1}
        yield replace(plan, actors={k: c for k, c in fewer.items() if c})
    for event in sorted(plan.events):
        yield replace(plan, events=plan.events - {event})
    for fault in sorted(plan.faults):
        yield replace(plan, faults=plan.faults - {fault})
    if plan.partitions > 1:
        yield replace(plan, partitions=1)
