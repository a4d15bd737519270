"""What Beam lacks: each test fails once it does no more, and the liberty can go."""

from __future__ import annotations

import os

import apache_beam as beam
import psutil
import pytest
from apache_beam.io.flink.flink_streaming_impulse_source import FlinkStreamingImpulseSource
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.direct.direct_runner import DirectRunner
from apache_beam.runners.portability import prism_runner
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer

from pipeline.compat.beam_engine import in_process_engine
from pipeline.compat.beam_flink import flink_beats, flink_options

pytestmark = pytest.mark.engine


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes who asks Prism to run a pipeline, which it does not."""
    found: list[str] = []

    def run_pipeline(*_: object) -> None:
        found.append("asked")
        raise FileNotFoundError("no program here")

    monkeypatch.setattr(prism_runner.PrismRunner, "run_pipeline", run_pipeline)
    return found


def run(runner: object) -> None:
    root = beam.Pipeline(runner=runner, options=PipelineOptions([], save_main_session=False))
    root | "one" >> beam.Create([1], reshuffle=False)  # type: ignore[operator]
    root.run().wait_until_finish()


def test_the_direct_runner_still_asks_for_prism(asked: list[str]) -> None:
    """It would be downloaded; ours never asks."""
    run(in_process_engine())
    assert asked == []
    run(DirectRunner())
    assert asked


def test_beats_still_are_set_by_class() -> None:
    """One source's setter changes another source; ours does not."""
    try:
        flink_beats(5)
        assert FlinkStreamingImpulseSource().config == {}
        FlinkStreamingImpulseSource().set_interval_ms(7)
        assert FlinkStreamingImpulseSource().config == {"interval_ms": 7}
    finally:
        FlinkStreamingImpulseSource.config.clear()


def test_flinks_options_reach_the_runner() -> None:
    """As numbers, where Beam's Python side knows none of them by itself."""
    given = {"checkpointing_interval": 1000, "max_bundle_size": 1, "savepoint_path": "here"}
    options = flink_options({**given, "fail_on_checkpointing_errors": "false"}).get_all_options()
    assert {name: options[name] for name in given} == given
    assert options["fail_on_checkpointing_errors"] is False


def test_beams_own_pool_still_listens_everywhere() -> None:
    """It takes a port and no address."""
    before = listening()
    _, server = BeamFnExternalWorkerPoolServicer.start(use_process=True)
    try:
        assert listening() - before == {"::"}
    finally:
        server.stop(None)


def listening() -> set[str]:
    return {
        c.laddr.ip
        for c in psutil.Process(os.getpid()).net_connections("tcp")
        if c.status == psutil.CONN_LISTEN
    }
