"""An archive made up by seed: stories of two years in four formats, with what archives have.

Among them are revisions and kills, exact repeats, and records that are no story.
"""

from __future__ import annotations

import io
import json
import random
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

_FIRST_DAY = date(2022, 1, 1)
_DAYS = 730
_DENSITY = 100_000
_WHO = ("President Ann Example", "The prime minister", "Foreign Minister Omar Haddad", "Police")
_WHERE = (
    *("Paris", "Nairobi", "Lima", "Tokyo", "Cairo", "Warsaw", "Delhi", "Ottawa", "Kyiv"),
    *("Jakarta", "Ankara", "Lagos", "Bogota", "Canberra", "Tashkent", "Tehran"),
)
_LAND = ("Kenya", "France", "Japan", "Peru", "Egypt", "Poland", "India", "Ukraine", "Turkey")
_DID = (
    "met the prime minister of {land} to discuss trade",
    "condemned the attack on a convoy near the border with {land}",
    "said that talks with {land} would resume next week",
    "signed an agreement on energy with {land}",
    "accused {land} of shelling a village, killing {n} people",
    "called on {land} to release {n} prisoners",
    "sent {n} tonnes of food to {land} after the floods",
)
_FORMATS = ("text", "json", "ninjs", "nitf")


@dataclass(frozen=True, slots=True)
class _Piece:
    """What the four formats write down."""

    number: int
    day: date
    place: str
    title: str
    paragraphs: tuple[str, ...]
    version: int = 1
    status: str = "usable"


def records(count: int, seed: int = 4, days: int | None = None) -> Iterator[bytes]:
    """`count` records in the order of their days; the same for the same seed.

    They are spread over `days`, by default as densely as 100,000 over two years: every day and
    region of a batch is a file.

    Of a hundred about 85 are new stories, 7 later revisions (one in five a kill), 4 exact repeats
    of one of the last fifty and 4 no stories at all.
    """
    chance = random.Random(seed)
    spread = days or max(1, count * _DAYS // _DENSITY)
    last: list[tuple[_Piece, str]] = []
    written: list[bytes] = []
    for number in range(count):
        draw = chance.random()
        if written and draw < 0.04:
            yield chance.choice(written)
            continue
        if draw < 0.08:
            yield b"\x00\xff\xfe\x80" + number.to_bytes(4, "big") + chance.randbytes(60)
            continue
        if last and draw < 0.15:
            before, wire_format = last.pop(chance.randrange(len(last)))
            piece = _revised(before, chance)
        else:
            wire_format = chance.choice(_FORMATS)
            piece = _piece(number, _FIRST_DAY + timedelta(number * spread // count), chance)
        data = _WRITERS[wire_format](piece)
        if wire_format != "text" and piece.status == "usable":
            last = [*last[-49:], (piece, wire_format)]
        written = [*written[-49:], data]
        yield data


def write_tar(path: Path, contents: Iterator[bytes]) -> Path:
    """A compressed tar file with a member a record, in order."""
    with tarfile.open(path, "w:gz", compresslevel=1) as file:
        for number, data in enumerate(contents):
            member = tarfile.TarInfo(f"{number // 1000:04d}/{number:07d}")
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
    return path


def _piece(number: int, day: date, chance: random.Random) -> _Piece:
    place = chance.choice(_WHERE)
    sentences = [
        f"{chance.choice(_WHO)} {chance.choice(_DID)} on {day:%A}.".format(
            land=chance.choice(_LAND), n=chance.randint(2, 90)
        )
        for _ in range(chance.randint(3, 9))
    ]
    paragraphs = tuple(" ".join(sentences[n : n + 2]) for n in range(0, len(sentences), 2))
    return _Piece(number, day, place, f"Report {number} from {place}", paragraphs)


def _revised(piece: _Piece, chance: random.Random) -> _Piece:
    status = "canceled" if chance.random() < 0.2 else "usable"
    added = f"It was the {chance.randint(2, 40)}th such report from {piece.place}."
    return _Piece(
        piece.number,
        piece.day,
        piece.place,
        piece.title,
        (*piece.paragraphs, added),
        piece.version + 1,
        status,
    )


def _text(piece: _Piece) -> bytes:
    body = "\n\n".join(piece.paragraphs)
    head = f" date {piece.day} {piece.title}\n\n{piece.day}\n{piece.title}\n{piece.title}\n\n"
    return f"{head}{body}\n\nAFP\n".encode()


def _json(piece: _Piece) -> bytes:
    return json.dumps(
        {
            "envelope": "dateline/1",
            "id": f"example-{piece.number}",
            "version": piece.version,
            "provider": "AP",
            "status": piece.status,
            "headline": piece.title,
            "published": f"{piece.day}T10:{piece.version:02d}:00Z",
            "language": "en",
            "paragraphs": list(piece.paragraphs),
        }
    ).encode()


def _ninjs(piece: _Piece) -> bytes:
    return json.dumps(
        {
            "uri": f"http://example.com/{piece.number}",
            "type": "text",
            "version": str(piece.version),
            "pubstatus": piece.status,
            "versioncreated": f"{piece.day}T11:{piece.version:02d}:00Z",
            "language": "en",
            "headline": piece.title,
            "body_text": "\n\n".join(piece.paragraphs),
        }
    ).encode()


def _nitf(piece: _Piece) -> bytes:
    paragraphs = "".join(f"<p>{text}</p>" for text in piece.paragraphs)
    status = "canceled" if piece.status == "canceled" else "usable"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><nitf><head><docdata management-status="'
        f'{status}"><doc-id id-string="nitf-{piece.number}"/><du-key version="{piece.version}"/>'
        f'<date.issue norm="{piece.day:%Y%m%d}T12{piece.version:02d}00Z"/></docdata></head><body>'
        f"<body.head><hedline><hl1>{piece.title}</hl1></hedline><dateline><location>{piece.place}"
        "</location></dateline><distributor>Reuters</distributor></body.head><body.content>"
        f"{paragraphs}</body.content></body></nitf>"
    ).encode()


_WRITERS = {"text": _text, "json": _json, "ninjs": _ninjs, "nitf": _nitf}
