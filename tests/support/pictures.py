"""Makes the pictures of README.md from the demo's lake: `make pictures`.

    python -m tests.support.pictures LAKE FOLDER

Writes `report.png` and `story.png` into FOLDER, by a headless Chromium.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pipeline import clock
from pipeline.show import find
from pipeline.show.report import Scope, figures, report_page
from pipeline.show.story_page import page
from pipeline.store import query

SIZES = {"report": (1100, 820), "story": (1100, 860)}
"""Width and height of each picture, in pixels."""

_MOST_TOLD = """
SELECT story_id FROM current_events WHERE NOT negated AND NOT hypothetical
GROUP BY story_id ORDER BY count(*) DESC, story_id LIMIT 1
"""


def pages(lake: str) -> dict[str, str]:
    """Return the pages that are pictured: the report, and the story with most events."""
    now = clock.now()
    (most_told,) = query(lake, None, _MOST_TOLD, now).to_pylist()
    return {
        "report": report_page(figures(lake, None, Scope(), now), lake),
        "story": page(find(lake, None, most_told["story_id"], now)),
    }


def main(lake: str, folder: Path) -> None:
    """Write the pictures."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("chromium is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dateline-pictures-") as place:
        for name, text in pages(lake).items():
            path = Path(place) / f"{name}.html"
            path.write_text(text, "utf-8")
            subprocess.run(
                [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                 f"--user-data-dir={place}/profile", f"--screenshot={folder / name}.png",
                 "--window-size={},{}".format(*SIZES[name]), path.as_uri()],
                check=True, capture_output=True, timeout=120,
            )  # fmt: skip
            print(f"{folder / name}.png")  # noqa: T201 (it tells what it made)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
