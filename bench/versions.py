"""Two versions of the code side by side: each in a process of its own, asked by lines of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Worker:
    """One version in its own process: `script --serve` with the code below `tree`.

    It is asked by lines of JSON, and answers likewise.
    """

    def __init__(self, tree: Path, script: Path) -> None:
        env = {**os.environ, "PYTHONPATH": str(tree), "PYTHONHASHSEED": "0"}
        command = [sys.executable, str(script.resolve()), "--serve"]
        self._process = subprocess.Popen(
            command, cwd=tree, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def ask(self, **question: object) -> list[object]:
        """The answer of the process."""
        assert self._process.stdin and self._process.stdout
        print(json.dumps(question), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit("a version came to grief")
        return list(json.loads(answer))

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


@contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """The tree of a commit, beside this one, while the block runs."""
    with tempfile.TemporaryDirectory() as room:
        tree = Path(room, "tree")
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", "--quiet", str(tree), commit], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)
