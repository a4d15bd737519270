"""A lake as another version of the code writes it: for `tests/integration/faults/test_upgrade.py`.

    git worktree add ../older COMMIT
    python -m tests.support.older_lake ../older tests/golden/lakes/COMMIT.tar.xz

That version's own job reads its own sample stories from the embedded broker. The archive holds the
`lake`, the records in the order in which they were published (`records/00-0`: the number, and the
key, which settles the partition), and what the version's own `current` showed (`current.json`).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from pipeline.model import Record
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish

PARTITIONS = 2
CURRENT = "select story_id, revision_id, date, region, headline from current order by all"


def main(checkout: Path, out: Path) -> None:
    """Make `out` with the code in `checkout`."""
    samples = sorted((checkout / "pipeline" / "samples" / "wire").glob("*.txt"))
    # The key "0" goes to partition 0, "1" to 1.
    records = [
        Record("", 0, path.read_bytes(), key=f"{n % PARTITIONS}".encode())
        for n, path in enumerate(samples)
    ]
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        with EmbeddedBroker(topics={"wire": PARTITIONS}) as broker:
            publish(records, bootstrap_servers=broker.bootstrap_servers, topic="wire")
            place = ("--bootstrap-servers", broker.bootstrap_servers, "--topic", "wire")
            run(checkout, "run", *place, "--lake", str(root / "lake"), "--until-caught-up")
        shown = run(checkout, "query", "--lake", str(root / "lake"), CURRENT, "--json")
        (root / "current.json").write_text(shown, "utf-8")
        (root / "records").mkdir()
        for n, record in enumerate(records):
            (root / "records" / f"{n:02}-{(record.key or b'').decode()}").write_bytes(record.value)
        # The log says where the table was made.
        for entry in root.glob("lake/*/_delta_log/*.json"):
            entry.write_text(entry.read_text("utf-8").replace(str(root), "/made"), "utf-8")
        with tarfile.open(out, "w:xz") as archive:
            for name in ("current.json", "records", "lake"):
                archive.add(root / name, name, filter=anonymous)


def run(checkout: Path, *arguments: str) -> str:
    """What that version's command says; batches are small, so that there are several."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments],
        cwd=checkout,
        env={
            **os.environ,
            "PYTHONPATH": str(checkout),
            "DATELINE_BATCH__MAX_RECORDS": "4",
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nobody's in particular."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
