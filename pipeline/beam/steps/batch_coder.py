"""How batches are encoded between steps, and how large they are without encoding them.

The steps are fused, so that a batch is handed on as it is. Beam asks its size all the same, of
every batch: without an answer it pickles the batch and counts the bytes, which takes a tenth of the
time of a job that enriches nothing.
"""

from __future__ import annotations

import pickle

from apache_beam.coders import Coder

from pipeline.model import Batch, EnrichedBatch, ParsedBatch, Record, Reject, Story

AnyBatch = Batch | ParsedBatch | EnrichedBatch


class BatchCoder(Coder):  # type: ignore[misc]
    """Encodes a batch by pickle, and tells its size in bytes of the records that it is made of."""

    def encode(self, value: AnyBatch) -> bytes:
        """Return the batch as bytes."""
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)

    def decode(self, encoded: bytes) -> AnyBatch:
        """Return the batch that was encoded."""
        batch: AnyBatch = pickle.loads(encoded)  # noqa: S301 (from a step of the same job)
        return batch

    def estimate_size(self, value: AnyBatch) -> int:
        """Return the bytes of the records, or of the items that were read from them."""
        return sum(map(_bytes_of, _items_of(value)))

    def is_deterministic(self) -> bool:
        """Return that equal batches may have other bytes: no key is a batch."""
        return False


def _items_of(batch: AnyBatch) -> list[Record | Story | Reject]:
    if isinstance(batch, Batch):
        return [*batch.records, *batch.rejects]
    if isinstance(batch, ParsedBatch):
        return [*batch.stories, *batch.rejects]
    return [*(found.story for found in batch.stories), *batch.unenriched, *batch.rejects]


def _bytes_of(item: Record | Story | Reject) -> int:
    return len((item.value if isinstance(item, Record) else item.raw) or b"")
