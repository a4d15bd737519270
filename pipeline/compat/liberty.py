"""What is said of each liberty."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Liberty:
    """A liberty taken with `library`, tried on `version`.

    `why` says what the library lacks, `issue` is where its makers were told or know of it (an
    address), None where nothing was found.
    """

    library: str
    version: str
    why: str
    issue: str | None = None
