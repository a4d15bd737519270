"""Fuzzing of the parsers: golden inputs, broken in many ways, must still give items.

`python -m tests.parse.fuzz --seconds 60` runs each format for a minute (`make fuzz`), with
`--format` one of them; the same `--seed` and count give the same inputs. What breaks the law is
printed with the input's place in the sequence and written to `--out`, and the exit code is 1.

The law: any bytes give at least one item, numbered from 0, none `parse_failed`, failures with their
bytes; what a story keeps as its raw bytes gives one item again; the time a byte takes is bounded,
beside a fixed cost.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from pipeline.model import Record, Reject
from pipeline.parse import ParseLimits, parse_record
from pipeline.samples import samples
from tests.parse.golden import cases
from tests.support import hostile

MAX_BYTES = 60_000
FIXED_S = 0.1
"""What any input may cost: pages have their article looked for, however small they are."""
LIMITS = ParseLimits(max_record_bytes=1 << 20, max_items=300, max_decompressed_bytes=1 << 21)
TOKENS = [
    b"<", b">", b"</", b"/>", b"&", b"&#0;", b"&#xFFFF;", b"&nbsp;", b"<!--", b"-->", b"<![CDATA[",
    b"]]>", b"<?xml version='1.0' encoding='utf-16'?>", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b'"',
    b"'", b"\\", b"\\ud800", b"{", b"}", b"[", b"]", b":", b",", b"null", b"1e999", b"-", b"\x00",
    b"\x01", b"\x02", b"\x03", b"\x04", b"\x16", b"\x1e", b"\xff", b"\xfe\xff", b"\xff\xfe",
    b"\xed\xa0\x80", b"\xc0\x80", b"\r\n\r\n", b"\n", b"\t", b"  ", b"xmlns=''", b"9999-99-99",
    b"0000-00-00T00:00:00Z", b"9" * 400, b"\xc3\x83\xc2\xa9", b"KILL", b"UPDATE 2-", b", 1st Add",
    b"(AFP) - ", b"Embargoed until ", b"\x1f\x8b\x08", b"(\xb5/\xfd", b'\x04"M\x18', b"</p>",
    b"<p>", b"<nitf>", b"</nitf>", b"<DOC>", b"</DOC>", b"<REUTERS>", b"</REUTERS>", b"<TEXT>",
    b"</TEXT>", b"<item>", b"\xe2\x80\xa8",
]  # fmt: skip
_USABLE = ("text", "usable")
Mutation = Callable[[random.Random, bytes, list[bytes]], bytes]


def _span(draw: random.Random, data: bytes, longest: int) -> tuple[int, int]:
    start = draw.randrange(len(data) + 1)
    return start, min(len(data), start + draw.randrange(1, longest + 1))


def flip(draw: random.Random, data: bytes, seeds: list[bytes]) -> bytes:
    """A few bytes changed."""
    out = bytearray(data)
    for _ in range(draw.randrange(1, 9) if out else 0):
        out[draw.randrange(len(out))] = draw.randrange(256)
    return bytes(out)


def insert(draw: random.Random, data: bytes, seeds: list[bytes]) -> bytes:
    """Tokens put in, or put in place of something."""
    start, end = _span(draw, data, 30)
    end = start if draw.random() < 0.5 else end
    return data[:start] + draw.choice(TOKENS) * draw.choice((1, 1, 1, 2, 300)) + data[end:]


def cut(draw: random.Random, data: bytes, seeds: list[bytes]) -> bytes:
    """A part left out, or the end."""
    start, end = _span(draw, data, max(len(data) // 2, 1))
    return data[:start] if draw.random() < 0.3 else data[:start] + data[end:]


def splice(draw: random.Random, data: bytes, seeds: list[bytes]) -> bytes:
    """The beginning of one input and the end of another, or one within the other."""
    other = draw.choice(seeds)
    start, end = _span(draw, other, max(len(other), 1))
    place = draw.randrange(len(data) + 1)
    return data[:place] + other[start:end] + (data[place:] if draw.random() < 0.5 else b"")


def nest(draw: random.Random, data: bytes, seeds: list[bytes]) -> bytes:
    """A part said many times over, or put into itself."""
    start, end = _span(draw, data, 200)
    part, times = data[start:end], draw.choice((2, 5, 60))
    return data[:start] + part * times + data[start if draw.random() < 0.5 else end :]


def swap(draw: random.Random, data: bytes, seeds: list[bytes]) -> bytes:
    """Two parts in each other's place."""
    first, second = sorted((_span(draw, data, 60), _span(draw, data, 60)))
    if first[1] > second[0]:
        return data
    parts = data[: first[0]], data[slice(*first)], data[first[1] : second[0]], data[slice(*second)]
    return parts[0] + parts[3] + parts[2] + parts[1] + data[second[1] :]


def recode(draw: random.Random, data: bytes, seeds: list[bytes]) -> bytes:
    """The text in another encoding, or compressed."""
    text = data.decode("utf-8", "replace")
    way = draw.randrange(5)
    if way == 0:
        return hostile.lz4(data)[: draw.choice((None, -3))]
    return text.encode(("utf-16", "utf-16-be", "cp1251", "latin-1")[way - 1], "replace")


MUTATIONS: tuple[Mutation, ...] = (flip, insert, insert, cut, splice, nest, swap, recode)


def seeded() -> list[str]:
    """The formats that have inputs."""
    return sorted({case.parent.name for case in cases()})


@cache
def seeds_by_format() -> dict[str, list[bytes]]:
    """Inputs of each format: the golden ones; `text` has the samples and the hostile besides."""
    found: dict[str, list[bytes]] = {}
    for case in cases():
        found.setdefault(case.parent.name, []).append(case.read_bytes())
    found["text"] += [data for _, data in samples()]
    small = (data for data, _ in hostile.hostile().values() if len(data) < 10_000)
    found["text"] += small
    return found


def inputs(seeds: list[bytes], others: list[bytes], seed: str) -> Iterator[bytes]:
    """Broken inputs without end, the same for the same `seed`."""
    draw = random.Random(seed)
    while True:
        data = draw.choice(seeds)
        for _ in range(draw.choice((1, 1, 2, 3, 6))):
            data = draw.choice(MUTATIONS)(draw, data, others)[:MAX_BYTES]
        yield data


def broken_law(data: bytes) -> str | None:
    """What of the law an input breaks, None if nothing."""
    items = parse_record(Record("fuzz", 0, data), LIMITS)
    if [item.item for item in items] != list(range(max(len(items), 1))):
        return "the items are not numbered from 0"
    for item in items:
        if isinstance(item, Reject):
            if item.kind == "parse_failed":
                return item.message
            if item.raw is None and not item.kind.startswith("skipped."):
                return f"no bytes in a reject of kind {item.kind}"
        elif len(parse_record(Record("fuzz", 0, item.raw), LIMITS)) != 1:
            return f"the raw bytes of item {item.item} give more than one item"
        elif not (item.headline or item.paragraphs) and (item.format, item.status) == _USABLE:
            return "a text without headline and body"
    return None


def _run(name: str, seeds: list[bytes], others: list[bytes], args: argparse.Namespace) -> int:
    # What is loaded at a format's first story is no time of an input's; broken XML may be a page.
    for data in (*seeds, *seeds_by_format()["html"]):
        broken_law(data)
    begin, slowest, found, kinds = time.monotonic(), 0.0, 0, Counter[str]()
    for number, data in enumerate(inputs(seeds, others, f"{args.seed}/{name}")):
        if time.monotonic() - begin > args.seconds:
            _say(
                f"{name}: {number} inputs, {found} findings, slowest {slowest * 1e6:.1f} µs a byte"
            )
            return found
        start = time.process_time()
        fault = broken_law(data)
        spent = max(time.process_time() - start - FIXED_S, 0) / (len(data) + 2_000)
        slowest = max(slowest, spent)
        if not fault and spent > args.max_us_a_byte / 1e6:
            fault = f"slow: {spent * 1e6:.0f} µs a byte"
        if fault:
            found += 1
            kinds[fault[:60]] += 1
            if kinds[fault[:60]] == 1:
                path = Path(args.out) / f"{name}-{number}.bin"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                _say(f"{name}, input {number}: {fault} ({path})")
    return found


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(argv: list[str] | None = None) -> int:
    """Run; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="for each format")
    parser.add_argument("--format", action="append", help="this one only")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--out", default="build/fuzz", help="where inputs that break the law go")
    parser.add_argument("--max-us-a-byte", type=float, default=200)
    args = parser.parse_args(argv)
    seeds = seeds_by_format()
    others = [data for group in seeds.values() for data in group]
    names = args.format or sorted(seeds)
    return min(sum(_run(name, seeds[name], others, args) for name in names), 1)


if __name__ == "__main__":
    sys.exit(main())
