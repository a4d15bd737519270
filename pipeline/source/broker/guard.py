"""A process that runs one other program and takes it along when its own parent goes away.

Run as a script: `python guard.py PARENT_PID GRACE_S PROGRAM [ARGUMENT…]`. Standard input is a pipe
that the parent holds open: when it closes (or the parent ends, however hard), the program gets
SIGTERM, and SIGKILL after GRACE_S seconds. Imports the standard library only, to start quickly.

Linux's PR_SET_PDEATHSIG alone would not do: it fires when the *thread* that started the program
ends, and whoever starts a broker may well be a short-lived thread. The guard has one thread, so
that between the guard and the program the signal means what it should.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys

_PR_SET_PDEATHSIG = 1
_LOOK_S = 0.2


def _die_with_guard() -> None:
    """Ask, in the child before the program starts, for SIGKILL once the guard is gone."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _stop(child: subprocess.Popen[bytes], grace_s: float) -> int:
    child.terminate()
    try:
        return child.wait(grace_s)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def main(arguments: list[str]) -> int:
    """Run the program until it ends or the parent lets go; its exit code (0 when stopped)."""
    parent, grace_s, command = int(arguments[0]), float(arguments[1]), arguments[2:]
    # The terminal's Ctrl-C is for the parent, which then closes the pipe in its own time.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        preexec_fn=_die_with_guard,  # noqa: PLW1509 (this process has one thread)
    )
    try:
        while (code := child.poll()) is None:
            readable, _, _ = select.select([sys.stdin.fileno()], [], [], _LOOK_S)
            let_go = bool(readable) and os.read(sys.stdin.fileno(), 1) == b""
            if let_go or os.getppid() != parent:
                return 0
        return code
    finally:
        if child.poll() is None:
            _stop(child, grace_s)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
