"""The forms that an answer can take, and which of them a file's name asks for."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import UsageError

TEXT_FORMS = ("table", "expanded", "csv", "tsv", "json", "jsonl", "markdown", "text")
BINARY_FORMS = ("parquet", "arrow", "xlsx")
FORMS = (*TEXT_FORMS, *BINARY_FORMS)
"""Every form that an answer can take."""

_SUFFIXES = {
    **{f".{form}": form for form in FORMS if form not in ("expanded", "markdown", "text")},
    ".md": "markdown",
    ".txt": "table",
    ".graphml": "text",
    ".ndjson": "jsonl",
    ".feather": "arrow",
}


def form_named(path: Path) -> str:
    """Return the form that a file's name asks for. Raises `UsageError` where it asks for none."""
    try:
        return _SUFFIXES[path.suffix.lower()]
    except KeyError:
        raise UsageError(
            "the file's name does not tell a format: give one with --format",
            file=path,
            known=", ".join(sorted(_SUFFIXES)),
        ) from None
