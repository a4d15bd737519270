"""Sample wire copy, invented: what `dateline demo` publishes and the quick start shows.

Plain text in the shapes of several agencies and Reuters-21578-like SGML, with a correction of one
of the stories, a kill, and one message that is no story and must end in the rejects.
"""

from __future__ import annotations

from importlib.resources import files


def samples() -> list[tuple[str, bytes]]:
    """Name and bytes of each sample, in the order in which they would have moved on the wire."""
    folder = files("pipeline.samples").joinpath("wire")
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    return [(name, folder.joinpath(name).read_bytes()) for name in names]
