"""Each group in one place: how Flink is made to read a group in one worker, and the workers evenly.

A keyed step with state pins a key to one subtask, and what follows is fused with it. Which subtask
a key goes to is settled by its hash: left to chance, two groups of two workers meet on one of them
half the time. So the keys are chosen by that rule. Beam has changed its part of the rule: it once
hashed the encoded key as Java does a ByteBuffer, in 2.70 (read off its class files) by murmur3. A
key is taken that both agree on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import apache_beam as beam
import mmh3
from apache_beam.coders import VarIntCoder
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec

from pipeline import clock

Beat = tuple[int, float]
"""The number of the group (or share of a replay) that is due, and when the beat was made (Unix
time, in seconds)."""


class Spread(beam.PTransform):  # type: ignore[misc]
    """Any beat → `Beat`, each of `groups` once a beat, always the same group in the same place."""

    def __init__(self, groups: Sequence[int], parallelism: int, max_parallelism: int) -> None:
        super().__init__()
        self._keys = [
            (key_for(group, n % parallelism, parallelism, max_parallelism), group)
            for n, group in enumerate(groups)
        ]

    def expand(self, beats: beam.PCollection) -> beam.PCollection:
        """Apply the step."""
        keyed = beats | "key" >> beam.FlatMap(_each, self._keys).with_output_types(
            tuple[bytes, Beat]
        )
        return keyed | "pin" >> beam.ParDo(_Pinned()).with_output_types(Beat)


class _Pinned(beam.DoFn):  # type: ignore[misc]
    """Passes on what it gets; the state that it declares ties a key to one subtask."""

    ASSIGNED = ReadModifyWriteStateSpec("place", VarIntCoder())

    def process(
        self,
        element: tuple[bytes, Beat],
        assigned: Any = beam.DoFn.StateParam(ASSIGNED),  # noqa: ARG002, B008 (Beam's own way)
    ) -> Iterator[Beat]:
        yield element[1]


def _each(beat: Any, keys: Sequence[tuple[bytes, int]]) -> Iterator[tuple[bytes, Beat]]:  # noqa: ARG001
    now_s = clock.now().timestamp()
    for key, group in keys:
        yield key, (group, now_s)


def key_for(group: int, subtask: int, parallelism: int, max_parallelism: int) -> bytes:
    """Return a key for `group` that Flink hands to `subtask` of `parallelism`."""
    return next(
        key
        for key in (b"%d.%d" % (group, n) for n in count())
        if {
            _subtask(code(bytes([len(key)]) + key), parallelism, max_parallelism)
            for code in (_hash_of_flink_key, _hash_of_byte_buffer)
        }
        == {subtask}
    )


def _subtask(code: int, parallelism: int, max_parallelism: int) -> int:
    """Do as org.apache.flink.runtime.state.KeyGroupRangeAssignment.assignKeyToParallelOperator."""
    return _murmur(code) % max_parallelism * parallelism // max_parallelism


def _hash_of_flink_key(encoded: bytes) -> int:
    """Hash as Beam's `FlinkKey.hashCode`: the first four bytes of Guava's murmur3_128."""
    return int.from_bytes(mmh3.hash_bytes(encoded)[:4], "little")


def _hash_of_byte_buffer(encoded: bytes) -> int:
    """Hash as java.nio.ByteBuffer.hashCode, which earlier versions of Beam went by."""
    value = 1
    for byte in reversed(encoded):
        value = (31 * value + (byte - 256 if byte > 127 else byte)) & 0xFFFFFFFF
    return value


def _murmur(code: int) -> int:
    """Hash as org.apache.flink.util.MathUtils.murmurHash: one round over the bytes of `code`."""
    code = code * 0xCC9E2D51 & 0xFFFFFFFF
    code = _rotate(code, 15) * 0x1B873593 & 0xFFFFFFFF
    code = (_rotate(code, 13) * 5 + 0xE6546B64) & 0xFFFFFFFF
    code ^= 4
    code ^= code >> 16
    code = code * 0x85EBCA6B & 0xFFFFFFFF
    code ^= code >> 13
    code = code * 0xC2B2AE35 & 0xFFFFFFFF
    code ^= code >> 16
    signed = code - (1 << 32) if code >= 1 << 31 else code
    return 0 if signed == -(1 << 31) else abs(signed)


def _rotate(value: int, bits: int) -> int:
    return (value << bits | value >> (32 - bits)) & 0xFFFFFFFF
