"""One batch after the other: what the watch measures, traces and logs."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.config import load
from pipeline.errors import ConfigError, StoreError
from pipeline.job import Job
from pipeline.model import Batch, Block, EnrichedBatch, ParsedBatch, Record
from pipeline.observe.logs import configure
from pipeline.observe.recorder import Recorder
from pipeline.observe.watch import Trace, Watch
from pipeline.supervise import Supervisor
from pipeline.work import LakeSide, PartitionGroup
from tests.support.rows import ENRICHMENT, enriched
from tests.support.wire import copy

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
SOURCE = "kafka/c/wire/t/0"


@dataclass
class Clock:
    """Both clocks, moved by hand."""

    s: float = 1000.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.s)

    def monotonic(self) -> float:
        return self.s


@dataclass
class Watched:
    """A watch, its clock, and what it told."""

    clock: Clock = field(default_factory=Clock)
    recorder: Recorder = field(default_factory=Recorder)
    traces: list[Trace] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watch = Watch(self.recorder, self.clock.now, self.clock.monotonic, self.traces.append)

    def told(self) -> dict[tuple[str, ...], float | None]:
        """What is new, by name and labels; of histograms the sums."""
        taken = self.recorder.take()
        found: dict[tuple[str, ...], float | None] = {
            (name, *labels): value for name, labels, value in (*taken["add"], *taken["set"])
        }
        return found | {(name, *labels): total for name, labels, _, total in taken["observe"]}

    def pass_batch(self, *, failing: bool = False) -> None:
        """Read in 1 s, parsed in 2, enriched in 3 and written in 4."""
        self.watch.read(a_batch(), 1.0, self.clock.s - 7)
        for name, seconds in (("parse", 2.0), ("enrich", 3.0), ("write", 4.0)):
            with self.watch.step(name):
                self.clock.s += seconds
                if failing and name == "write":
                    raise OSError("the disk is gone")


def a_batch() -> Batch:
    records = tuple(Record(SOURCE, n, b"12345", received_at=NOON) for n in range(3))
    return Batch(0, (Block(SOURCE, 0, 4, 3),), records)


COUNTS = {"records": 3, "stories": 2, "rejects": 1, "skipped": 0}


def test_a_committed_batch_is_counted_once() -> None:
    """Counts by kind, bytes of what was committed, and seconds by step."""
    watched = Watched()
    watched.pass_batch()
    seconds = watched.watch.committed(
        a_batch().blocks, COUNTS, {"malformed": 1, "skipped.repeat": 2}, 1
    )
    assert seconds == {"read": 1.0, "parse": 2.0, "enrich": 3.0, "write": 4.0}
    told = watched.told()
    assert told["dateline_bytes_total",] == 15
    assert told["dateline_rejects_total", "malformed"] == 1
    assert told["dateline_skipped_total", "repeat"] == 2
    assert told["dateline_blocks_lost_total",] == 1
    assert told["dateline_block_seconds", "write"] == 4.0
    assert told["dateline_last_commit_timestamp_seconds",] == watched.clock.now().timestamp()
    assert told["dateline_oldest_uncommitted_seconds",] == 0.0
    assert watched.told() == {}


def test_portions_of_a_batch_are_timed_and_counted_each() -> None:
    """The bytes of a source with its first block, those of the next source with its own."""
    watched = Watched()
    other = SOURCE[:-1] + "1"
    batch = a_batch()
    more = (*batch.blocks, Block(other, 0, 1, 1))
    records = (*batch.records, Record(other, 0, b"1234567", received_at=NOON))
    watched.watch.read(Batch(0, more, records), 1.0, None)
    seconds = []
    for number, blocks in enumerate((more[:1], more[:1], more[1:])):
        if number:
            watched.watch.portion(0, more)
        with watched.watch.step("write"):
            watched.clock.s += number + 1
        seconds.append(watched.watch.committed(blocks, COUNTS, {}, 0))
    assert seconds == [{"read": 1.0, "write": 1.0}, {"write": 2.0}, {"write": 3.0}]
    assert [trace.committed for trace in watched.traces] == [True] * 3
    assert watched.told()["dateline_bytes_total",] == 15 + 7


def test_what_another_writer_took_is_no_bytes_of_ours() -> None:
    """Only blocks that were committed count."""
    watched = Watched()
    watched.pass_batch()
    watched.watch.committed((), dict.fromkeys(COUNTS, 0), {}, 1)
    assert watched.told()["dateline_bytes_total",] == 0


def test_a_record_that_is_not_committed_grows_old() -> None:
    """Since it was first read, however often its batch is read again; then it is forgotten."""
    watched = Watched()
    first_s = watched.clock.now().timestamp() - 7
    with pytest.raises(OSError, match="disk"):
        watched.pass_batch(failing=True)
    assert watched.told()["dateline_oldest_uncommitted_seconds",] == first_s
    watched.clock.s += 100
    watched.pass_batch()
    assert watched.told()["dateline_oldest_uncommitted_seconds",] == first_s
    watched.watch.committed(a_batch().blocks, COUNTS, {}, 0)
    assert watched.told()["dateline_oldest_uncommitted_seconds",] == 0.0
    watched.watch.idle(0, watched.clock.s - 2)
    held = watched.told()["dateline_oldest_uncommitted_seconds",]
    assert held == watched.clock.now().timestamp() - 2
    watched.watch.idle(0, None)
    assert watched.told()["dateline_oldest_uncommitted_seconds",] == 0.0


def test_commits_are_timed_and_conflicts_counted() -> None:
    """From a table's beginning to its log's entry; a refused one is no commit."""
    watched = Watched()
    for name in ("begin", "file", "log", "conflict", "begin", "file", "log", "done", "done"):
        watched.watch.on_point(f"stories.{name}")
        watched.clock.s += 1
    watched.watch.on_point("file.staged")
    assert watched.told() == {
        ("dateline_commit_conflicts_total", "stories"): 1,
        ("dateline_commit_seconds", "stories"): 3.0,
    }


def test_an_outage_has_one_beginning() -> None:
    """Each further failure leaves it where it is; an answer ends it."""
    watched = Watched()
    name = ("dateline_waiting_for_broker_seconds",)
    watched.watch.waiting_for("broker", since_s=watched.clock.s)
    began_s = watched.clock.now().timestamp()
    assert watched.told()[name] == began_s
    watched.clock.s += 9
    watched.watch.waiting_for("broker", since_s=watched.clock.s)
    assert name not in watched.told()
    watched.watch.waiting_for("broker", since_s=None)
    assert watched.told()[name] == 0.0


def test_a_batch_that_fails_is_traced_as_such() -> None:
    """When the next one comes, or the job closes."""
    watched = Watched()
    with pytest.raises(OSError, match="disk"):
        watched.pass_batch(failing=True)
    watched.pass_batch()
    watched.watch.committed(a_batch().blocks, COUNTS, {}, 0)
    watched.watch.give_up()
    assert [trace.committed for trace in watched.traces] == [False, True]
    assert [step.name for step in watched.traces[0].steps] == ["read", "parse", "enrich", "write"]


def test_spans_carry_sources_and_offsets() -> None:
    """One span a batch, one for each step below it, with the times that were measured."""
    sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="dateline[otel] is not installed")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    from pipeline.observe.traces import Traces

    exporter = memory.InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    watched = Watched()
    watched.watch.on_trace = Traces(provider).tell
    watched.pass_batch()
    watched.watch.committed(a_batch().blocks, COUNTS, {}, 0)
    with pytest.raises(OSError, match="disk"):
        watched.pass_batch(failing=True)
    watched.watch.give_up()
    spans = exporter.get_finished_spans()
    done, failed = (span for span in spans if span.name == "batch")
    assert done.attributes["dateline.sources"] == (SOURCE,)
    assert done.attributes["dateline.start_offsets"] == (0,)
    assert done.attributes["dateline.end_offsets"] == (4,)
    assert done.attributes["dateline.stories"] == 2
    assert done.status.is_ok
    assert not failed.status.is_ok
    steps = [span for span in spans if span.parent and span.parent.span_id == done.context.span_id]
    assert [(s.name, round((s.end_time - s.start_time) / 1e9, 3)) for s in steps] == [
        ("read", 1.0),
        ("parse", 2.0),
        ("enrich", 3.0),
        ("write", 4.0),
    ]
    assert done.end_time - done.start_time == pytest.approx(10e9)


def test_traces_reach_a_collector() -> None:
    """As OTLP over HTTP, at the latest when the job closes."""
    pytest.importorskip(
        "opentelemetry.exporter.otlp.proto.http", reason="dateline[otel] is missing"
    )
    from pipeline.observe.traces import open_traces

    received: list[tuple[str, str | None, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, self.headers["Content-Type"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        traces = open_traces(f"http://127.0.0.1:{server.server_port}/v1/traces", "1.2.3")
        watched = Watched()
        watched.watch.on_trace = traces.tell
        watched.pass_batch()
        watched.watch.committed(a_batch().blocks, COUNTS, {}, 0)
        traces.close()
        server.shutdown()
    assert {(path, kind) for path, kind, _ in received} == {
        ("/v1/traces", "application/x-protobuf")
    }
    sent = gzip.decompress(received[0][2]) if received[0][2][:2] == b"\x1f\x8b" else received[0][2]
    assert SOURCE.encode() in sent
    assert b"1.2.3" in sent


def test_traces_without_their_library_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name of what is to be installed."""
    from pipeline.observe.traces import open_traces

    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigError, match=r"dateline\[otel\]"):
        open_traces("http://127.0.0.1:1/v1/traces", "1")


def test_without_traces_and_metrics_nothing_is_imported_for_them() -> None:
    """A job that is not watched pays for neither library."""
    program = (
        "import sys; from pipeline.config import load; from pipeline.job import Job; "
        "from pipeline.supervise import Supervisor; Job(load()); Supervisor(load()); "
        "print([m for m in sys.modules if m.startswith(('prometheus_client', "
        "'opentelemetry.sdk', 'opentelemetry.exporter'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


class _Reader:
    """Hands out one batch of three real stories and a bad record."""

    topics_reader = None

    def __init__(self) -> None:
        values = list(copy(1, 4)) + list(copy(0, 1))
        records = tuple(Record(SOURCE, n, value) for n, value in enumerate(values))
        self._batches = [Batch(0, (Block(SOURCE, 0, 5, 4),), records)]

    def read(self, timeout_s: float) -> Batch | None:
        return self._batches.pop() if self._batches else None

    def is_due(self, block: Block) -> bool:
        return True

    def report_lost(self, sources: object) -> None:
        pass

    def caught_up(self) -> bool:
        return not self._batches

    def close(self) -> None:
        pass


class _OneBatch(PartitionGroup):
    """A group that is read from no broker."""

    def open(self, lake: LakeSide) -> _Reader:  # type: ignore[override]
        return _Reader()


def _enrich(batch: ParsedBatch) -> EnrichedBatch:
    found = tuple(enriched(story) for story in batch.stories)
    return EnrichedBatch(batch.group, batch.blocks, found, batch.rejects, ENRICHMENT)


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Job]:
    """A job whose configuration holds secrets, with a reader and an enricher of its own."""
    monkeypatch.setenv("DATELINE_KAFKA__CLIENT", json.dumps({"sasl_plain_password": "hush1"}))
    settings = load(
        None,
        {
            "lake": {"url": str(tmp_path / "lake"), "options": {"aws_secret_access_key": "hush2"}},
            "observe": {"metrics_port": 0},
        },
    )
    running = Job(settings)
    running.__dict__["enricher"] = SimpleNamespace(
        model="m",
        model_hash="0",
        enrichment_id=ENRICHMENT,
        stages=(),
        enrich_batch=_enrich,
        load=lambda: None,
    )
    running._start({SOURCE: 0}, {SOURCE: 0})
    yield running
    running.close()


def run(job: Job) -> None:
    for batch in job.read(_OneBatch(0)):
        for parsed in job.parse(batch):
            job.write(job.enrich(parsed))


def test_the_line_of_a_batch_says_what_and_where(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sources with offsets and seconds by step; no secret, no word of a story."""
    configure("debug", json=True)
    run(job)
    said = capsys.readouterr().err
    lines: list[dict[str, Any]] = [json.loads(line) for line in said.splitlines()]
    line = next(one for one in lines if one["event"] == "batch committed")
    assert line["blocks"] == {SOURCE: [0, 5]}
    assert (line["stories"], line["rejects"], line["skipped"]) == (3, 1, 0)
    assert set(line["seconds"]) == {"read", "parse", "enrich", "write"}
    assert "hush" not in said
    words = {word for value in copy(1, 4) for word in value.decode().split() if len(word) > 6}
    assert words
    assert [word for word in words if word in said] == []


def test_a_job_measures_what_it_does(job: Job) -> None:
    """The whole way of a batch, with the five commits; nothing of it names a secret."""
    job.prepare()
    run(job)
    told = job.telemetry.recorder.take()
    counters = {(name, *labels): value for name, labels, value in told["add"]}
    assert counters["dateline_records_total",] == 4
    assert counters["dateline_stories_total",] == 3
    assert counters["dateline_stories_withheld_total",] == 0
    observed = {(name, *labels): sum(counts) for name, labels, counts, _ in told["observe"]}
    for step in ("read", "parse", "enrich", "write"):
        assert observed["dateline_block_seconds", step] == 1
    for table in ("rejects", "entities", "events", "stories"):
        assert observed["dateline_commit_seconds", table] == 2, "the start, and the batch"
    ledger = observed["dateline_commit_seconds", "ledger"]
    assert ledger == 3, "the start, the generation of stages that are new to the lake, the batch"
    gauges = {(name, *labels): value for name, labels, value in told["set"]}
    assert gauges["dateline_worker_model_loaded",] == 1
    assert gauges["dateline_worker_connected",] == 1
    assert "hush" not in json.dumps(told)


def test_a_process_without_a_supervisor_serves_itself(job: Job) -> None:
    """As on Flink; asked again, it goes on at the same port."""
    job.serve()
    assert job.telemetry.observer is not None
    port = job.telemetry.observer.port
    job.serve()
    run(job)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    assert "dateline_stories_total 3.0" in text
    assert 'dateline_build_info{enrichment_id="enrichment-1",model="m",version=' in text
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
        assert json.load(answer) == {"status": "ok", "reasons": []}


def test_a_failing_store_is_told_until_a_batch_gets_in(job: Job) -> None:
    """So an alert hears of it before the job gives up."""
    job.note_fault(StoreError("the disk is gone"))
    since_s = {n: v for n, _, v in job.telemetry.recorder.take()["set"]}
    assert since_s["dateline_waiting_for_store_seconds"]
    run(job)
    ended = {n: v for n, _, v in job.telemetry.recorder.take()["set"]}
    assert ended["dateline_waiting_for_store_seconds"] == 0.0


def test_a_replay_goes_on_without_a_port_and_a_job_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A replay beside the job has the same configuration; a job without its probes is refused."""
    configure(json=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = load(None, {"observe": {"metrics_port": taken.getsockname()[1]}})
        Supervisor(settings, replays=[]).run(threading.Event())
        assert "this replay serves no metrics" in capsys.readouterr().err
        with pytest.raises(ConfigError, match="cannot serve metrics there"):
            Supervisor(settings).run(threading.Event())
