"""What a container needs of its surroundings: limits, where it lies, how members are cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pipeline.source.archive.containers.compressed import Meter
from pipeline.source.archive.containers.pieces import Piece
from pipeline.source.archive.containers.stream import Stream

_MAX_NAME_CHARS = 200
_MAX_REASON_CHARS = 600


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around a stream of a file: `where` names its members, outermost first."""

    limit_bytes: int
    meter: Meter
    pieces: Callable[[Stream, Context], Iterator[Piece]]
    depth: int = 0
    where: tuple[str, ...] = ()

    def below(self, name: str | None = None) -> Context:
        """Return one layer further in, at the member `name` if it is one."""
        where = self.where if name is None else (*self.where, shown_name(name))
        return Context(self.limit_bytes, self.meter, self.pieces, self.depth + 1, where)

    def cut(self, member: Stream, name: str | None = None) -> Iterator[Piece]:
        """Yield the records of a member, or of what a compressed stream holds."""
        return self.pieces(member, self.below(name))

    def damaged(self, reason: str, name: str | None = None, piece: Piece | None = None) -> Piece:
        """Return the record of a damage, with the bytes of `piece` as far as they were read."""
        return replace(piece or Piece(b""), damage=self._reason(reason, name))

    def skipped(self, reason: str, name: str) -> Piece:
        """Return the record of a member that is left out."""
        return Piece(b"", skipped=self._reason(reason, name))

    def _reason(self, reason: str, name: str | None) -> str:
        where = self.where if name is None else (*self.where, shown_name(name))
        return ": ".join((*where, reason))[:_MAX_REASON_CHARS]


def shown_name(name: str) -> str:
    """Return a member's name as a message may show it: printable, and not endless."""
    return "".join(c if c.isprintable() else "?" for c in name[:_MAX_NAME_CHARS])


def is_hidden(name: str) -> bool:
    """Say whether a path names something hidden, or what macOS adds to its archives."""
    if "." not in name and "__" not in name:
        return False
    parts = name.split("/")
    return any(p.startswith(".") and p not in {".", ".."} for p in parts) or "__MACOSX" in parts
