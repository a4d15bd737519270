"""Runs that enrich anew what the lake holds, told by the names of their sources."""

from __future__ import annotations

REPROCESSED = "reprocess/"
"""How the sources of such runs begin (`pipeline.store.runs.reprocess`)."""

RELEASED = "release/"
"""How the sources begin that release what was withheld (`pipeline.store.runs.release`)."""


def is_reprocessed(source: str) -> bool:
    """Say whether a source is a run of reprocess: its name is all that the lake keeps of that."""
    return source.startswith(REPROCESSED)
