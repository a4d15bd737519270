"""tar archives (POSIX.1-2017 pax, ustar, GNU, V7), member by member, forward only.

Nothing is unpacked and no name is ever used as a path, so no link and no `..` leads anywhere.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.source.archive.containers.context import Context, is_hidden
from pipeline.source.archive.containers.pieces import Piece
from pipeline.source.archive.containers.stream import Section, Stream

BLOCK_BYTES = 512
_MAX_EXTENSION_BYTES = 1024**2
_BLANK_CHECKSUM = 8 * 0x20
_ADLER_MODULUS = 65521
_OCTAL = re.compile(rb"[ \0]*([0-7]*)[ \0]*")
_PAX = re.compile(rb"(\d{1,9}) ([^=\n]+)=")
_LEFT_OUT = {
    b"1": "a link is not followed",
    b"2": "a link is not followed",
    b"3": "a device is not opened",
    b"4": "a device is not opened",
    b"6": "a pipe is not opened",
}
_WITHOUT_RECORD = b"5DV"  # directories (with GNU's list of what was in them), volume labels
_IN_PARTS = b"SM"


def is_header(block: bytes) -> bool:
    """Say whether `block` is a tar header: there is a name, and the checksum fits."""
    if len(block) < BLOCK_BYTES or not block[0]:
        return False
    stated = _number(block[148:156])
    if stated is None:
        return False
    fields = block[:148] + block[156:BLOCK_BYTES]
    # Adler-32 holds the sum of the bytes, plus one, in its lower half.
    total = (zlib.adler32(fields) & 0xFFFF) + _BLANK_CHECKSUM
    if total % _ADLER_MODULUS == (stated + 1) % _ADLER_MODULUS:
        return True
    signed = sum(byte - 256 if byte > 127 else byte for byte in fields)
    return signed + _BLANK_CHECKSUM == stated


def members(stream: Stream, context: Context) -> Iterator[Piece]:
    """Yield the records of all members, in stored order.

    Directories are no records; a link or a device becomes a skipped one. A broken header becomes
    one damaged record, and reading goes on at the next header that is whole; so does what stands
    after the end mark.
    """
    tar = _Tar(stream, context)
    ended = lost = False
    while len(block := stream.read(BLOCK_BYTES)) == BLOCK_BYTES:
        if block[0] == 0 and not block.strip(b"\0"):
            ended, lost = True, False
        elif is_header(block):
            ended = lost = False
            yield from tar.entry(block)
            if tar.broke:
                return
        elif not lost:
            lost = True
            yield context.damaged("the tar archive is broken: no header where one should be")
    if stream.fault is None and not lost and (not ended or block.strip(b"\0")):
        yield context.damaged("the tar archive ends without its end mark")


@dataclass(slots=True)
class _Extended:
    """What extension headers say about the member after them."""

    name: bytes | None = None
    link: bytes | None = None
    size: int | None = None
    sparse: bool = False


@dataclass(slots=True)
class _Tar:
    """Reads entries; `broke` once the stream has ended in the middle of one."""

    stream: Stream
    context: Context
    extended: _Extended = field(default_factory=_Extended)
    broke: bool = False

    def entry(self, block: bytes) -> Iterator[Piece]:
        """Yield the records of what `block` is the header of."""
        kind, size = block[156:157], _number(block[124:136])
        if size is None:
            yield self.context.damaged("the size of a member cannot be read", _name(block))
            return
        if kind in b"LKxgX":
            yield from self._extension(kind, size)
            return
        extended, self.extended = self.extended, _Extended()
        name = (extended.name or b"").decode("utf-8", "replace") or _name(block)
        if reason := _LEFT_OUT.get(kind):
            link = (extended.link or block[157:257].rstrip(b"\0")).decode("utf-8", "replace")
            yield self.context.skipped(f"{reason} (to {link[:100]})" if link else reason, name)
            return
        size = size if extended.size is None else extended.size
        section = Section(self.stream, size, "tar archive")
        if kind in _IN_PARTS or extended.sparse:
            yield self.context.damaged("a file in parts (sparse, split) is not read", name)
        elif kind not in _WITHOUT_RECORD and not name.endswith("/") and not is_hidden(name):
            member = Stream(section)
            yield from self.context.cut(member, name)
            section.pass_over()
            if section.broke and member.reported:
                self.broke = True
                return
        section.pass_over()
        yield from self._after(section, size)

    def _after(self, section: Section, size: int) -> Iterator[Piece]:
        if section.broke:
            self.broke = True
            if self.stream.fault is None:
                yield self.context.damaged("the tar archive breaks off")
            return
        self.stream.skip(-size % BLOCK_BYTES)

    def _extension(self, kind: bytes, size: int) -> Iterator[Piece]:
        section = Section(self.stream, size, "tar archive")
        if size > _MAX_EXTENSION_BYTES:
            yield self.context.damaged(f"an extended header of {size} bytes is not read")
            section.pass_over()
        else:
            data = self.stream.read(size)
            section.left, section.broke = 0, len(data) < size
            if kind == b"L":
                self.extended.name = data.rstrip(b"\0")
            elif kind == b"K":
                self.extended.link = data.rstrip(b"\0")
            elif kind != b"g":
                self._pax(data)
        yield from self._after(section, size)

    def _pax(self, data: bytes) -> None:
        """Records of `length keyword=value`, newline (POSIX.1-2017, pax, 3.4)."""
        at = 0
        while (found := _PAX.match(data, at)) and int(found[1]):
            value = data[found.end() : at + int(found[1]) - 1]
            at = max(at + int(found[1]), found.end())
            if found[2] == b"path":
                self.extended.name = value
            elif found[2] == b"linkpath":
                self.extended.link = value
            elif found[2] == b"size" and value.isdigit() and len(value) < 20:
                self.extended.size = int(value)
            elif found[2].startswith(b"GNU.sparse."):
                self.extended.sparse = True


def _name(block: bytes) -> str:
    name = block[:100].split(b"\0", 1)[0]
    prefix = block[345:500].split(b"\0", 1)[0] if block[257:263] == b"ustar\0" else b""
    return (prefix + b"/" + name if prefix else name).decode("utf-8", "replace")


def _number(text: bytes) -> int | None:
    """Read octal digits, or binary after a first byte of 0x80 (GNU); None for anything else."""
    if text[0] == 0x80:
        return int.from_bytes(text[1:], "big")
    found = _OCTAL.fullmatch(text.split(b"\0", 1)[0] if text[0] else text)
    return int(found[1] or b"0", 8) if found else None
