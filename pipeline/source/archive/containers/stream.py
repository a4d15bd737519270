"""A stream of bytes that is read forward only, and that says why it ended before its time."""

from __future__ import annotations

from collections.abc import Iterator

CHUNK_BYTES = 1024 * 1024
FIRST_BYTES = 4096
"""How much is looked at first where mostly little is needed: what is not is copied."""


class DamagedError(Exception):
    """Bytes that break off or are broken. `cause` is the stream around that has this damage."""

    def __init__(self, reason: str, cause: Stream | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cause = cause


class Stream:
    """Chunks behind a buffer: to look ahead, to read exactly so much, to give back.

    A `DamagedError` of the source ends the stream; `fault` then says why. Whoever makes a record of
    a fault calls `tell`, so that each damage becomes one record, at the place where it was met.
    """

    __slots__ = ("_at", "_buffer", "_cause", "_ended", "_source", "fault", "reported")

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._buffer = b""
        self._at = 0
        self._ended = False
        self._cause: Stream | None = None
        self.fault: str | None = None
        self.reported = False

    def report(self) -> None:
        """Note that the fault has its record, here and in the streams around that caused it."""
        self.reported = True
        if self._cause is not None:
            self._cause.report()

    def fail(self, otherwise: str) -> DamagedError:
        """Return the error of one who needed more bytes than there are."""
        if self.fault is not None:
            return DamagedError(self.fault, self)
        return DamagedError(otherwise)

    def peek(self, size: int) -> bytes:
        """Return the next bytes, `size` of them or all that are left; they stay."""
        while len(self._buffer) - self._at < size:
            chunk = self._next()
            if not chunk:
                break
            self._buffer = self._buffer[self._at :] + chunk
            self._at = 0
        return self._buffer[self._at : self._at + size]

    def some(self, most: int = CHUNK_BYTES) -> bytes:
        """Return at least one byte and at most `most`; none at the end."""
        if self._at >= len(self._buffer):
            self._buffer, self._at = self._next(), 0
        begin, size = self._at, len(self._buffer)
        if begin == 0 and size <= most:
            data, self._buffer = self._buffer, b""
            return data
        data = self._buffer[begin : begin + most]
        self._at = begin + len(data)
        return data

    def read(self, size: int) -> bytes:
        """Read exactly `size` bytes, or all that are left."""
        data = self.some(size) if size else b""
        if len(data) == size:
            return data
        parts, missing = [data], size - len(data)
        while missing and (data := self.some(missing)):
            parts.append(data)
            missing -= len(data)
        return b"".join(parts)

    def skip(self, size: int) -> int:
        """Pass over `size` bytes, and count how many there were."""
        left = size
        while left and (data := self.some(min(left, CHUNK_BYTES))):
            left -= len(data)
        return size - left

    def drain(self) -> None:
        """Pass over all that is left."""
        while self.some():
            pass

    def give_back(self, data: bytes) -> None:
        """Put `data`, which was read last, before what comes next."""
        begin = self._at - len(data)
        if begin >= 0 and self._buffer.startswith(data, begin):
            self._at = begin
        else:
            self._buffer = data + self._buffer[self._at :]
            self._at = 0

    def chunks(self) -> Iterator[bytes]:
        """Yield all that is left."""
        while data := self.some():
            yield data

    def _next(self) -> bytes:
        if self._ended:
            return b""
        try:
            return next(self._source)
        except StopIteration:
            pass
        except DamagedError as error:
            self.fault = error.reason
            self._cause = error.cause
        self._ended = True
        return b""


class Section:
    """The next `size` bytes of a stream, as a source of chunks for a stream of their own.

    `broke` once the stream around has ended before them.
    """

    __slots__ = ("broke", "left", "parent", "what")

    def __init__(self, parent: Stream, size: int, what: str) -> None:
        self.parent = parent
        self.left = size
        self.what = what
        self.broke = False

    def __iter__(self) -> Section:
        return self

    def __next__(self) -> bytes:
        """Return the next chunk; raises `DamagedError` where the parent ends too early."""
        if not self.left:
            raise StopIteration
        data = self.parent.some(min(self.left, CHUNK_BYTES))
        if not data:
            self.left, self.broke = 0, True
            raise self.parent.fail(f"the {self.what} breaks off")
        self.left -= len(data)
        return data

    def pass_over(self) -> None:
        """Skip what nobody has read."""
        self.broke = self.broke or self.parent.skip(self.left) < self.left
        self.left = 0
