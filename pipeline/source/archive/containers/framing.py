"""Stories one after the other, told by how each begins: mbox, wire messages, XML documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from pipeline.source.archive.containers.pieces import Growing, Piece, with_last

_OVERLAP_BYTES = 512
_FILLERS = b"\x16\x00"
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


def _as_it_is(value: bytes) -> bytes:
    return value


@dataclass(frozen=True, slots=True)
class Framing:
    """Says how the next story begins; `bare` takes from a story what belongs to the framing.

    The cut is made at the group `begin` of `pattern`, never at the first byte. A pattern looks at
    no more than 512 bytes: so much of a chunk is looked at again with the next one.
    """

    pattern: re.Pattern[bytes]
    bare: Callable[[bytes], bytes] = _as_it_is

    def split(self, chunks: Iterable[bytes], limit_bytes: int) -> Iterator[Piece]:
        """Yield each story, from its beginning to where the next one begins."""
        current = Growing(limit_bytes)
        rest = bytearray()
        for chunk, last in with_last(chunks):
            rest += chunk
            at, looked_at = 0, 1
            while found := self.pattern.search(rest, looked_at):
                if found.end() > len(rest) - _OVERLAP_BYTES and not last:
                    break
                current.take(rest[at : found.start("begin")])
                yield from self._bared(current.flush())
                at, looked_at = found.start("begin"), found.end()
            safe = len(rest) if last else max(at, len(rest) - _OVERLAP_BYTES)
            if found is not None and not last:
                # The byte before it is a part of what is looked for.
                safe = max(at, found.start() - 1)
            current.take(rest[at:safe])
            del rest[:safe]
        yield from self._bared(current.flush(unfinished=True))

    def _bared(self, piece: Piece) -> Iterator[Piece]:
        if value := self.bare(piece.value):
            yield replace(piece, value=value)


def _bare_mail(value: bytes) -> bytes:
    """Strip the `From ` line, the blank line at the end, and the quoting (RFC 4155, mboxrd)."""
    head, _, message = value.partition(b"\n")
    if not head.startswith(b"From "):
        message = value
    if message.endswith(b"\r\n\r\n"):
        message = message[:-2]
    elif message.endswith(b"\n\n"):
        message = message[:-1]
    return _QUOTED.sub(rb"\1", message) if b">From " in message else message


def _bare_message(value: bytes) -> bytes:
    return value.strip(_FILLERS)


_DATE = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s[^\r\n]{6,60}\d{4}[^\r\n]{0,40}"
FROM_LINE = rb"From [^\s]{1,160}[ \t]{1,4}" + _DATE + rb"\r?\n"
MBOX = Framing(re.compile(rb"\n(?P<begin>" + FROM_LINE + rb")"), _bare_mail)
"""`From sender date` lines (RFC 4155). Without a date it is a sentence of a story."""

HEADER = rb"\x01[^\x01-\x03]{0,400}\x02"
WIRE_MESSAGES = Framing(re.compile(rb"(?P<begin>\x01)(?=[^\x01-\x03]{0,400}\x02)"), _bare_message)
"""IPTC 7901 and ANPA 1312: SOH, a header, STX; fillers (SYN, NUL) between messages go."""

XML_DOCUMENTS = Framing(re.compile(rb">\s{0,64}(?P<begin><\?xml\s)"))
"""XML documents one after the other: a declaration stands only at the beginning of one."""
