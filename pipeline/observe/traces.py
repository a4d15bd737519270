"""OpenTelemetry traces: a span a batch, with one for each of its steps. Optional: `dateline[otel]`.

The library is imported only where traces are asked for, and spans are made once the batch is done,
from the times that were taken anyway: so a job without traces pays nothing for them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError
from pipeline.observe.watch import Trace

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_NS = 1_000_000_000
_ATTRIBUTED_BLOCKS = 50
"""So many blocks' offsets stand in a span; their number always does."""


class Traces:
    """Makes spans of batches for a provider."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("dateline")

    def tell(self, trace: Trace) -> None:
        """Send the spans of a batch that is committed, or given up (status: error)."""
        from opentelemetry.trace import Status, StatusCode, set_span_in_context

        if not trace.steps:
            return
        blocks = trace.blocks[:_ATTRIBUTED_BLOCKS]
        batch = self._tracer.start_span(
            "batch",
            start_time=int(trace.steps[0].start_s * _NS),
            attributes={
                "dateline.group": trace.group,
                "dateline.blocks": len(trace.blocks),
                "dateline.sources": [block.source for block in blocks],
                "dateline.start_offsets": [block.start for block in blocks],
                "dateline.end_offsets": [block.end for block in blocks],
                "dateline.records": sum(block.records for block in trace.blocks),
                "dateline.stories": trace.stories,
                "dateline.rejects": trace.rejects,
            },
        )
        context = set_span_in_context(batch)
        for step in trace.steps:
            span = self._tracer.start_span(
                step.name, context=context, start_time=int(step.start_s * _NS)
            )
            span.end(int(step.end_s * _NS))
        if not trace.committed:
            batch.set_status(Status(StatusCode.ERROR, "not committed"))
        batch.end(int(trace.steps[-1].end_s * _NS))

    def close(self) -> None:
        """Send what has not been sent."""
        self._provider.shutdown()


def open_traces(endpoint: str, version: str) -> Traces:
    """Open traces that go to `endpoint` (OTLP over HTTP) as service `dateline`.

    Headers and certificates are named by OpenTelemetry's own variables
    (`OTEL_EXPORTER_OTLP_HEADERS` …). Raises `ConfigError` where the library is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ConfigError(
            "traces need the extra dateline[otel]", setting="observe.traces_endpoint"
        ) from error
    # A collector that is away is one line each time, not one for each attempt.
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)
    resource = Resource.create({"service.name": "dateline", "service.version": version})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return Traces(provider)
