"""Reads tables that ship with the code: UTF-8, tab-separated, comments in lines that begin `#`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable


def numbered_lines(table: Traversable) -> Iterator[tuple[int, str]]:
    """Yield the lines that are neither blank nor a comment, with their numbers from 1."""
    for number, line in enumerate(table.read_text("utf-8").splitlines(), start=1):
        if _is_row(line):
            yield number, line


def lines(table: Traversable) -> list[str]:
    """Return the lines that are neither blank nor a comment."""
    return [line for line in table.read_text("utf-8").splitlines() if _is_row(line)]


def _is_row(line: str) -> bool:
    return bool(line) and line[0] != "#" and not line.isspace()


def rows(package: str, name: str) -> Iterator[list[str]]:
    """Yield the cells of each row of a table; `name` is its path within the package."""
    for line in lines(files(package).joinpath(name)):
        yield line.split("\t")
