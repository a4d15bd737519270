"""Record batches joined to tables of a size that is worth a step of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa


def gather(
    batches: Iterable[pa.RecordBatch], least: int, size_of: Callable[[pa.RecordBatch], int]
) -> Iterator[pa.Table]:
    """Yield tables of batches that follow one another, each of size `least` or more but the last.

    `size_of` says what a batch counts for: rows, or bytes.
    """
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        held.append(batch)
        size += size_of(batch)
        if size >= least:
            yield pa.Table.from_batches(held)
            held, size = [], 0
    if held:
        yield pa.Table.from_batches(held)
