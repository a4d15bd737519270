"""Values of JSON, read without trust: where they stand, how deep they go, what they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.parse.draft import FaultError
from pipeline.parse.overflow import check_count

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
_BLANK = re.compile(r"[\s,\x1e]*")
_STRICT = json.JSONDecoder()
_LENIENT = json.JSONDecoder(strict=False)
_OPEN_STRING = "Unterminated string"  # its place is where it begins
_IN_VAIN = 4


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a text with its place (`start`, `end` in characters), or the fault there.

    `warning` is set where the text breaks the rules of JSON but says what it means.
    """

    start: int
    end: int
    value: Json = None
    fault: str | None = None
    warning: str | None = None


def read_values(text: str, max_depth: int) -> Iterator[Value]:
    """Yield the values of a JSON text.

    One, many (JSON Lines), or the elements of one array of objects. After a fault reading goes on
    with the next line, within what was read in vain once already only as often as costs no more
    than the text is long, a few times over. Raises `FaultError` where there are too many values.
    """
    check_count(text, ",", "[", "{")
    position = _BLANK.match(text, 0).end()  # type: ignore[union-attr]
    in_array, lines = text.startswith("[", position), _LineStarts(_IN_VAIN * len(text))
    position += in_array
    while True:
        position = _BLANK.match(text, position).end()  # type: ignore[union-attr]
        if position >= len(text) or (in_array and text[position] == "]"):
            return
        found = _one(text, position, max_depth, lines)
        yield found
        position = found.end


class _LineStarts:
    """Where lines begin: each part of a text is counted once, places asked for in order.

    `in_vain` is how many characters may still be read of values that turn out to be broken.
    """

    def __init__(self, in_vain: int) -> None:
        self.in_vain = in_vain
        self._from = self._row = 0

    def row_and_column(self, text: str, at: int) -> tuple[int, int]:
        """Line and column, from 1, of an offset; not before those asked for already."""
        if at >= self._from:
            self._row += text.count("\n", self._from, at)
            self._from = at
        return self._row + 1, at - text.rfind("\n", 0, at)


def _one(text: str, start: int, max_depth: int, lines: _LineStarts) -> Value:
    try:
        value, end, warning = _decode(text, start)
    except RecursionError:
        return Value(start, len(text), fault="nested too deep")
    except ValueError as error:
        at = getattr(error, "pos", start)
        row, column = lines.row_and_column(text, at)
        message = f"{getattr(error, 'msg', error)}: line {row} column {column}"
        read_to = len(text) if message.startswith(_OPEN_STRING) else at
        lines.in_vain -= read_to - start
        return Value(start, _resume(text, start + 1 if lines.in_vain > 0 else at), fault=message)
    if depth(value) > max_depth:
        return Value(start, end, fault="nested too deep")
    return Value(start, end, value, warning=warning)


def _decode(text: str, start: int) -> tuple[Json, int, str | None]:
    try:
        return (*_STRICT.raw_decode(text, start), None)
    except ValueError as error:
        if not str(error).startswith("Invalid control character"):
            raise
    return (*_LENIENT.raw_decode(text, start), "control characters within a string of JSON")


def _resume(text: str, row_column: int) -> int:
    """Say where the next line begins with an object; the text's end if none does."""
    match = re.compile(r"\n(?=\{)").search(text, row_column)
    return match.end() if match else len(text)


def depth(value: Json) -> int:
    """Say how many lists and objects are nested in `value`."""
    deepest, stack = 0, [iter((value,))]
    while stack:
        for entry in stack[-1]:
            if isinstance(entry, (dict, list)):
                deepest = max(deepest, len(stack))
                stack.append(iter(entry.values() if isinstance(entry, dict) else entry))
                break
        else:
            stack.pop()
    return deepest


def text(fields: Mapping[str, Json], *names: str) -> str | None:
    """Return the first of the named fields that holds a string that is not blank, or a number."""
    for name in names:
        value = fields.get(name)
        if value is None:
            continue
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
    return None


def objects(fields: Mapping[str, Json], *names: str) -> list[dict[str, Json]]:
    """Return the objects in the named fields.

    Of a list, of a mapping of objects, or the field itself.
    """
    found: list[dict[str, Json]] = []
    for name in names:
        value = fields.get(name)
        if isinstance(value, dict):
            inner = [part for part in value.values() if isinstance(part, dict)]
            found += inner or [value]
        elif isinstance(value, list):
            found += [part for part in value if isinstance(part, dict)]
    return found


def strings(value: Json) -> list[str]:
    """Return the strings in a list, or the string itself; objects give their name or value."""
    entries = value if isinstance(value, list) else [value]
    found: list[str] = []
    for entry in entries:
        inner = text(entry, "name", "value", "label", "title") if isinstance(entry, dict) else entry
        if isinstance(inner, str) and inner.strip():
            found.append(inner.strip())
    return found


def integer(value: str | None, low: int, high: int) -> int | None:
    """Return the number that `value` is, if it is a whole one within bounds."""
    if value is None or not re.fullmatch(r"\s*\d{1,10}(?:\.0+)?\s*", value):
        return None
    number = int(float(value))
    return number if low <= number <= high else None


def need_object(value: Json) -> dict[str, Json]:
    """Return `value` if it is an object; raises `FaultError` of kind `unknown_format` else."""
    if not isinstance(value, dict):
        raise FaultError("unknown_format", f"a JSON {type(value).__name__} is no story", "$")
    return value
