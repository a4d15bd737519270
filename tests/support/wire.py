"""Wire copy made up by number, for tests that need much of it."""

from __future__ import annotations

from collections.abc import Iterator

_PLACES = ("Paris", "Nairobi", "Lima", "Tokyo", "Cairo", "Warsaw", "Delhi", "Ottawa")
_ACTS = (
    "President Ann Example met the prime minister of Kenya on Monday.",
    "France condemned the attack on a convoy in Sudan.",
    "Thousands protested against the government of Peru.",
    "Japan and India signed a trade agreement.",
)


def a_text(number: int, days: int = 5) -> bytes:
    """A short story in the plain-text shape, unlike any other number's, of one of `days` days."""
    day = f"2024-03-{number % days + 1:02d}"
    title = f"Report {number} from {_PLACES[number % len(_PLACES)]}"
    return (
        f" date {day} {title}\n\n{day}\n{title}\n{title}\n\n{_ACTS[number % 4]}\n\nAFP\n".encode()
    )


def a_bad_record(number: int) -> bytes:
    """Bytes that are no story, unlike any other number's."""
    noise = bytes((7 * number + 31 * n) % 32 for n in range(40))
    return b"\x00\xff\xfe\x80" + number.to_bytes(4, "big") + noise


def copy(start: int, end: int, *, bad_every: int = 20, days: int = 5) -> Iterator[bytes]:
    """Records `start` to `end`, every `bad_every`-th of them bad."""
    for number in range(start, end):
        yield a_bad_record(number) if number % bad_every == 0 else a_text(number, days)
