"""Who is at work on a simulated lake: each is the body of one process, over the product's code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import duckdb

from pipeline.errors import DatelineError, StoreError
from pipeline.model import Batch, Block, Record, Story
from pipeline.source.kafka.options import KafkaOptions, Limits
from pipeline.source.kafka.reader import Reader
from pipeline.stages import StageSet
from pipeline.store.check.judge import check
from pipeline.store.commit.decide import NotEnrichedError
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.write import LakeWriter, Receipt
from pipeline.store.links.near_duplicates import LinkRule, link
from pipeline.store.read.families import find_families
from pipeline.store.read.session import session
from pipeline.store.read.snapshot import Snapshot, open_snapshot
from pipeline.store.read.views import view_select
from pipeline.store.runs.reprocess import plan_reprocess
from pipeline.store.schema.contract import LINKS
from pipeline.store.upkeep.clean_up import clean_up
from pipeline.store.upkeep.compact import Sizing, compact
from pipeline.store.upkeep.note_families import note_families
from pipeline.store.upkeep.repair import repair
from pipeline.store.upkeep.withdraw import (
    DELETED,
    REPEAT,
    WITHDRAWN,
    named_stories,
    repeated_stories,
    withdraw,
)
from tests.simulation import wire
from tests.simulation.kafka import TOPIC
from tests.simulation.oracle import Violation
from tests.simulation.scheduler import Actor
from tests.support.rows import NOON

if TYPE_CHECKING:
    from tests.simulation.world import World

RULE = LinkRule(window_days=1)
"""What is linked here; the wire has two days."""

Body = Callable[["World", Actor], None]


def reader_of(world: World, lake: Lake, writer: LakeWriter, code: StageSet, group: int) -> Reader:
    """The product's reader of one group, as things stand now."""
    return Reader(
        KafkaOptions(
            ("simulated",), (TOPIC,), on_expired="skip", on_corrupt="skip",
            discover_interval_s=5.0, broker_timeout_s=60.0, start=world.plan.start,
        ),
        Limits(max_records=world.batch, flush_interval_s=1.0),
        group=group,
        groups=world.groups,
        lake_ends=lake.ends,
        start_sources=lambda first, later: writer.start(first, later, code.enrichment_id),
        clock=world.kafka.clock,
        sleep=world.kafka.sleep,
        connect=world.kafka.connect,
    )  # fmt: skip


def writer(world: World, actor: Actor) -> None:
    """A worker of the job: its group's records, for as long as it lives."""
    code = world.random.choice(wire.CODES)
    group = world.random.randrange(world.groups)
    lake = world.open_lake(actor)
    out = LakeWriter(lake, world.now, "m", "0", stages=code)
    reader = reader_of(world, lake, out, code, group)
    while True:
        batch = reader.read(1.0)
        if batch is None:
            world.step("writer.idle")
            continue
        receipt = out.write(wire.enriched_batch(batch, code))
        reader.report_lost(receipt.lost)


def replay(world: World, actor: Actor) -> None:
    """A replay of one archive, to its end."""
    name = world.random.choice(sorted(world.archives))
    replay_archive(world, world.open_lake(actor), name, world.random.choice(wire.CODES))


def replay_archive(world: World, lake: Lake, name: str, code: StageSet) -> None:
    """Read one archive from where the lake ends."""
    values = world.archives[name]
    run(
        lake,
        LakeWriter(lake, world.now, "m", "0", stages=code),
        name,
        lambda start: [Record(name, start + n, v) for n, v in enumerate(values[start:])],
        len(values),
        code,
        world.batch,
        is_sparing=True,
    )


def reprocess(world: World, actor: Actor) -> None:
    """A run over what the lake holds, under the newer code."""
    reprocess_lake(world, world.open_lake(actor))


def reprocess_lake(world: World, lake: Lake) -> None:
    """Plan such a run, or go on with one, to its end."""
    code = wire.CODES[-1]
    world.step("reprocess.plan")
    if not world.is_begun():
        return
    planned = plan_reprocess(lake.url, {}, code).run
    if planned.total == 0:
        return
    try:
        run(
            lake,
            LakeWriter(lake, world.now, "m", "0", stages=code),
            planned.source,
            lambda start: list(planned.records(start)),
            planned.total,
            code,
            world.batch,
        )
    except StoreError as error:
        # Clean-up took files of the versions that it was planned on: the next one plans anew.
        if not isinstance(error.__cause__, FileNotFoundError):
            raise
        world.passed["reprocess met a file that was cleaned away"] += 1


def run(  # noqa: PLR0917 (each has its own type)
    lake: Lake,
    out: LakeWriter,
    source: str,
    records_from: Callable[[int], Sequence[Record]],
    total: int,
    code: StageSet,
    at_once: int,
    *,
    is_sparing: bool = False,
) -> None:
    """Write a source that has an end, from where the lake ends."""
    out.start({source: 0}, {source: 0}, code.enrichment_id)

    def spare(stories: Sequence[Story]) -> Sequence[Story]:
        return out.spare(stories)[1]

    while (start := lake.ends([source])[source]) < total:
        records = tuple(records_from(start)[:at_once])
        block = Block(source, start, start + len(records), len(records))
        batch = Batch(0, (block,), records)
        _written(out, batch, code, spare if is_sparing else None)
    out.close()


def _written(
    out: LakeWriter,
    batch: Batch,
    code: StageSet,
    spare: Callable[[Sequence[Story]], Sequence[Story]] | None,
) -> Receipt:
    try:
        return out.write(wire.enriched_batch(batch, code, spare))
    except NotEnrichedError:
        return out.write(wire.enriched_batch(batch, code))


def compaction(world: World, actor: Actor) -> None:
    """One compaction of all tables."""
    sizing = Sizing(min_files=world.random.randint(2, 4))
    compact(world.open_lake(actor), sizing, world.now())


def tidy_away(world: World, actor: Actor) -> None:
    """One clean-up."""
    clean_up(world.open_lake(actor), world.now(), world.random.choice(world.plan.retentions_s))


def withdrawal(world: World, actor: Actor) -> None:
    """One withdrawal: of what raced in twice, or of some revisions that the law wants gone."""
    lake = world.open_lake(actor)
    if world.random.random() < 0.3:
        withdraw(lake, repeated_stories(lake), REPEAT, "it repeats another row", world.now())
        return
    there = world.oracle.revisions()
    chosen = world.random.sample(there, min(len(there), world.random.randint(1, 4)))
    found = named_stories(lake, revision_ids=frozenset(chosen))
    withdraw(lake, found, DELETED, "request 17", world.now())


def linking(world: World, actor: Actor) -> None:
    """One run of linking: all days, or those whose stories have changed."""
    world.step("link.open")
    if world.is_begun():
        lake, is_whole = world.open_lake(actor), world.random.random() < 0.5
        link(lake, RULE, world.now(), all_days=is_whole)


def repairing(world: World, actor: Actor) -> None:
    """One repair of whatever is damaged, beside everyone."""
    world.step("repair.open")
    if not world.is_begun():
        return
    before = world.damage.count
    try:
        done = repair(world.backend.url)
    except StoreError as error:
        if actor.faults == 0 and world.is_repaired_by(actor, before):
            raise Violation(f"a repair fails though nothing failed it: {error}") from error
        raise
    world.passed["files of logs repaired"] += len(done)
    if world.is_repaired_by(actor, before):
        world.assert_sound()


def noting(world: World, actor: Actor) -> None:
    """One note of which revisions are in force."""
    world.step("notes.open")
    if world.is_begun():
        note_families(open_snapshot(world.backend.url))


def asking(world: World, actor: Actor) -> None:
    """A question for `current`, which goes by the last note: the answer is that without one."""
    world.step("question.open")
    if not world.is_begun():
        return
    removed = world.passed["files removed"]
    try:
        assert_answers(world, open_snapshot(world.backend.url, tables=("ledger", "stories")))
    except (OSError, duckdb.Error) as error:
        # A data file, or the note itself, was removed since.
        is_gone = world.passed["files removed"] > removed or "_families/" in str(error)
        if not is_gone:
            raise
        world.passed["questions met a file that was removed"] += 1


def assert_answers(world: World, snapshot: Snapshot) -> None:
    """Judge that `current` says by a note what it says without one, at some moments."""
    as_of = NOON + timedelta(hours=world.random.choice((0.5, 1.5, 2.5, 9000.0)))
    with session(snapshot, ["ledger", "stories"], memory_mb=256, threads=1) as connection:
        world.step("question.find")
        families = find_families(connection, snapshot)
        if families is None:
            return
        families.register(connection, snapshot)
        world.step("question.ask")
        # The columns of a record have other names in the views.
        keys = "record_source, record_offset, record_item, enrichment_id"
        told, wanted = (
            connection.execute(f"SELECT {keys} FROM ({text}) ORDER BY ALL").fetchall()
            for text in (families.select(as_of), view_select("current", as_of))
        )
        world.passed["questions answered by a note"] += 1
        if told != wanted:
            differ = sorted(set(told) ^ set(wanted))
            raise Violation(f"by a note `current` differs at {as_of}: {differ[:3]}")


def reader(world: World, actor: Actor) -> None:
    """Somebody who looks at the lake while it changes: what is done is whole."""
    world.step("reader.open")
    if not world.is_begun():
        return
    # A file that a clean-up has removed since: a reader looks again.
    try:
        snapshot = open_snapshot(world.backend.url)
        _assert_whole(world, snapshot)
    except FileNotFoundError:
        world.passed["reader met a file that was cleaned away"] += 1


def _assert_whole(world: World, snapshot: Snapshot) -> None:
    def rows(table: str, *columns: str) -> list[tuple[object, ...]]:
        world.step(f"reader.{table}")
        found = snapshot.dataset(table).to_table(list(columns)).to_pydict()
        return list(zip(*(found[name] for name in columns), strict=True))

    links = rows(LINKS, "left_revision_id", "right_revision_id", "date")
    blocks = rows("ledger", "source", "start_offset", "end_offset", "items")
    stories = rows(
        "stories",
        *("source", "offset", "item", "enrichment_id", "entity_count", "event_count"),
        "revision_id",
    )
    rejects = rows("rejects", "source", "offset", "item", "message", "revision_id")
    _assert_linked(snapshot, links, {row[-1] for row in (*stories, *rejects)})
    stories = [row[:-1] for row in stories]
    rejects = [row[:-1] for row in rejects]
    # On their way out: told as skips already, and no more told of.
    gone = {tuple(key) for *key, message in rejects if message.startswith(WITHDRAWN)}
    stories = [row for row in stories if row[:3] not in gone]
    finds = [rows(table, "source", "offset", "item", "enrichment_id") for table in world.FOUND]
    items: dict[object, list[int]] = {}
    for source, offset, *_ in (*stories, *rejects):
        items.setdefault(source, []).append(offset)  # type: ignore[arg-type]
    for source, start, end, told in blocks:
        there = sum(start <= n < end for n in items.get(source, ()))  # type: ignore[operator]
        if there != told:
            raise Violation(f"a reader sees {there} of {told} items of {source} [{start}, {end})")
    for place, found in enumerate(finds):
        counted: dict[tuple[object, ...], int] = {}
        for key in found:
            counted[key] = counted.get(key, 0) + 1
        for *key, entities, events in stories:
            wanted = (entities, events)[place]
            if counted.get(tuple(key), 0) != wanted:
                raise Violation(f"a reader sees {counted.get(tuple(key), 0)} of {wanted} of {key}")


def _assert_linked(
    snapshot: Snapshot, links: Sequence[tuple[object, ...]], known: set[object]
) -> None:
    """Each day has as many links as its commit said, between revisions that are or were there."""
    days = Counter(day for *_, day in links)
    apps = {f"{LINKS}/{day}/rows": count for day, count in days.items()}
    if (told := snapshot.committed(LINKS, apps)) != apps:
        raise Violation(f"a reader sees {apps} links of {told}")
    for left, right, _ in links:
        if not {left, right} <= known:
            raise Violation(f"a reader sees a link of {left} and {right}, of which one never was")


def judge(world: World, actor: Actor) -> None:
    """The product's own check, beside everyone: notes alone."""
    world.step("check.open")
    if not world.is_begun():
        return
    removed, began = world.passed["files removed"], world.steps
    begun = len(world.oracle.withdrawn)
    is_amid = bool(world.oracle.pending)
    try:
        with world.backend.exact():
            report = check(world.backend.url)
    except FileNotFoundError:
        # A dataset in memory reads its files when it is made, delta-rs' when rows are asked for.
        if world.passed["files removed"] == removed:
            raise
        world.passed["check met a file that was cleaned away"] += 1
        return
    # Until a withdrawal has come to its end the counts are others than the rows.
    if is_amid or len(world.oracle.withdrawn) > begun:
        world.passed["checks beside a withdrawal"] += 1
        return
    if world.is_unsound_since(began):
        world.passed["checks of a damaged log"] += 1
        return
    # A file that a clean-up removes under a check cannot be read by it.
    if not report.ok and world.passed["files removed"] == removed:
        raise Violation(f"check, beside the others: {report.findings[:3]}")


ACTORS: dict[str, Body] = {
    "writer": writer,
    "replay": replay,
    "reprocess": reprocess,
    "compaction": compaction,
    "clean-up": tidy_away,
    "withdrawal": withdrawal,
    "reader": reader,
    "check": judge,
    "link": linking,
    "repair": repairing,
    "notes": noting,
    "question": asking,
}

EXPECTED = DatelineError
"""What a process may end with where the store or the broker failed it."""
