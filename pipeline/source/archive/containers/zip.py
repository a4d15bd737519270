"""zip archives (PKWARE APPNOTE 6.3), member by member, forward only.

Read by the headers before the members, not by the directory at the end: so it can be streamed from
within another archive, and one that was cut off gives what it still holds. Each byte is read once,
whatever a directory claims.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.source.archive.containers.compressed import (
    BZIP2,
    XZ,
    Decompressor,
    Inflate,
    Unzstd,
    unpack_one,
)
from pipeline.source.archive.containers.context import Context, is_hidden
from pipeline.source.archive.containers.pieces import Piece
from pipeline.source.archive.containers.stream import (
    CHUNK_BYTES,
    FIRST_BYTES,
    DamagedError,
    Section,
    Stream,
)

BEGINS = re.compile(rb"PK\x03\x04|PK\x05\x06")
_MEMBER, _END, _DESCRIPTOR = b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"
_LISTED, _WIDE_END = b"PK\x01\x02", b"PK\x06\x06"
_SIGNATURE = re.compile(rb"PK(?:\x03\x04|\x01\x02|\x05\x06)")
_HEADER = struct.Struct("<4s5H3I2H")
_OTHERS: dict[bytes, tuple[int, Callable[[bytes], int]]] = {
    _LISTED: (46, lambda head: sum(struct.unpack_from("<3H", head, 28))),
    _END: (22, lambda head: int.from_bytes(head[20:22], "little")),
    _WIDE_END: (12, lambda head: int.from_bytes(head[4:12], "little")),
    b"PK\x06\x07": (20, lambda _: 0),
    b"PK\x06\x08": (8, lambda head: int.from_bytes(head[4:8], "little")),
    b"PK\x05\x05": (6, lambda head: int.from_bytes(head[4:6], "little")),
}
"""What else may stand there: how long its head is, and how much the head says that follows."""

_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 1, 8, 0x800
_STORED = 0
_DESCRIPTOR_BYTES = 28
_STATED = struct.Struct("<4s2I")
_IN_EXTRA = 0xFFFFFFFF
_COUNT = struct.Struct("<10xH")
_WIDE_COUNT = struct.Struct("<32xQ")
_IN_WIDE_END = 0xFFFF
_METHODS: dict[int, tuple[str, Callable[[], Decompressor]]] = {
    8: ("deflate", lambda: Inflate(-15)),
    12: ("bzip2", BZIP2.decoder),
    93: ("zstd", Unzstd),
    95: ("xz", XZ.decoder),
}


def members(stream: Stream, context: Context) -> Iterator[Piece]:
    """Yield the records of all members, in stored order.

    A member that is encrypted, of an unknown method or broken becomes one damaged record, and
    reading goes on behind it; so do bytes that belong to nothing.
    """
    archive = _Zip(stream, context)
    ended = False
    while (signature := stream.peek(4)) and not archive.broke:
        if signature == _MEMBER:
            ended = False
            yield from archive.member()
        elif signature in _OTHERS:
            ended = ended or signature == _END
            archive.count(signature)
            archive.pass_over(*_OTHERS[signature])
        elif not signature.strip(b"\0"):
            stream.skip(len(signature))
        elif len(signature) < len(_MEMBER):
            archive.broke, archive.reported = True, False
        else:
            yield context.damaged("the zip archive is broken: other bytes between its members")
            archive.seek()
            archive.reported = True
    if archive.is_short:
        yield context.damaged(
            f"the zip archive's directory lists {archive.listed} members, it holds {archive.held}"
        )
    elif archive.miscounted is not None and not archive.sought:
        stated, listed = archive.miscounted
        yield context.damaged(
            f"the zip archive's end counts {stated} members, its directory lists {listed}"
        )
    if not archive.reported and stream.fault is None and (archive.broke or not ended):
        yield context.damaged("the zip archive breaks off")


def _seek_signature(stream: Stream) -> None:
    """Pass over the next byte and all others up to where a member or the directory begins."""
    stream.skip(1)
    size = FIRST_BYTES
    while len(data := stream.peek(size)) >= 4:
        if found := _SIGNATURE.search(data):
            stream.skip(found.start())
            return
        stream.skip(len(data) - 3)
        size = min(2 * size, CHUNK_BYTES)
    stream.drain()


@dataclass(slots=True)
class _Member:
    """A member's header."""

    name: str
    flags: int
    method: int
    crc: int
    packed_bytes: int
    content_bytes: int

    @property
    def is_sized(self) -> bool:
        """Whether its size stands before it: otherwise only its data tells where it ends."""
        return not self.flags & _SIZES_FOLLOW or bool(self.packed_bytes)

    @property
    def obstacle(self) -> str | None:
        """Why it cannot be read."""
        if self.flags & _ENCRYPTED:
            return "the member is encrypted"
        if self.method != _STORED and self.method not in _METHODS:
            return f"the compression method {self.method} of zip is not read"
        return None


@dataclass(slots=True)
class _Zip:
    """Reads members.

    `broke` once the stream has ended in the middle of something, `reported` if that has its record.
    `held` counts the members that were met, `listed` those of the directory, `sought` is whether
    bytes were passed over in which a member may have been. `miscounted` is what an end states of
    its directory, and how many that lists, where these differ.
    """

    stream: Stream
    context: Context
    broke: bool = False
    reported: bool = False
    held: int = 0
    listed: int = 0
    sought: bool = False
    miscounted: tuple[int, int] | None = None
    _before: int = 0
    _wide_count: int | None = None

    @property
    def is_short(self) -> bool:
        """Whether the directory lists members that are nowhere, and no damage tells of them."""
        return self.listed > self.held and not self.sought

    def seek(self) -> None:
        """Pass over bytes that belong to nothing that is known."""
        self.sought = True
        _seek_signature(self.stream)

    def count(self, signature: bytes) -> None:
        """Count a member that the directory lists, and hold an end's count against them.

        An end of 16 bits says 0xFFFF where the one of ZIP64 before it says the count (APPNOTE
        4.4.1.4); of more than it holds, writers without ZIP64 give the lowest bits.
        """
        if signature == _LISTED:
            self.listed += 1
        elif signature == _WIDE_END:
            head = self.stream.peek(_WIDE_COUNT.size)
            if len(head) >= _WIDE_COUNT.size:
                (self._wide_count,) = _WIDE_COUNT.unpack_from(head)
        elif signature == _END and len(head := self.stream.peek(_COUNT.size)) >= _COUNT.size:
            (stated,) = _COUNT.unpack_from(head)
            listed = self.listed - self._before
            is_wide = stated == _IN_WIDE_END and self._wide_count is not None
            if is_wide:
                stated = self._wide_count
            if stated != (listed if is_wide else listed & 0xFFFF) and self.miscounted is None:
                self.miscounted = (stated, listed)
            self._before, self._wide_count = self.listed, None

    def pass_over(self, head_bytes: int, length: Callable[[bytes], int]) -> None:
        """Skip a head and what it says that follows it."""
        head = self.stream.read(head_bytes)
        rest = length(head) if len(head) == head_bytes else 1
        self.broke, self.reported = self.stream.skip(rest) < rest, False

    def member(self) -> Iterator[Piece]:
        """Yield the records of the member that begins here."""
        member = self._header()
        self.held += 1
        if member is None:
            self.broke, self.reported = True, False
            return
        section = Section(self.stream, member.packed_bytes, "zip archive")
        packed = Stream(section) if member.is_sized else self.stream
        content = Stream(self._content(member, packed))
        if member.obstacle:
            yield self.context.damaged(member.obstacle, member.name)
        elif member.name.endswith("/") or is_hidden(member.name):
            content.drain()
        else:
            yield from self.context.cut(content, member.name)
        if member.is_sized:
            section.pass_over()
            self.broke = section.broke
            if member.flags & _SIZES_FOLLOW:
                self._pass_descriptor()
        elif member.obstacle:
            self.seek()
        else:
            content.drain()
            if content.fault is not None:
                self.broke = self._is_at_end()
                self.seek()
        if content.fault is not None and not content.reported and not self.broke:
            content.report()
            yield self.context.damaged(content.fault, member.name)
        self.reported = content.reported

    def _header(self) -> _Member | None:
        head = self.stream.read(_HEADER.size)
        if len(head) < _HEADER.size:
            return None
        _, _, flags, method, _, _, crc, packed, size, name_bytes, extra_bytes = _HEADER.unpack(head)
        name = self.stream.read(name_bytes)
        extra = self.stream.read(extra_bytes)
        if len(name) < name_bytes or len(extra) < extra_bytes:
            return None
        if _IN_EXTRA in {packed, size}:
            packed, size = _wide_sizes(extra, packed, size)
        text = name.decode("utf-8" if flags & _UTF8 else "cp437", "replace")
        return _Member(text, flags, method, crc, packed, size)

    def _content(self, member: _Member, packed: Stream) -> Iterator[bytes]:
        """Yield the unpacked data; raises `DamagedError` where it breaks off or the checksum is
        wrong."""
        if member.method != _STORED:
            name, decoder = _METHODS[member.method]
            chunks = unpack_one(packed, name, decoder(), self.context.meter)
        elif member.is_sized:
            chunks = packed.chunks()
        else:
            chunks = _stored_until_descriptor(packed)
        crc = size = 0
        for chunk in chunks:
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
            yield chunk
        if member.is_sized and packed.fault is not None:
            raise packed.fail("")
        if member.is_sized and not member.flags & _SIZES_FOLLOW:
            right = (crc, size) == (member.crc, member.content_bytes)
        else:
            right = member.is_sized or self._pass_descriptor(crc, size)
        if not right and not member.is_sized and self._is_at_end():
            raise self.stream.fail("the zip archive breaks off")
        if not right:
            raise DamagedError("the checksum of the zip member is wrong")

    def _is_at_end(self) -> bool:
        """Say whether there is too little left for a descriptor and what follows one."""
        return len(self.stream.peek(_DESCRIPTOR_BYTES)) < _DESCRIPTOR_BYTES

    def _pass_descriptor(self, crc: int | None = None, size: int = 0) -> bool:
        """Pass over the data descriptor (APPNOTE 4.3.9); whether it says `crc` and `size`.

        Its signature is optional and its sizes have 4 or 8 bytes each. Without a `crc` the one
        that ends where something else begins is taken.
        """
        data = self.stream.peek(_DESCRIPTOR_BYTES)
        at = 4 if data.startswith(_DESCRIPTOR) else 0
        for width in (4, 8):
            end = at + 4 + 2 * width
            stated = struct.unpack_from("<I", data, at) if len(data) >= at + 4 else (None,)
            stated_size = int.from_bytes(data[end - width : end], "little")
            if crc is None:
                fits = data[end : end + 2] in {b"PK", b""}
            else:
                fits = stated == (crc,) and stated_size == size
            if fits and len(data) >= end:
                self.stream.skip(end)
                return True
        return False


def _wide_sizes(extra: bytes, packed: int, size: int) -> tuple[int, int]:
    """Return the sizes of ZIP64 (APPNOTE 4.5.3): first of the content, then packed."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<2H", extra, at)
        if tag == 1:
            wide = [
                int.from_bytes(extra[begin : begin + 8], "little")
                for begin in range(at + 4, min(at + 4 + length, len(extra) - 7), 8)
            ]
            if size == _IN_EXTRA and wide:
                size = wide.pop(0)
            if packed == _IN_EXTRA and wide:
                packed = wide.pop(0)
            break
        at += 4 + length
    return packed, size


def _stored_until_descriptor(stream: Stream) -> Iterator[bytes]:
    """Data as it is, up to a descriptor that states its checksum and size."""
    crc = size = 0
    while len(data := stream.peek(CHUNK_BYTES)) >= len(_DESCRIPTOR):
        at, found = 0, data.find(_DESCRIPTOR)
        while found >= 0 and (found == 0 or found + _STATED.size <= len(data)):
            crc, size = zlib.crc32(data[at:found], crc), size + found - at
            at = found
            if data[at : at + _STATED.size] == _STATED.pack(_DESCRIPTOR, crc, size & _IN_EXTRA):
                yield stream.read(at)
                return
            found = data.find(_DESCRIPTOR, at + 1)
        end = found if found >= 0 else len(data) - len(_DESCRIPTOR) + 1
        crc, size = zlib.crc32(data[at:end], crc), size + end - at
        yield stream.read(end)
    raise stream.fail("the zip archive breaks off")
