"""How long pages of the live page take over a generated copy, and what memory they need.

    PYTHONPATH=. python bench/serve.py [--sizes 100000 1000000] [--folder FOLDER] [--asks 60]

The copy is filled as the follower fills it, with stories of one year that name people and countries
as unevenly as news does (Zipf). Above 50,000 stories these are repeated by SQL, each some seconds
later: so the names and pairs of a million are as many as those of 50,000, which spares the figures
of the last days some work. Each page is asked with values drawn anew each time, by the code of the
server without the network, first alone, then beside three readers and a writer that commits.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.serve import pages
from pipeline.serve.app import Site
from pipeline.serve.copy import live_copy
from pipeline.serve.copy.choice import Chosen
from pipeline.serve.copy.copied_rows import unpacked, words
from pipeline.serve.copy.follow import CountTally, insert, microseconds
from pipeline.serve.copy.live_copy import CopyState
from pipeline.serve.filters import filters_of, names_of_countries, names_of_roots
from pipeline.serve.gate import Access, hosts_of
from pipeline.serve.questions import Copy, NothingThereError
from pipeline.show.find import Shown
from pipeline.store.schema.contract import contract

NOW = datetime(2026, 7, 1, tzinfo=UTC)
WORDS = 20_000
BODY_WORDS = 60
PEOPLE = 60_000
PART = 10_000
ONE_BY_ONE = 50_000
REGIONS = ("western-asia", "eastern-europe", "northern-america", "eastern-asia", "unknown")


class Made:
    """Draws stories; the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.words = [f"w{n:x}" for n in range(WORDS)]
        self.codes = list(names_of_countries())
        self.roots = list(names_of_roots())
        names = contract("stories").schema.names
        events = contract("events").schema.names
        self.event_lacking = dict.fromkeys(events, None)
        self.lacking = dict.fromkeys((name for name in names if name != "raw"), None)

    def zipf(self, n: int) -> int:
        """A number below `n`, small ones much more often."""
        return min(n - 1, int(n ** self.draw.random()) - 1)

    def story(self, number: int) -> Shown:
        """One story with four entities and two deeds."""
        draw = self.draw
        at = NOW - timedelta(seconds=draw.randrange(365 * 86400))
        day = at.date()
        text = [self.words[self.zipf(WORDS)] for _ in range(BODY_WORDS)]
        told = [self.codes[self.zipf(len(self.codes))] for _ in range(2)]
        story = {
            **self.lacking,
            **{"story_id": f"f{number}", "revision_id": f"r{number}", "published_at": at},
            **{"source": "bench", "offset": number, "item": 0, "enrichment_id": "e", "bylines": []},
            **{"headline": " ".join(text[:7]), "body": " ".join(text), "date": day},
            **{"region": REGIONS[self.zipf(5)], "regions": [], "countries": sorted(set(told))},
            **{"provider": f"agency {self.zipf(9)}", "language": "en", "status": "usable"},
            "topics": [{"code": f"medtop:{self.zipf(17)}", "name": "topic", "weight": 1.0}],
        }
        people = sorted({self.zipf(PEOPLE) for _ in range(4)})
        entities = [
            {
                **{"entity_id": f"person:{one}", "name": f"Person {one}", "kind": "PERSON"},
                **{"country": None, "role": None, "mention_count": 1, "salience": 0.5},
                "mentions": [{"start": 0, "end": 3, "text": "x", "sentence": 0}],
            }
            for one in people
        ]
        return Shown(story, tuple(entities), tuple(self.event(people, told) for _ in range(2)))

    def event(self, people: list[int], told: list[str]) -> dict[str, object]:
        """One deed between two of them."""
        draw = self.draw
        one, other = draw.choice(people), draw.choice(people)
        town = self.zipf(3000)
        return {
            **self.event_lacking,
            **{"trigger_start": 0, "trigger_end": 3, "sentence_index": 1, "event_id": "x"},
            **{
                "negated": False,
                "hypothetical": False,
                "historical": False,
                "root": draw.choice(self.roots),
            },
            **{"source_label": f"Person {one}", "target_label": f"Person {other}"},
            **{"source_entity_id": f"person:{one}", "target_entity_id": f"person:{other}"},
            **{
                "source_country": told[0],
                "target_country": told[1],
                "quad_class": draw.randrange(1, 5),
            },
            **{"goldstein": draw.uniform(-10, 10), "confidence": 0.7, "sentence": "It was done."},
            **{"place": f"Town {town}", "place_country": told[0]},
            **{"place_exactness": "city", "place_geonames_id": 1, "mode": None, "cameo": "010"},
            **{"place_latitude": float(town % 70), "place_longitude": float(town % 170)},
        }


def fill(path: Path, made: Made, first: int, last: int) -> float:
    """Add stories to the copy; seconds that it took."""
    connection = live_copy.create(path)
    begun = time.monotonic()
    chosen = Chosen(True, NOW)
    for start in range(first, last, PART):
        with live_copy.transaction(connection):
            tally = CountTally(1)
            found = [made.story(n) for n in range(start, min(last, start + PART))]
            for shown in sorted(found, key=lambda one: one.story["published_at"]):
                insert(connection, shown, chosen, tally, arrived=False)
            tally.write(connection)
        print(f"\r{min(last, start + PART):,} stories", end="", flush=True)
    with live_copy.transaction(connection):
        connection.execute("ANALYZE")
        at = microseconds(NOW)
        live_copy.remember(
            connection,
            CopyState(
                "bench",
                ready=True,
                serial=1,
                as_of=at,
                checked_at=at,
                lake_committed_at=at,
                total=last,
                done=last,
            ),
        )
    connection.close()
    print()
    return time.monotonic() - begun


def repeat(path: Path, times: int) -> None:
    """Repeat the stories of the copy until there are `times` as many, by SQL alone."""
    connection = live_copy.create(path)
    run = connection.execute
    columns = [row[1] for row in run("PRAGMA table_info(stories)")]
    own = {"id": "id + (:k << 28)", "revision_id": "revision_id || '-' || :k",
           "story_id": "story_id || '-' || :k", "offset": '"offset" + :k * 10000000'}  # fmt: skip
    told = ", ".join(own.get(name, f'"{name}"') for name in columns)
    run("CREATE TEMP TABLE first AS SELECT id FROM stories")
    run("CREATE TEMP TABLE texts (id INTEGER PRIMARY KEY, headline TEXT, body TEXT, tags TEXT)")
    for number, blob, tagged in run("SELECT id, shown, tags FROM stories").fetchall():
        run("INSERT INTO texts VALUES (?, ?, ?, ?)", (number, *words(unpacked(blob), tagged)))
    for k in range(1, times):
        with live_copy.transaction(connection):
            run(
                f"INSERT OR IGNORE INTO stories SELECT {told} FROM stories JOIN first USING (id)",
                {"k": k},
            )
            run(
                "INSERT INTO search (rowid, headline, body, tags)"
                " SELECT id + (:k << 28), headline, body, tags FROM texts",
                {"k": k},
            )
            rest = [row[1] for row in run("PRAGMA table_info(deeds)")][1:]
            run(
                f"INSERT OR IGNORE INTO deeds SELECT id + (:k << 28), {', '.join(rest)}"
                " FROM deeds JOIN first USING (id)",
                {"k": k},
            )
        print(f"\r{k + 1} of {times} times", end="", flush=True)
    with live_copy.transaction(connection):
        amounts = ("n", "quad1", "quad2", "quad3", "quad4", "goldstein")
        run(f"UPDATE counts SET {', '.join(f'{one} = {one} * :times' for one in amounts)}",
            {"times": times})  # fmt: skip
        run("PRAGMA analysis_limit = 1000")
        run("ANALYZE")
        before = live_copy.state(connection)
        live_copy.remember(connection, replace(before, total=before.total * times))
    connection.close()
    print()


def asks(made: Made) -> dict[str, Callable[[], tuple[pages.MakesPage, str, dict[str, str], str]]]:
    """Each kind of page with what draws an address of it."""

    def word() -> str:
        return made.words[made.zipf(WORDS)]

    def code() -> str:
        return made.codes[made.zipf(len(made.codes))]

    def day() -> str:
        return (NOW - timedelta(days=made.draw.randrange(300))).date().isoformat()

    return {
        "newest": lambda: (pages.newest, "/", {}, ""),
        "search, one word": lambda: (pages.search, "/search", {"q": word()}, ""),
        "search, the usual word": lambda: (pages.search, "/search", {"q": made.words[0]}, ""),
        "search, two words": lambda: (pages.search, "/search", {"q": f"{word()} {word()}"}, ""),
        "search, word and country": lambda: (
            pages.search, "/search", {"q": word(), "country": code()}, ""
        ),
        "search, country and act": lambda: (
            pages.search, "/search", {"country": code(), "act": made.draw.choice(made.roots)}, ""
        ),
        "search, entity and days": lambda: (
            pages.search, "/search", {"entity": f"person:{made.zipf(PEOPLE)}", "from": day()}, ""
        ),
        "a story": lambda: (pages.story, "/story", {}, f"f{made.draw.randrange(50_000)}"),
        "an entity": lambda: (pages.entity, "/entity", {}, f"person:{made.zipf(PEOPLE)}"),
        "the most told entity": lambda: (pages.entity, "/entity", {}, "person:0"),
        "two countries": lambda: (
            pages.dyad, "/dyad", {"source": made.codes[0], "target": made.codes[made.zipf(9)]}, ""
        ),
        "the map": lambda: (pages.world_map, "/map", {}, ""),
        "the map of some days": lambda: (pages.world_map, "/map", {"from": day()}, ""),
    }  # fmt: skip


def measured(site: Site, made: Made, n: int) -> Iterator[tuple[str, list[float], list[float]]]:
    """Milliseconds of each page: by the clock, and of this thread's processor time."""
    for name, draw in asks(made).items():
        times, own = [], []
        for _ in range(n):
            make, path, given, named = draw()
            asked = pages.Asked(path, filters_of(given), given, named)
            begun, before = time.perf_counter(), time.thread_time()
            try:
                site._answer(make, asked, "html")
            except NothingThereError:
                continue
            times.append((time.perf_counter() - begun) * 1000)
            own.append((time.thread_time() - before) * 1000)
        yield name, times, own


def print_table(title: str, rows: Iterator[tuple[str, list[float], list[float]]]) -> None:
    """Print p50 and p95 of each page."""
    heads = "| page | p50 ms | p95 ms | p50 CPU ms | p95 CPU ms |"
    print(f"\n{title}\n{heads}\n|---|---:|---:|---:|---:|")
    for name, *both in rows:
        if len(both[0]) > 1:
            told = [
                f"{figure:.0f}"
                for one in both
                for figure in (statistics.median(one), statistics.quantiles(one, n=20)[18])
            ]
            print(f"| {name} | {' | '.join(told)} |", flush=True)


def main() -> None:
    """Fill a copy, step by step, and measure at each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--kept", action="store_true", help="measure the copy that is there")
    parser.add_argument("--asks", type=int, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = (given.folder or Path(folder)) / "bench.sqlite"
        made = Made(1)
        for size in given.sizes:
            if given.kept:
                report(path, made, size, given.asks)
                continue
            path.unlink(missing_ok=True)
            one_by_one = min(size, ONE_BY_ONE)
            took = fill(path, made, 0, one_by_one)
            if size > one_by_one:
                repeat(path, size // one_by_one)
            rate = one_by_one / took
            print(f"{size:,} stories: {path.stat().st_size / 1e9:.2f} GB, {rate:,.0f} stories/s")
            report(path, made, size, given.asks)


def report(path: Path, made: Made, size: int, n: int) -> None:
    """Print what pages take over the copy at `path`."""
    copy = Copy(path, lambda: NOW, most_s=60.0)
    site = Site(copy, lambda: NOW, Access(hosts_of("127.0.0.1", ())))
    print_table("alone", measured(site, made, n))
    beside(site, path, size, n)
    copy.close()
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nlargest memory of the process: {rss:,.0f} MiB")


def beside(site: Site, path: Path, size: int, n: int) -> None:
    """Measure while another thread commits, and three others ask."""
    over = threading.Event()

    def write() -> None:
        made, number = Made(2), 10 * size
        connection = live_copy.create(path)
        while not over.is_set():
            with live_copy.transaction(connection):
                tally = CountTally(1)
                for _ in range(20):
                    insert(connection, made.story(number), Chosen(True, NOW), tally, arrived=True)
                    number += 1
                tally.write(connection)
            over.wait(0.5)
        connection.close()

    def ask(seed: int) -> None:
        while not over.is_set():
            for _ in measured(site, Made(seed), 1):
                over.wait(0.2)

    threads = [
        threading.Thread(target=write),
        *(threading.Thread(target=ask, args=(n,)) for n in (3, 4, 5)),
    ]
    for one in threads:
        one.start()
    print_table("beside a writer and three readers", measured(site, Made(6), n))
    over.set()
    for one in threads:
        one.join()


if __name__ == "__main__":
    main()
