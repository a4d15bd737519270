"""Where the commands print for people, styled where that is a terminal."""

from __future__ import annotations

from rich.console import Console

out = Console()
"""Standard output."""

err = Console(stderr=True)
"""Standard error: progress and notes."""
