"""The names of an object store's options, so that a misspelt one is refused.

A store passes over what it does not know. The names are those of the object_store crate that
delta-rs is built on (its `ConfigKey`s, short and with
their provider's prefix), and delta-rs' own.
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

_PREFIXES = ("aws_", "azure_", "google_", "gcs_")
KNOWN = frozenset(Path(__file__).with_name("option_names.txt").read_text("utf-8").split())
"""The names, in lower case: stores take them in any."""

_LIKE = 0.8


def check_option(name: str) -> str:
    """Return `name` itself. Raises `ValueError` for one that no store takes, with what was meant.

    One with a provider's prefix that is like none of the known is left to the store: they come and
    go with its versions.
    """
    lower = name.lower()
    if lower in KNOWN:
        return name
    meant = get_close_matches(lower, KNOWN, 1, _LIKE)
    if meant:
        raise ValueError(f"{name} is no option of an object store; is {meant[0]} meant?")
    if not lower.startswith(_PREFIXES):
        raise ValueError(f"{name} is no option of an object store")
    return name
