"""A real Chromium for tests: pages opened with what went wrong in them, axe-core's judgement."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDE, PHONE = (1100, 900), (360, 800)
PATIENCE_MS = 120_000
"""How long a browser may take for anything, on a machine that is busy."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of the system: nothing is downloaded."""
    with sync_playwright() as played:
        browser = played.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu"],
            timeout=PATIENCE_MS,
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass(slots=True)
class Opened:
    """A page with its errors, dialogs, and the hosts that it asked."""

    page: Page
    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def violations(self) -> list[tuple[str, str, list[str]]]:
        """What axe-core finds, contrast included."""
        self.page.evaluate(
            "for (const one of document.querySelectorAll('details')) one.open = true"
        )
        self.page.add_script_tag(
            content=files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
        )
        told: list[Any] = self.page.evaluate("axe.run().then(told => told.violations)")
        return [
            (rule["id"], rule["impact"], [node["html"][:200] for node in rule["nodes"]][:3])
            for rule in told
        ]

    def is_wider(self) -> bool:
        """Whether something is wider than the window, so that one has to scroll aside."""
        return bool(
            self.page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
        )

    def focused(self) -> str:
        """The element that has the keyboard's attention, in words."""
        return str(
            self.page.evaluate(
                "(e => e.tagName.toLowerCase() + ' ' + (e.id || e.textContent.trim()))"
                "(document.activeElement)"
            )
        )


@contextmanager
def opened(
    browser: Browser,
    address: str,
    size: tuple[int, int] = WIDE,
    scheme: str = "light",
    *,
    axe: bool = False,
    scripts: bool = True,
) -> Iterator[Opened]:
    """Open a page; for axe-core the page's policy against strange scripts has to be passed by."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme,
        bypass_csp=axe, java_script_enabled=scripts,
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    seen = Opened(page)
    page.on(
        "console",
        lambda said: seen.errors.append(said.text) if said.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("dialog", lambda dialog: (seen.errors.append("a dialog"), dialog.dismiss()))
    page.on("request", lambda asked: seen.hosts.add(urlsplit(asked.url).netloc))
    page.goto(address, wait_until="load")
    try:
        yield seen
    finally:
        context.close()
