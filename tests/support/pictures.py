"""Makes the pictures of README.md from the demo's lake: `make pictures`.

    python -m tests.support.pictures LAKE FOLDER

Writes pictures of the report, a story and the live page into FOLDER, by a headless Chromium.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from pipeline import clock
from pipeline.serve.app import Site
from pipeline.serve.copy.follow import Follower
from pipeline.serve.gate import Access, hosts_of
from pipeline.serve.questions import Copy
from pipeline.serve.run_server import listen, serve
from pipeline.show.find import find_story
from pipeline.show.report import Scope, figures, report_page
from pipeline.show.story_page import page
from pipeline.store import query
from tests.support.browser import PHONE, chromium, opened

SIZES = {
    **{"report": (1100, 820), "report-dark": (1100, 820), "report-phone": PHONE},
    **{"story": (1100, 860), "live-newest": (1100, 820), "live-map": (1100, 900)},
    "live-story": (1100, 860),
}
"""Width and height of each picture, in pixels."""

_MOST_TOLD = """
SELECT story_id FROM current_events WHERE NOT negated AND NOT hypothetical
GROUP BY story_id ORDER BY count(*) DESC, story_id LIMIT 1
"""


def most_told(lake: str) -> str:
    """Return the story with most events."""
    (found,) = query(lake, None, _MOST_TOLD, clock.now()).to_pylist()
    return str(found["story_id"])


def pages(lake: str) -> dict[str, str]:
    """Return the pages that are pictured: the report, and the story with most events."""
    now = clock.now()
    report = report_page(figures(lake, None, Scope(), now), lake)
    return {
        **dict.fromkeys(("report", "report-dark", "report-phone"), report),
        "story": page(find_story(lake, None, most_told(lake), now)),
    }


@contextmanager
def live(lake: str, place: Path) -> Iterator[dict[str, str]]:
    """Give the addresses of the live pages that are pictured, while they are answered."""
    follower = Follower(place / "live.sqlite", lake)
    follower.refresh(clock.now())
    copy = Copy(place / "live.sqlite", clock.now)
    site = Site(copy, clock.now, Access(hosts_of("127.0.0.1", ())))
    listener, started = listen("127.0.0.1", 0), threading.Event()
    threading.Thread(
        target=serve, args=(site, listener), kwargs={"started": started.set}, daemon=True
    ).start()
    started.wait(60)
    root = f"http://127.0.0.1:{listener.getsockname()[1]}"
    yield {
        **{"live-newest": f"{root}/", "live-map": f"{root}/map"},
        "live-story": f"{root}/story/{quote(most_told(lake), safe=':')}",
    }
    follower.close()


def main(lake: str, folder: Path) -> None:
    """Write the pictures; raises `AssertionError` where a page tells of an error."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dateline-pictures-") as given, chromium() as browser:
        place = Path(given)
        addresses = {}
        for name, text in pages(lake).items():
            path = place / f"{name}.html"
            path.write_text(text, "utf-8")
            addresses[name] = path.as_uri()
        with live(lake, place) as served:
            for name, address in {**addresses, **served}.items():
                scheme = "dark" if name.endswith("-dark") else "light"
                with opened(browser, address, SIZES[name], scheme) as seen:
                    seen.page.screenshot(path=folder / f"{name}.png")
                    assert seen.errors == [], name
                print(f"{folder / name}.png")  # noqa: T201 (it tells what it made)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
