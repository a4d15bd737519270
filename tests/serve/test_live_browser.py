"""The live page in a real Chromium: light, dark, narrow, by keyboard, while a job writes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from pipeline.store import query
from tests.serve.test_pages import Running, addresses, running
from tests.show.test_report import AS_OF
from tests.support.browser import PHONE, WIDE, chromium, opened
from tests.support.endpoint import asked, free_port
from tests.support.job import JobProcess, ended_at, until
from tests.support.rows import NOON, a_batch, a_story, enriched
from tests.support.wire import copy

pytestmark = pytest.mark.browser

KINDS = {
    "newest": "/",
    "search": "/search?q=said&country=ARM",
    "found nothing": "/search?q=nothingatall",
    "story": "/story/family-cluster/topic/0-0-0",
    "revisions": "/story/of-many",
    "entity": "/entity/PERSON:Ann%20Example",
    "countries": "/dyad?source=ARM&target=GEO",
    "actors": "/dyad?source=Armenia&target=Georgia",
    "map": "/map",
    "notice": "/nothing",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    for one in running(tmp_path_factory.mktemp("browser")):
        for at, version in ((40, 1), (41, 2)):
            story = a_story(at, story_id="of-many", version=version, headline=f"Take {version}")
            start = 32 if at == 40 else at
            one.writer.write(a_batch([enriched(story)], spans={story.source: (start, at + 1)}))
        one.follower.refresh(AS_OF)
        yield one


def url(live: Running, address: str) -> str:
    return f"http://127.0.0.1:{live.port}{address}"


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (PHONE, "dark")])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_and_nothing_is_wider(
    live: Running, browser: Browser, kind: str, size: tuple[int, int], scheme: str
) -> None:
    with opened(browser, url(live, KINDS[kind]), size, scheme, axe=True) as seen:
        assert seen.violations() == []
        assert not seen.is_wider()


def test_no_page_tells_of_an_error_or_asks_elsewhere(live: Running, browser: Browser) -> None:
    """With every hostile story on it, under the page's own policy: nothing runs but ours."""
    for address in addresses(live):
        with opened(browser, url(live, address)) as seen:
            assert seen.errors == [], address
            assert seen.hosts == {f"127.0.0.1:{live.port}"}, address


def test_all_is_there_without_scripts(live: Running, browser: Browser) -> None:
    with opened(browser, url(live, "/"), scripts=False) as seen:
        assert seen.page.locator("#newest li").count() > 10
        seen.page.fill("#quick", "visited")
        seen.page.press("#quick", "Enter")
        seen.page.wait_for_url("**q=visited*")
        assert seen.page.locator("ol.stories li").count() >= 1


def test_a_reader_needs_no_mouse(live: Running, browser: Browser) -> None:
    """From the address to a story, its marks' table and its revisions, by Tab and Enter alone."""
    with opened(browser, url(live, "/")) as seen:
        keys = seen.page.keyboard
        keys.press("Tab")
        assert seen.focused() == "a To the content"
        keys.press("Enter")
        seen.page.wait_for_url("**#content")
        with opened(browser, url(live, "/search?q=visited")) as found:
            keys = found.page.keyboard
            reached = []
            for _ in range(60):
                keys.press("Tab")
                reached.append(found.focused())
                if found.page.evaluate("document.activeElement.closest('ol.stories') !== null"):
                    break
            assert {"input quick", "input q", "select country", "select act", "input from"} <= set(
                reached
            )
            outline = found.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid"
            keys.press("Enter")
            found.page.wait_for_url("**/story/*")
            assert found.page.locator("article").count() == 1


def test_a_click_on_a_head_sorts_its_table(live: Running, browser: Browser) -> None:
    """Up, then down; numbers by their size."""
    rows = "[...document.querySelector('table.sortable').tBodies[0].rows]"
    with opened(browser, url(live, "/map")) as seen:
        seen.page.evaluate(
            "document.querySelector('table.sortable').closest('details').open = true"
        )
        for head, column in (("first", 0), ("last", -1)):
            button = getattr(seen.page.locator("table.sortable").first.locator("th button"), head)
            for state in ("ascending", "descending"):
                button.click()
                told = seen.page.evaluate(
                    f"{rows}.map(row => [...row.cells].at({column}).innerText)"
                )
                key = int if head == "last" else str.casefold
                assert len(told) > 1
                assert told == sorted(told, key=key, reverse=state == "descending")
                assert button.evaluate("node => node.closest('th').ariaSort") == state
        assert seen.errors == []


def test_every_part_of_a_chart_leads_to_its_row(live: Running, browser: Browser) -> None:
    for address in (KINDS["map"], KINDS["countries"], KINDS["entity"], KINDS["newest"]):
        with opened(browser, url(live, address)) as seen:
            lost = seen.page.evaluate(
                "[...document.querySelectorAll('svg a')].map(a => a.getAttribute('href').slice(1))"
                ".filter(id => !document.getElementById(id))"
            )
            assert lost == [], address


def test_a_story_arrives_while_one_looks(browser: Browser, tmp_path: Path) -> None:
    """A writer commits, the follower follows: the story stands on top of the same page."""
    for one in running(tmp_path):
        with opened(browser, url(one, "/")) as seen:
            seen.page.evaluate("window.same = true")
            before = seen.page.locator("#newest li").count()
            for at in range(32, 36):
                published = NOON + timedelta(minutes=at - 31)
                story = a_story(at, headline=f"Came {at} <b>x</b>", published_at=published)
                one.writer.write(a_batch([enriched(story)]))
                one.follower.refresh(AS_OF)
                seen.page.wait_for_selector(f"text=Came {at} <b>x</b>")
            first = seen.page.locator("#newest li").first
            assert "Came 35" in str(first.text_content())
            assert seen.page.locator("#newest li").count() == before + 4
            # The totals go with it, and who is at a story by keyboard stays there.
            (told,) = one.sql("SELECT count(*) AS n FROM current")
            assert seen.page.locator(".totals b").first.text_content() == str(told["n"])
            seen.page.focus("text=Came 33 <b>x</b>")
            for version, status, headline in ((2, "usable", "Mended"), (3, "canceled", "KILL")):
                at = 34 + version
                story = a_story(at, story_id="family-cluster/topic/0-35-0", version=version,
                                status=status, headline=headline,
                                published_at=NOON + timedelta(minutes=at))  # fmt: skip
                one.writer.write(a_batch([enriched(story)]))
                one.follower.refresh(AS_OF)
                seen.page.wait_for_selector("text=Came 35 <b>x</b>", state="detached")
            seen.page.wait_for_selector("text=Mended", state="detached")
            assert seen.page.locator("#newest li").count() == before + 3
            assert "Came 33" in seen.focused()
            assert seen.page.evaluate("window.same") is True
            assert seen.errors == []
            (told,) = one.sql("SELECT count(*) AS n FROM current")
            seen.page.reload()
            assert seen.page.locator(".totals b").first.text_content() == str(told["n"])


def test_a_stream_that_could_not_begin_is_tried_again(browser: Browser, tmp_path: Path) -> None:
    """A server that has no place for one more at first: what came meanwhile is told later."""
    for one in running(tmp_path):
        with opened(browser, url(one, "/search")) as seen:
            one.site.most_streams = 0
            with seen.page.expect_event("console", lambda said: "503" in said.text):
                seen.page.goto(url(one, "/"))
            one.site.most_streams = 50
            one.writer.write(a_batch([enriched(a_story(32, headline="Came later"))]))
            one.follower.refresh(AS_OF)
            seen.page.wait_for_selector("text=Came later")


def test_a_stream_opens_though_its_script_comes_late(browser: Browser, tmp_path: Path) -> None:
    """The second of the page's two scripts is slow: the first waits for it."""
    for one in running(tmp_path):
        with opened(browser, "about:blank") as seen:
            seen.page.route("**/hx-sse*", lambda route: (time.sleep(1.5), route.continue_()))
            with seen.page.expect_request("**/arriving/**"):
                seen.page.goto(url(one, "/"))


def test_a_right_to_left_headline_stands_right_to_left(live: Running, browser: Browser) -> None:
    live.writer.write(a_batch([enriched(a_story(42, headline="وزير الخارجية يزور يريفان"))]))
    live.follower.refresh(AS_OF)
    with opened(browser, url(live, "/search?q=%D9%8A%D8%B2%D9%88%D8%B1")) as seen:
        link = seen.page.locator("ol.stories a").first
        assert link.evaluate("e => getComputedStyle(e).direction") == "rtl"


@pytest.mark.engine
def test_stories_arrive_while_a_job_writes(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`dateline run` and `dateline serve`, each a process of its own, and a reader who looks on:
    what is published comes onto the page, through a kill of the job, and at the end the page
    counts what the lake holds."""
    monkeypatch.setenv("DATELINE_ENRICH__MODE", "none")
    monkeypatch.setenv("DATELINE_SERVE__REFRESH_S", "0.2")
    lake, port = tmp_path / "lake", free_port()
    at_port = f"http://127.0.0.1:{port}"

    def send(start: int, end: int) -> None:
        copies = copy(start, end)
        publish(copies, bootstrap_servers=broker.bootstrap_servers, topic="wire")

    with EmbeddedBroker(topics={"wire": 1}) as broker:
        send(1, 6)
        job = JobProcess(broker.bootstrap_servers, lake, tmp_path / "job.log")
        site = None
        try:
            until(lambda: ended_at(lake) == 5, 300)
            site = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cli", "serve", "--lake", str(lake),
                 "--port", str(port)],
            )  # fmt: skip
            until(lambda: is_ready(port), 300)
            with opened(browser, at_port) as seen:
                seen.page.evaluate("window.same = true")
                assert seen.page.locator("#newest li").count() == 5
                send(6, 12)
                seen.page.wait_for_selector("text=Report 11 from")
                job.kill()
                job = JobProcess(broker.bootstrap_servers, lake, tmp_path / "job.log")
                send(12, 18)
                seen.page.wait_for_selector("text=Report 17 from", timeout=300_000)
                assert seen.page.locator("#newest li").count() == 17
                assert seen.page.evaluate("window.same") is True
                seen.page.reload()
                (told,) = query(str(lake), None, "SELECT count(*) AS n FROM current", AS_OF)
                assert told.to_pylist() == [17]
                assert seen.page.locator(".totals b").first.text_content() == "17"
                assert seen.errors == []
        finally:
            job.kill()
            if site is not None:
                site.terminate()
                site.wait(60)


def is_ready(port: int) -> bool:
    try:
        return asked(port, "/healthz")[0] == 200
    except OSError:
        return False
