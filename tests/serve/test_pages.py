"""`dateline serve` as its readers and its enemies meet it, over HTTP."""

from __future__ import annotations

import csv
import http.client
import io
import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import openapi_spec_validator
import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator

from pipeline.errors import ConfigError
from pipeline.model import Location
from pipeline.serve import pages
from pipeline.serve.app import Site
from pipeline.serve.copy import live_copy
from pipeline.serve.copy.follow import Follower
from pipeline.serve.filters import filters_of
from pipeline.serve.gate import Access, hosts_of, listens_everywhere
from pipeline.serve.questions import Copy, TooSlowError
from pipeline.serve.run_server import check_access, listen, serve, token_of
from pipeline.store import query
from pipeline.store.commit.write import LakeWriter
from tests.show.test_report import AS_OF, HOSTILE, SECRET, a_deed, stories
from tests.support.job import until
from tests.support.rows import a_batch, a_reject, a_story, an_entity, enriched, written

TOKEN = "sixteen letters or more"
EVIL = (
    HOSTILE,
    "</title></script><script>alert(1)</script>",
    "\" onmouseover=alert(1) x='",
    "{{ 9173 * 7 }} {% include 'x' %} ${9173*7}",
    "javascript:alert(1)",
    "data: x\n\nevent: evil\rid: 9\n\n",
    "<img src=x onerror=alert(1)>",
    "\u202egnp.exe\u2066\x00\x1b[31m",
    "<svg/onload=alert(1)>" * 50,
    "外交部发言人说 שלום عالم",
    "' OR 1=1 --",
    "../../etc/passwd?a=b#c&d",
)


@dataclass(slots=True)
class Running:
    """A site that answers, over a lake at a moment that a test may move."""

    site: Site
    follower: Follower
    writer: LakeWriter
    port: int
    now: list[datetime] = field(default_factory=lambda: [AS_OF])

    def get(
        self, address: str, method: str = "GET", body: str | None = None, **headers: str
    ) -> tuple[int, str, Mapping[str, str]]:
        status, data, told = self.raw(address, method, body, **headers)
        return status, data.decode("utf-8"), told

    def raw(
        self, address: str, method: str = "GET", body: str | None = None, **headers: str
    ) -> tuple[int, bytes, Mapping[str, str]]:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, address, body, given)
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            connection.close()

    def json(self, address: str) -> Any:
        mark = "&" if "?" in address else "?"
        status, text, _ = self.get(f"{address}{mark}format=json")
        assert status == 200, text
        return json.loads(text)

    def sql(self, text: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = query(
            self.follower.lake_url, None, text, self.now[0]
        ).to_pylist()
        return rows


def hostile_stories() -> list[Any]:
    return [
        enriched(
            a_story(20 + n, headline=text, provider=text[:40], paragraphs=(f"{text} said.",)),
            entities=(an_entity(text),),
            events=(a_deed(sentence=text),),
        )
        for n, text in enumerate(EVIL)
    ]


def running(tmp: Path, token: str | None = None, **limits: Any) -> Iterator[Running]:
    lake = tmp / "lake"
    writer = written(lake, a_batch([*stories(), *hostile_stories()], [a_reject(7)]))
    follower = Follower(tmp / "copy.sqlite", str(lake))
    follower.refresh(AS_OF)
    now = [AS_OF]
    copy = Copy(tmp / "copy.sqlite", lambda: now[0], most_s=limits.pop("most_s", 30.0))
    site = Site(copy, lambda: now[0], Access(hosts_of("127.0.0.1", ()), token), **limits)
    listener = listen("127.0.0.1", 0)
    started = threading.Event()
    thread = threading.Thread(
        target=serve, args=(site, listener), kwargs={"started": started.set}, daemon=True
    )
    thread.start()
    assert started.wait(60)
    yield Running(site, follower, writer, listener.getsockname()[1], now)
    follower.close()
    writer.close()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from running(tmp_path_factory.mktemp("live"))


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Running]:
    """One that a test may change."""
    yield from running(tmp_path)


def addresses(live: Running) -> list[str]:
    """Every page of the lake: of each story, each name, each pair."""
    ids = [row["revision_id"] for row in live.sql("SELECT revision_id FROM current")]
    named = ["PERSON:Ann Example", *(f"PERSON:{text}" for text in EVIL if "\n" not in text)]
    return [
        *("/", "/search", "/search?q=said", "/search?q=%22%3Cscript%3E%22&country=ARM", "/map"),
        *(f"/search?q={quote(text[:99])}" for text in EVIL),
        *("/map?from=2026-03-04&to=2026-03-04", "/dyad?source=ARM&target=GEO"),
        "/dyad?source=Armenia&target=Georgia",
        *(f"/story/{one}" for one in ids),
        *(f"/entity/{quote(one, safe='')}" for one in named),
    ]


class _Seen(HTMLParser):
    """Collects what could run, load or send something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.handlers: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.handlers.append(f"{tag} {name}")
            elif name in ("src", "action", "hx-get", "hx-sse:connect", "srcset", "data"):
                self.loads.append(value or "")
            elif name == "href":
                (self.loads if tag == "link" else self.links).append(value or "")
            elif name == "id":
                self.ids.append(value or "")


def test_no_story_gets_out_of_its_place_on_any_page(live: Running) -> None:
    """Hostile headlines, names and providers are text on every page, whatever they hold."""
    for address in addresses(live):
        status, text, headers = live.get(address)
        assert status == 200, (address, text)
        page = _Seen()
        page.feed(text)
        assert page.handlers == [], address
        assert page.tags.count("script") == 4, address
        assert not {"img", "iframe", "object", "embed", "base"} & set(page.tags), address
        assert all(one.startswith("/") and not one.startswith("//") for one in page.loads), address
        assert all(one.startswith(("/", "#")) for one in page.links), address
        assert not any(one.startswith("//") for one in page.links), address
        assert len(page.ids) == len(set(page.ids)), address
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x1b]", text), address
        assert "64211" not in text, address
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'")


def test_what_may_not_be_shown_is_nowhere(live: Running) -> None:
    """In no page, file, stream or search; not even that it is there."""
    held_back = live.follower
    assert held_back.connection is not None
    hidden = [
        str(row[0])
        for row in held_back.connection.execute(
            "SELECT revision_id FROM revisions WHERE revision_id NOT IN"
            " (SELECT revision_id FROM stories)"
        )
    ]
    assert len(hidden) >= 4
    for address in addresses(live):
        for form in ("html", "json", "csv"):
            mark = "&" if "?" in address else "?"
            text = live.get(f"{address}{mark}format={form}")[1]
            assert SECRET not in text, address
            assert not any(one in text for one in hidden), address
    for one in (*hidden, "k"):
        assert live.get(f"/story/{one}")[0] == 404
    assert live.json(f"/search?q={quote(SECRET)}")["found"] == 0


def test_figures_are_those_of_sql(live: Running) -> None:
    deeds = "NOT negated AND NOT hypothetical AND NOT coalesce(historical, false)"
    front, told = live.json("/"), live.json("/map")
    (n,) = live.sql("SELECT count(*) AS n FROM current")
    (events,) = live.sql(f"SELECT count(*) AS n FROM current_events WHERE {deeds}")
    assert front["stories"] == told["stories"] == n["n"]
    assert front["events"] == told["events"] == events["n"]
    lake = live.sql(
        "SELECT country, count(*) AS n FROM (SELECT unnest(countries) AS country FROM current)"
        " GROUP BY ALL"
    )
    assert {row["country"]: row["stories"] for row in told["tables"]["countries"]} == {
        row["country"]: row["n"] for row in lake
    }
    lake = live.sql(
        "SELECT source_country AS a, target_country AS b, count(*) AS n FROM current_events"
        f" WHERE {deeds} AND source_country IS NOT NULL AND target_country IS NOT NULL GROUP BY ALL"
    )
    assert {
        (row["source"], row["target"]): row["events"] for row in told["tables"]["between-countries"]
    } == {(row["a"], row["b"]): row["n"] for row in lake}
    day = "2026-03-03"
    (n,) = live.sql(f"SELECT count(*) AS n FROM current WHERE date = DATE '{day}'")
    assert live.json(f"/map?from={day}&to={day}")["stories"] == n["n"]
    assert live.json(f"/search?from={day}&to={day}")["found"] == n["n"]


@pytest.mark.parametrize(
    ("asked", "condition"),
    [
        ("country=ARM", "list_contains(countries, 'ARM')"),
        ("country=JPN", "list_contains(countries, 'JPN')"),
        ("region=eastern-asia", "region = 'eastern-asia'"),
        ("provider=AFP", "provider = 'AFP'"),
        ("q=visited", "body ILIKE '%visited%'"),
        ("q=visited+-wednesday", "body ILIKE '%visited%' AND body NOT ILIKE '%wednesday%'"),
        ("q=VISIT*&country=ARM", "(body || headline) ILIKE '%visit%'"
         " AND list_contains(countries, 'ARM')"),
        ("q=%E5%A4%96%E4%BA%A4%E9%83%A8", "contains(headline, '外交部')"),
        ("to=2026-03-03", "date <= DATE '2026-03-03'"),
        ("act=accuse", "revision_id IN (SELECT revision_id FROM current_events"
         " WHERE root = 'ACCUSE' AND NOT negated)"),
        ("entity=PERSON:Ann%20Example", "revision_id IN (SELECT revision_id FROM current_entities"
         " WHERE name = 'Ann Example')"),
    ],
)  # fmt: skip
def test_a_search_finds_what_sql_finds(live: Running, asked: str, condition: str) -> None:
    lake = live.sql(f"SELECT revision_id FROM current WHERE {condition}")
    found = live.json(f"/search?{asked}")
    assert {row["revision_id"] for row in found["tables"]["stories"]} == {
        row["revision_id"] for row in lake
    }
    assert found["found"] == len(lake)


def test_a_story_of_any_year_is_shown(own: Running) -> None:
    """Dates that no wire means, at both ends of what there can be, stop nobody."""
    for at, year in ((32, 1), (33, 1500), (34, 2999), (35, 9999)):
        day = datetime(year, 12, 31, 23, 59, tzinfo=UTC)
        own.writer.write(a_batch([enriched(a_story(at, headline=f"In {year}", published_at=day))]))
    own.follower.refresh(AS_OF)
    found = [row["headline"] for row in own.json("/search?limit=200")["tables"]["stories"]]
    assert {"In 1", "In 1500", "In 2999", "In 9999"} <= set(found)
    for asked in ("from=9999-12-31", "to=0001-01-01", "from=0001-01-01&to=9999-12-31"):
        assert own.get(f"/search?{asked}")[0] == 200
        assert own.get(f"/map?{asked}")[0] == 200
        assert own.get(f"/dyad?source=ARM&target=GEO&{asked}")[0] == 200
    for address in (
        "/",
        "/map",
        "/entity/PERSON:Ann%20Example",
        "/dyad?source=Armenia&target=Georgia",
    ):
        assert own.get(address)[0] == 200


def test_pages_of_a_search_meet_without_a_gap(live: Running) -> None:
    address, seen = "/search?limit=3", []
    while address:
        told = live.json(address)
        seen += [row["revision_id"] for row in told["tables"]["stories"]]
        address = (told["next"] or "").replace("format=json", "").rstrip("&?")
    lake = [row["revision_id"] for row in live.sql("SELECT revision_id FROM current")]
    assert sorted(seen) == sorted(lake)


def test_every_table_is_a_file(live: Running) -> None:
    for address in ("/", "/search", "/map", "/dyad?source=ARM&target=GEO"):
        for name, rows in live.json(address)["tables"].items():
            mark = "&" if "?" in address else "?"
            file = f"{address}{mark}table={name}&format="
            assert json.loads(live.get(f"{file}json")[1]) == rows
            arrow = pa.ipc.open_file(pa.BufferReader(live.raw(f"{file}arrow")[1])).read_all()
            assert arrow.to_pylist() == rows
            told = list(csv.DictReader(io.StringIO(live.get(f"{file}csv")[1])))
            assert len(told) == len(rows)
            assert not any(str(one).startswith(("=", "@")) for row in told for one in row.values())


def test_the_description_is_of_what_there_is(live: Running) -> None:
    told = json.loads(live.get("/openapi.json")[1])
    openapi_spec_validator.validate(told)
    assert {"/arriving", "/openapi.json", "/healthz"} < set(told["paths"])
    for address, one in told["paths"].items():
        names = {p["name"]: p for p in one["get"].get("parameters", ())}
        if "table" not in names:
            told_as = stream(live, address)
            kind = str(told_as.headers["content-type"]).partition(";")[0]
            assert told_as.status == 200
            assert kind in one["get"]["responses"]["200"]["content"], address
            continue
        story = live.sql("SELECT revision_id FROM current LIMIT 1")[0]["revision_id"]
        asked = address.replace("{id}", story if "story" in address else "PERSON:Ann%20Example")
        given = "?source=ARM&target=GEO" if "source" in names else ""
        whole = live.json(asked + given)
        schema = one["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        rooted = {"components": told["components"], **schema["anyOf"][0]}
        Draft202012Validator(rooted).validate(whole)
        assert set(whole) == set(schema["anyOf"][0]["properties"]), address
        tables = whole["tables"]
        assert list(tables) == names["table"]["schema"]["enum"], address
        for name, rows in tables.items():
            columns = list(told["components"]["schemas"][name]["properties"])
            assert all(list(row) == columns for row in rows)


@pytest.mark.parametrize(
    "address",
    [
        *("/search?from=tomorrow", "/search?from=2026-03-04&to=2026-03-03", "/search?country=XXX"),
        *("/search?limit=201", "/search?limit=0", "/search?limit=1e3", "/search?before=-1"),
        *("/search?act=DANCE", "/search?q=" + "x" * 301, "/search?q=-only", "/?format=xml"),
        *("/?table=secrets&format=csv", "/search?q=" + "+".join("abcdefg" * 5), "/search?region=x"),
        *("/search?language=%00", "/search?contry=ARM", "/map?country=ARM", "/search?q=a&q=b"),
        *("/entity/x?from=2026-03-04", "/dyad?source=ARM&target=GEO&act=DANCE", "/?utm=1"),
        *("/dyad", "/dyad?source=ARM", "/dyad?source=ARM&target=%20"),
    ],
)
def test_what_cannot_be_asked_is_said(live: Running, address: str) -> None:
    status, text, headers = live.get(address)
    assert status == 400, text
    assert "cannot be asked" in text
    assert "content-security-policy" in headers


@pytest.mark.parametrize(
    "address",
    [
        *("/story/nothing", "/entity/nothing", "/dyad?source=A&target=B", "/nowhere"),
        *("/static/../app.py", "/static/page.css", "/story/", "/entity/%00", "/story/%2e%2e%2f"),
    ],
)
def test_what_is_not_there_is_not_found(live: Running, address: str) -> None:
    assert live.get(address)[0] == 404


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost:80x", "", "[::1", "localhost@evil"],
)
def test_a_strangers_name_gets_no_answer(live: Running, host: str) -> None:
    status, text, _ = live.get("/", Host=host)
    assert status in (400, 421)
    assert "visits" not in text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8484", "127.0.0.1", "[::1]:8484"])
def test_this_machine_is_known(live: Running, host: str) -> None:
    assert live.get("/healthz", Host=host)[0] == 200


@pytest.mark.parametrize(
    ("listens_on", "known", "unknown"),
    [
        ("127.0.0.1", ("localhost",), ("192.0.2.7", "[2001:db8::7]", "7.example")),
        ("192.0.2.7", ("192.0.2.7:8484", "localhost"), ("192.0.2.8", "7.example")),
        (
            "0.0.0.0",
            ("192.0.2.7:8484", "[2001:db8::7]", socket.gethostname(), "news.example"),
            ("192.0.2.7.example", "7.example", "192.0.2", "[evil.example]"),
        ),
    ],
)
def test_an_address_in_numbers_is_no_strangers_name(
    listens_on: str, known: tuple[str, ...], unknown: tuple[str, ...]
) -> None:
    """A server on every address of its machine is asked by any of them; names have to be known."""
    hosts = hosts_of(listens_on, ("news.example",))
    access = Access(hosts, "a token of some length", listens_everywhere(listens_on))
    assert all(access.knows_host(host) for host in known)
    assert not any(access.knows_host(host) for host in unknown)


@pytest.mark.parametrize("form", ["json", "csv", "arrow"])
def test_what_is_wrong_is_said_to_programs_too(live: Running, form: str) -> None:
    """Whatever form was asked for: what was meant is named, and the answer is JSON."""
    for address, told in (
        ("/search?region=western-asie", "western-asia"),
        ("/search?from=2026-03-05&to=2026-03-01", "the last day is before the first"),
        ("/dyad?source=ARM", "both source and target"),
        ("/map?from=2026-02-30", "from is no day"),
    ):
        status, text, headers = live.get(f"{address}&format={form}")
        assert (status, headers["content-type"]) == (400, "application/json")
        assert told in json.loads(text)["message"]


def test_the_footer_counts_stories_and_not_their_revisions(own: Running) -> None:
    before = own.json("/")["stories"]
    later = AS_OF - timedelta(minutes=1)
    for n in (1, 2):
        story = a_story(31 + n, story_id="told twice", version=n, version_time=later)
        own.writer.write(a_batch([enriched(story)]))
    own.follower.refresh(AS_OF)
    told = own.json("/")["stories"]
    assert told == before + 1
    assert f"<span>{told} stories</span>" in own.get("/")[1]
    assert f"<span>{told} stories</span>" in own.get("/freshness")[1]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_written(live: Running, method: str) -> None:
    assert live.get("/search", method)[0] == 405


def test_an_address_has_an_end(live: Running) -> None:
    assert live.get("/search?" + "a=b&" * 2000)[0] == 414


def test_a_question_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    for one in running(tmp_path):
        assert one.get("/")[0] == 200
        copy = Copy(tmp_path / "copy.sqlite", lambda: AS_OF, most_s=0.2)
        begun = time.monotonic()
        with pytest.raises(TooSlowError), copy.asking() as questions:
            questions.connection.execute(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
                " SELECT count(*) FROM n"
            ).fetchone()
        assert time.monotonic() - begun < 30
        with copy.asking() as questions:  # the connection is free and whole again
            assert questions.newest().facts["stories"] > 0
        copy.close()


def test_every_figure_leads_to_what_it_counts(own: Running) -> None:
    """A number that is a link leads to as many stories, or to as many events."""
    place = Location("city", 616052, 40.2, 44.5)
    own.writer.write(
        a_batch(
            [
                enriched(
                    a_story(32),
                    events=(a_deed(place="Yerevan", place_country="ARM", place_location=place),),
                )
            ]
        )
    )
    own.follower.refresh(AS_OF)
    followed: Counter[str] = Counter()
    for address in (
        *("/", "/map", "/map?from=2026-03-04", "/entity/PERSON:Ann%20Example"),
        *("/dyad?source=ARM&target=GEO", "/dyad?source=Armenia&target=Georgia&to=2026-03-03"),
    ):
        text = own.get(address)[1]
        for leading, n in re.findall(
            r'<td class="number"><a href="([^"]+)" dir="auto">(\d+)</a>', text
        ):
            to = leading.replace("&amp;", "&")
            told = own.json(to)
            if to.startswith("/search") and "place=" not in to:
                assert told["found"] == int(n), (address, to)
            elif to.startswith("/search"):
                assert told["found"] == 1
            else:
                asked = dict(parse_qsl(urlsplit(to).query))
                key = "_country" if told["by_country"] else ""
                events = [
                    row
                    for row in told["tables"]["events"]
                    if row[f"source{key}"] == asked["source"]
                ]
                assert len(events) == int(n), (address, to)
            followed[to.partition("?")[0]] += 1
    assert followed["/search"] > 15
    assert followed["/dyad"] > 8


@pytest.mark.parametrize(
    ("asked", "n", "near"),
    [
        ("Ann Example", 1, []),
        ("ann example", 1, []),
        ("exam", 0, ["Ann Example"]),
        ("EXAMPLE ann", 0, ["Ann Example"]),
        ("Nobody at all", 0, []),
        ("\"'*(", 0, []),
    ],
)
def test_a_name_is_found_as_people_write_it(
    live: Running, asked: str, n: int, near: list[str]
) -> None:
    told = live.json(f"/search?entity={quote(asked)}")
    assert bool(told["found"]) == bool(n)
    assert [row["name"] for row in told["tables"]["names"]] == near
    text = live.get(f"/search?entity={quote(asked)}")[1]
    assert ("Did you mean" in text) == bool(near)


def test_what_a_killed_story_said_of_names_goes_with_it(own: Running) -> None:
    """Of a name that others tell of its last role; of one that nobody else does, nothing."""
    secret = an_entity("Zoe Hidden")
    sacked = an_entity("Ann Example", role="sacked minister")
    story = a_story(32, story_id="to-be-killed", headline="Killed later")
    own.writer.write(a_batch([enriched(story, entities=(secret, sacked))]))
    own.follower.refresh(AS_OF)
    assert own.get("/entity/PERSON:Zoe%20Hidden")[0] == 200
    assert own.json("/entity/PERSON:Ann%20Example")["role"] == "sacked minister"
    kill = a_story(33, story_id="to-be-killed", version=2, status="canceled", headline="KILL")
    own.writer.write(a_batch([enriched(kill)]))
    own.follower.refresh(AS_OF)
    assert own.get("/entity/PERSON:Zoe%20Hidden")[0] == 404
    assert own.json("/entity/PERSON:Ann%20Example")["role"] is None
    assert own.json("/search?entity=zoe")["tables"]["names"] == []
    for address in ("/search?entity=PERSON:Zoe%20Hidden", "/search?entity=PERSON:Zoe%20Hidden&q=a"):
        assert own.json(address)["entity"] is None
    assert own.follower.connection is not None
    assert "Zoe" not in "\n".join(own.follower.connection.iterdump())


def test_the_list_is_sent_whole_whenever_it_changes(own: Running) -> None:
    """A correction takes the place of what it corrects, a kill takes away."""
    serial = re.findall(r"/arriving/list\?serial=(\d+)", own.get("/")[1])[0]
    answer = stream(own, f"/arriving/list?serial={serial}")
    for at, headline in ((32, "First told"), (33, "Corrected")):
        story = a_story(at, story_id="f", version=at, headline=headline)
        own.writer.write(a_batch([enriched(story)]))
        own.follower.refresh(AS_OF)
        told = "".join(message(answer))
        assert headline in told
    assert "First told" not in told
    kill = a_story(34, story_id="f", version=99, status="canceled", headline="KILL")
    own.writer.write(a_batch([enriched(kill)]))
    own.follower.refresh(AS_OF)
    told = "".join(message(answer))
    assert "Corrected" not in told
    assert "visits" in told
    assert SECRET not in told


@pytest.mark.long
def test_silent_clients_take_nobodys_place(live: Running) -> None:
    """Five hundred connections that ask nothing, and one that does."""
    silent = [socket.create_connection(("127.0.0.1", live.port)) for _ in range(500)]
    try:
        assert live.get("/")[0] == 200
    finally:
        for one in silent:
            one.close()


@pytest.mark.long
def test_who_does_not_read_is_let_go_and_holds_up_nobody(tmp_path: Path) -> None:
    for one in running(tmp_path, most_clients=5):
        deaf = []
        for _ in range(12):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.connect(("127.0.0.1", one.port))
            connection.sendall(b"GET /map HTTP/1.1\r\nHost: localhost\r\n\r\n" * 40)
            deaf.append(connection)
        # Only while theirs are made there may be no place: that nobody reads them takes none.
        until(lambda one=one: one.get("/search")[0] == 200, 60)
        for connection in deaf:
            connection.close()


@pytest.mark.long
def test_a_slow_client_stops_nobody(live: Running) -> None:
    """Twenty that send a header and no end, and one that is answered."""
    slow = []
    for _ in range(20):
        one = socket.create_connection(("127.0.0.1", live.port))
        one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        slow.append(one)
    assert live.get("/")[0] == 200
    slow[0].settimeout(120)
    assert slow[0].recv(1000) == b""  # let go
    for one in slow:
        one.close()


def test_a_token_is_asked_for(tmp_path: Path) -> None:
    for one in running(tmp_path, token=TOKEN):
        for address in (
            "/",
            "/search",
            "/map",
            "/arriving",
            "/openapi.json",
            "/freshness",
            "/story/k",
        ):
            status, text, _ = one.get(address)
            assert status == 401, address
            assert "Armenia" not in text
        assert one.get("/", Authorization="Bearer wrong")[0] == 401
        assert one.get("/", Authorization=f"Bearer {TOKEN}")[0] == 200
        assert one.get("/", Accept="text/html")[0] == 303
        assert "password" in one.get("/login")[1]
        given = "token=" + quote(TOKEN)
        assert one.get("/login", "POST", "token=wrong")[2]["location"] == "/login?wrong=1"
        # Who was sent a link comes to what it names, and nowhere else.
        wanted = "/search?q=two+words&country=ARM"
        sent = one.get(wanted, Accept="text/html")[2]["location"]
        assert sent == f"/login?to={quote(wanted, safe='')}"
        assert f'value="{escape(wanted)}"' in one.get(sent)[1]
        form = f"to={quote(wanted, safe='')}"
        assert one.get("/login", "POST", f"{given}&{form}")[2]["location"] == wanted
        assert one.get("/login", "POST", f"token=no&{form}")[2]["location"].endswith(form)
        for elsewhere in ("//evil.example", "https://evil.example", "/\\evil", "/a\r\nX: y"):
            form = f"{given}&to={quote(elsewhere, safe='')}"
            assert one.get("/login", "POST", form)[2]["location"] == "/", elsewhere
        secure = one.get("/login", "POST", given, X_Forwarded_Proto="https")[2]["set-cookie"]
        assert "Secure" in secure
        assert one.get("/login", "POST", given, Origin="http://evil.example")[0] == 403
        cookie = one.get("/login", "POST", given)[2]["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie
        assert TOKEN not in cookie
        assert one.get("/", Cookie=cookie.partition(";")[0])[0] == 200
        assert one.get("/", Cookie="dateline=x")[0] == 401


def test_beyond_this_machine_it_needs_a_token_or_a_proxy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="beyond this machine"):
        check_access("0.0.0.0", None, False)
    check_access("0.0.0.0", TOKEN, False)
    check_access("192.0.2.1", None, True)
    check_access("127.0.0.1", None, False)
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert token_of(None, file) == TOKEN
    file.write_text("short")
    with pytest.raises(ConfigError, match="16 characters"):
        token_of(None, file)
    with pytest.raises(ConfigError, match="cannot be read"):
        token_of(None, tmp_path / "none")


def stream(live: Running, address: str = "/arriving") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=60)
    connection.request("GET", address)
    return connection.getresponse()


def message(answer: http.client.HTTPResponse) -> list[str]:
    lines: list[str] = []
    while True:
        line = answer.readline().decode("utf-8").rstrip("\r\n")
        if line:
            lines.append(line)
        elif lines:
            if lines[0].startswith(("id:", "data:")):
                return lines
            lines = []


def test_new_stories_arrive_and_no_story_can_end_a_message(own: Running) -> None:
    answer = stream(own)
    assert answer.status == 200
    answer.readline()
    own.writer.write(
        a_batch(
            [
                enriched(a_story(40, headline="Came\n\nevent: evil\rdata: x\u2028y")),
                enriched(a_story(41, headline=SECRET, embargo_until=AS_OF + timedelta(days=1))),
            ],
            spans={"cluster/topic/0": (32, 42)},
        )
    )
    own.follower.refresh(AS_OF)
    lines = message(answer)
    assert lines[0].startswith("id: ")
    assert all(line.startswith("data: ") for line in lines[1:])
    assert "Came" in "".join(lines)
    assert SECRET not in "".join(lines)
    # Who comes back with the last id is told of nothing twice.
    again = stream(own, f"/arriving?after={lines[0].removeprefix('id: ')}")
    own.writer.write(a_batch([enriched(a_story(42, headline="Second"))]))
    own.follower.refresh(AS_OF)
    told = "".join(message(again))
    assert "Second" in told
    assert "Came" not in told


def test_so_many_streams_and_no_more(tmp_path: Path) -> None:
    for one in running(tmp_path, most_streams=2):
        held = [stream(one) for _ in range(2)]
        for answer in held:
            answer.readline()
        assert one.get("/arriving")[0] == 503
        assert one.get("/")[0] == 200


def test_an_embargo_that_ended_is_waited_for_and_never_skipped(own: Running) -> None:
    """Between its end and the copy's next step a page is refused, not wrong."""
    assert own.get("/")[0] == 200
    own.now[0] = AS_OF + timedelta(hours=2)
    status, text, headers = own.get("/")
    assert status == 503
    assert headers["retry-after"] == "2"
    assert SECRET not in text
    own.follower.refresh(own.now[0])
    status, text, _ = own.get("/")
    assert status == 200
    assert SECRET in text


def test_a_story_has_its_revisions_and_what_changed(own: Running) -> None:
    for at, (version, body) in enumerate(((1, "Five people died."), (2, "Six people died.")), 40):
        story = a_story(
            at, story_id="f", version=version, headline=f"Take {version}",
            paragraphs=("The same.", body, "And the same."),
        )  # fmt: skip
        own.writer.write(
            a_batch([enriched(story)], spans={story.source: (at - 8 * (at == 40), at + 1)})
        )
    own.follower.refresh(AS_OF)
    text = own.get("/story/f")[1]
    assert "<del>Five</del><ins>Six</ins> people died." in text
    assert "<del>1</del><ins>2</ins>" in text
    revisions = own.json("/story/f")["tables"]["revisions"]
    assert [row["is_current"] for row in revisions] == [True, False]
    older = revisions[1]["revision_id"]
    text = own.get(f"/story/{older}")[1]
    assert "This is an earlier revision" in text
    assert own.get(f"/story/f?old={older}&new={older}")[0] == 200
    assert own.get("/story/f?old=nothing&new=")[0] == 200


def test_a_copy_that_is_being_made_says_how_far_it_is(tmp_path: Path) -> None:
    for one in running(tmp_path):
        connection = one.follower.connection
        assert connection is not None
        before = live_copy.state(connection)
        live_copy.remember(connection, replace(before, ready=False, done=10, total=40))
        status, text, _ = one.get("/")
        assert status == 503
        assert "10 of 40 stories" in text
        assert one.get("/healthz")[0] == 503


def test_an_empty_lake_has_pages(tmp_path: Path) -> None:
    written(tmp_path / "lake", a_batch([], [a_reject(0)])).close()
    follower = Follower(tmp_path / "c.sqlite", str(tmp_path / "lake"))
    follower.refresh(AS_OF)
    copy = Copy(tmp_path / "c.sqlite", lambda: AS_OF)
    site = Site(copy, lambda: AS_OF, Access(hosts_of("127.0.0.1", ())))
    for address, make in (
        ("/", pages.newest),
        ("/search", pages.search),
        ("/map", pages.world_map),
    ):
        asked = pages.Asked(address, filters_of({}), {})
        assert site._answer(make, asked, "html").status_code == 200
    follower.close()
