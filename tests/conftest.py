"""What all tests share: markers that skip, the two forms of laws, a report of what tests cost.

`tests/README.md` says which marker a test needs and what it may cost.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.support import forks
from tests.support.laws import LONG, SHORT
from tests.support.object_store import Store

NEEDS = {
    "java": (("java", "mvn"), "Java and Maven"),
    "go": (("prism",), "Beam's engine Prism, which `make prism` builds with Go"),
    "browser": (("chromium|chromium-browser",), "Chromium"),
}
"""Marker → the programs that such a test needs (any of several names), and how they are called."""

BUDGET_S = 5.0
"""Processor time that a test of `make test` may take; the report lists those above."""

_REPORTED = 20
_COST = "cpu_s"

settings.register_profile("short", max_examples=SHORT, deadline=None)
settings.register_profile("half", max_examples=LONG // 2, deadline=None)
settings.register_profile("long", max_examples=LONG, deadline=None)
settings.load_profile("short")


_QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""For Java that runs for minutes: the compiler for long runs costs it more than it gives."""


def pytest_configure() -> None:
    """Heed Ctrl-C as a terminal's program does: a shell's job in the background ignores it."""
    os.environ.setdefault("JDK_JAVA_OPTIONS", _QUICK_JAVA)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fail-on-skip",
        action="store_true",
        help="fail where a test was skipped for another reason than those of the ini `may_skip`",
    )
    parser.addini("may_skip", "patterns of reasons for which a test may skip in CI", "linelist")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what lacks a program; begin with the modules that may take longest.

    Of two processes one would else be left with a long test at the end.
    """
    longest: dict[Path, float] = defaultdict(float)
    for item in items:
        allowed = item.get_closest_marker("timeout")
        longest[item.path] = max(longest[item.path], allowed.args[0] if allowed else 0.0)
    items.sort(key=lambda item: -longest[item.path])
    missing = {
        name: f"needs {what}" for name, (programs, what) in NEEDS.items() if not _found(programs)
    }
    for item in items:
        for name, reason in missing.items():
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=reason))


def _found(programs: tuple[str, ...]) -> bool:
    return all(any(map(shutil.which, names.split("|"))) for names in programs)


_TOGETHER = re.compile(
    r"tests/(?:tools/|integration/(?:test_flink|test_kafka_security|faults/test_broker_?\w*)\.py)"
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand tests out one by one, but those together whose fixtures start Kafka, Flink or Spark.

    So each is started once. pytest-xdist's own marks of groups are lost with pytest 9.2: it writes
    them into a node's id, which that derives from elsewhere.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            found = _TOGETHER.match(nodeid)
            return found[0] if found else nodeid

    return Together(config, log)


_spent_s = 0.0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Give each report the processor time since the last one: this process and what it started."""
    global _spent_s  # noqa: PLW0603 (one clock a process)
    report = yield
    now_s = _used_s()
    report.user_properties = [(_COST, now_s - _spent_s)]  # type: ignore[attr-defined]
    _spent_s = now_s
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol() -> None:
    """Begin to count: what went before (the collection, a plugin) is no test's."""
    global _spent_s  # noqa: PLW0603 (one clock a process)
    _spent_s = _used_s()


def _used_s() -> float:
    """Processor time of this process, of its children that ended, and of forked processes."""
    return sum(os.times()[:4]) + forks.spent_s()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("--fail-on-skip") and _unexpected(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if config.getoption("--fail-on-skip") and (unexpected := _unexpected(config)):
        terminalreporter.section("skipped, though this run needs all")
        for line in unexpected:
            terminalreporter.write_line(line)
    costs: dict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == _COST:
                    costs[report.nodeid] += value
    if not costs:
        return
    terminalreporter.section(f"processor time: {sum(costs.values()):.0f} s in all tests")
    for test, cost_s in sorted(costs.items(), key=lambda cost: -cost[1])[:_REPORTED]:
        above = "  above the budget" if cost_s > BUDGET_S else ""
        terminalreporter.write_line(f"{cost_s:7.1f} s  {test}{above}")


def _unexpected(config: pytest.Config) -> list[str]:
    """What was skipped for a reason that `may_skip` does not know; none on a worker of xdist."""
    told = config.pluginmanager.get_plugin("terminalreporter")
    allowed = [re.compile(pattern) for pattern in config.getini("may_skip")]
    found = []
    for report in told.stats.get("skipped", ()) if told is not None else ():
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        if not any(pattern.search(str(reason)) for pattern in allowed):
            found.append(f"{report.nodeid}: {reason}")
    return found


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """An object store of a module's own, in a process of its own."""
    pytest.importorskip("moto")
    running = Store()
    yield running
    running.close()
