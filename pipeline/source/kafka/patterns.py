"""Topics by pattern: regular expressions, told from names by what no name may hold."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_INTERNAL = "__"


def is_pattern(topic: str) -> bool:
    """Say whether `topic` is a regular expression: it holds what no topic's name may (`wire.*`)."""
    return _NAME.fullmatch(topic) is None


def matching(pattern: str, topics: Iterable[str], but: Collection[str]) -> list[str]:
    """Return those of `topics` whose whole name matches, without `but` and Kafka's own (`__…`).

    Sorted.
    """
    matches = re.compile(pattern).fullmatch
    found = {t for t in topics if matches(t) and not t.startswith(_INTERNAL)}
    return sorted(found.difference(but))


def check_pattern(topic: str) -> str:
    """Return `topic` itself.

    Raises `ValueError` where it is neither a name nor a regular expression.
    """
    if not topic:
        raise ValueError("a topic without a name")
    if is_pattern(topic):
        try:
            re.compile(topic)
        except re.error as error:
            raise ValueError(
                f"{topic!r} is no topic's name and no regular expression: {error}"
            ) from error
    return topic
