"""The server's pages as an ASGI application: addresses, files, streams, errors."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pyarrow as pa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from pipeline.clock import Clock
from pipeline.serve import pages
from pipeline.serve.columns import as_arrow
from pipeline.serve.filters import (
    MOST_NAME,
    WrongQuestionError,
    check_parameters,
    filters_of,
)  # fmt: skip
from pipeline.serve.gate import Access, Gate, own_address
from pipeline.serve.openapi import names_of_parameters, openapi
from pipeline.serve.pages import FORMATS, Asked, LivePage, MakesPage
from pipeline.serve.questions import (
    Copy,
    NothingThereError,
    NotReadyError,
    Questions,
    TooSlowError,
)
from pipeline.show.answer import as_file
from pipeline.show.facts import printable
from pipeline.show.render import render_live, stylesheet
from pipeline.show.report.behind import without_formulas
from pipeline.store.codes.codes import names_of_countries, region_name
from pipeline.store.read.query import plain

_MOST_ARRIVED = 20
"""Stories that a page is told of at once; those before are found by looking."""

_QUIET_S = 15.0
"""After so long without a story a stream says that it is there."""

_LOOK_S = 0.5
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "arrow": "application/vnd.apache.arrow.file",
}
_STATIC_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}

PAGES: Mapping[str, MakesPage] = {
    "/": pages.newest,
    "/search": pages.search,
    "/story/{name:path}": pages.story,
    "/entity/{name:path}": pages.entity,
    "/dyad": pages.dyad,
    "/map": pages.world_map,
}
"""Every page by its address."""


@dataclass(slots=True)
class Site:
    """The pages over a copy: at most `most_streams` are told of new stories at once."""

    copy: Copy
    clock: Clock
    access: Access
    most_clients: int = 100
    most_streams: int = 50
    _streams: int = 0
    _list: tuple[int, str] = (-1, "")
    _limiter: anyio.CapacityLimiter | None = None
    _closing: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> ASGIApp:
        """Return the application."""
        routes = [
            *(
                Route(address, partial(self._page, address, make), methods=["GET"])
                for address, make in PAGES.items()
            ),
            Route("/arriving", self._arriving, methods=["GET"]),
            Route("/arriving/list", self._arriving_list, methods=["GET"]),
            Route("/freshness", self._freshness, methods=["GET"]),
            Route("/openapi.json", self._openapi, methods=["GET"]),
            Route("/favicon.ico", _no_icon, methods=["GET"]),
            Route("/healthz", self._healthz, methods=["GET"]),
            Route("/login", self._login, methods=["GET"]),
            Route("/static/{name}", _static, methods=["GET"]),
        ]
        inner = Starlette(
            routes=routes,
            exception_handlers={404: self._missing, 500: self._broken},
        )
        return Gate(inner, self.access, self.most_clients)

    def close(self) -> None:
        """End the streams."""
        self._closing.set()

    async def _asked(self, make: Callable[[], Any]) -> Any:
        """Ask the copy in a thread: as many at once as there are connections."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self.copy.most)
        return await anyio.to_thread.run_sync(make, limiter=self._limiter)

    async def _page(self, address: str, make: MakesPage, request: Request) -> Response:
        given = {name: value for name, value in request.query_params.items() if value}
        form = given.get("format", "html")
        try:
            check_parameters(request.query_params.multi_items(), names_of_parameters(address))
            asked = Asked(
                request.url.path, filters_of(given), given, request.path_params.get("name", "")
            )
            if form not in ("html", *FORMATS):
                raise WrongQuestionError(f"format is one of html, {', '.join(FORMATS)}")
            if len(asked.named) > MOST_NAME:
                raise WrongQuestionError("the name is too long")
            answer: Response = await self._asked(partial(self._answer, make, asked, form))
            return answer
        except WrongQuestionError as error:
            return self._notice(form, 400, "That cannot be asked", f"{error}.")
        except NothingThereError:
            return self._notice(
                form, 404, "Nothing there", "There is nothing of that name that may be shown."
            )
        except TooSlowError:
            return self._notice(
                form, 503, "That takes too long",
                "The answer was given up. Ask for fewer days, or for rarer words.", again_s=10,
            )  # fmt: skip
        except NotReadyError as error:
            state = error.state
            made = "The copy of the lake is being made; this page comes by itself."
            message = state.error or made
            return self._notice(
                form, 503, "One moment", message, again_s=2,
                progress=(state.done, state.total) if state.total and not state.ready else None,
            )  # fmt: skip

    def _answer(self, make: MakesPage, asked: Asked, form: str) -> Response:
        with self.copy.asking() as questions:
            page = make(questions, asked)
            fresh = _freshness_of(questions)
        if form != "html":
            return _file(page, asked, form)
        values = {
            "facts": page.answer.facts,
            "tables": page.answer.tables,
            "filters": asked.filters,
            "fresh": fresh,
            "files_of": partial(_files_of, asked),
            **page.values,
        }
        text = render_live(
            page.template, title=f"{page.title} - Dateline", language=page.language,
            **_helpers(), **values,
        )  # fmt: skip
        return _html(text)

    def _notice(
        self,
        form: str,
        status: int,
        title: str,
        message: str,
        *,
        again_s: int = 0,
        progress: tuple[int, int] | None = None,
        login: str = "",
    ) -> Response:
        headers = {"retry-after": str(again_s)} if again_s else {}
        if form != "html":
            return JSONResponse({"error": title, "message": message}, status, headers)
        text = render_live(
            "live/notice.html.j2", title=title, language="en", message=printable(message),
            again_s=again_s, progress=progress, login=login, **_helpers(),
        )  # fmt: skip
        return _html(text, status, headers)

    async def _missing(self, request: Request, __: Exception) -> Response:
        form = request.query_params.get("format", "html")
        return self._notice(form, 404, "Nothing there", "There is no such page.")

    async def _broken(self, request: Request, __: Exception) -> Response:
        form = request.query_params.get("format", "html")
        return self._notice(form, 500, "Something broke", "The server's log says what.")

    async def _login(self, request: Request) -> Response:
        going = own_address(request.query_params.get("to", ""))
        if self.access.token is None:
            return RedirectResponse(going, 303)
        wrong = "That was not it. " if "wrong" in request.query_params else ""
        message = f"{wrong}Whoever runs this server has the token."
        return self._notice("html", 200, "A token is needed", message, login=going)

    async def _healthz(self, _: Request) -> Response:
        state = await self._asked(self.copy.state)
        return JSONResponse({"ready": state.ready}, 200 if state.ready else 503)

    async def _openapi(self, _: Request) -> Response:
        return JSONResponse(openapi(self.access.token is not None))

    async def _freshness(self, _: Request) -> Response:
        fresh = await self._asked(self._fresh)
        return _html(render_live("live/freshness.html.j2", fresh=fresh))

    def _fresh(self) -> pages.Freshness:
        try:
            with self.copy.asking() as questions:
                return _freshness_of(questions)
        except (NotReadyError, TooSlowError):
            return pages.freshness(self.copy.state(), None, self.clock())

    async def _arriving(self, request: Request) -> Response:
        """Return a stream of new stories, each a row of a list."""
        seq = _number_of(request, "after")

        def arrived() -> str:
            nonlocal seq
            rows, seq = self._arrived(seq)
            rendered = (
                render_live("live/arrived.html.j2", story=one, **_helpers()) for one in rows
            )
            return _event("".join(list(rendered)[::-1]), seq) if rows else ""

        return self._streaming(arrived)

    async def _arriving_list(self, request: Request) -> Response:
        """Return a stream of the first page's list, whole whenever the copy has changed."""
        seen = _number_of(request, "serial")

        def changed() -> str:
            nonlocal seen
            serial, text = self._newest_list()
            if serial == seen:
                return ""
            seen = serial
            return _event(text, serial)

        return self._streaming(changed)

    def _newest_list(self) -> tuple[int, str]:
        """Return the list with the copy's number that it is of: rendered once for all who look."""
        with self.copy.asking() as questions:
            serial = questions.state.serial
            if self._list[0] != serial:
                values = pages.newest_list(questions)
                self._list = (
                    serial, render_live("live/newest_list.html.j2", **_helpers(), **values)
                )  # fmt: skip
            return self._list

    def _streaming(self, ask: Callable[[], str]) -> Response:
        if self._streams >= self.most_streams:
            busy = {"retry-after": "30", "connection": "close"}
            return Response("Too many look at once\n", 503, busy)
        return _Stream(self, self._stream(ask))

    async def _stream(self, ask: Callable[[], str]) -> AsyncIterator[str]:
        yield "retry: 3000\n\n"
        quiet = 0.0
        while not self._closing.is_set():
            try:
                event = await self._asked(ask)
            except (NotReadyError, TooSlowError):
                event = ""
            if event:
                yield event
                quiet = 0.0
            elif quiet >= _QUIET_S:
                yield ": still here\n\n"
                quiet = 0.0
            quiet += _LOOK_S
            try:
                await asyncio.wait_for(self._closing.wait(), _LOOK_S)
            except TimeoutError:
                continue

    def _arrived(self, seq: int | None) -> tuple[list[dict[str, Any]], int]:
        with self.copy.asking() as questions:
            if seq is None:
                (seq,) = questions.connection.execute(
                    "SELECT coalesce(max(seq), 0) FROM arrivals"
                ).fetchone()
            return questions.arrived(int(seq or 0), _MOST_ARRIVED)


class _Stream(StreamingResponse):
    """A stream of events that has its place from its first moment to its last."""

    def __init__(self, site: Site, events: AsyncIterator[str]) -> None:
        headers = {"x-accel-buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._site = site

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._site._streams += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._site._streams -= 1


def _number_of(request: Request, name: str) -> int | None:
    """Return where a stream is to go on: what the client heard last, else what it asks for."""
    given = request.headers.get("last-event-id") or request.query_params.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


def _event(markup: str, seq: int) -> str:
    """Return one message, line by line; no text of a story can end it."""
    lines = "".join(f"data: {line}\n" for line in markup.splitlines() if line.strip())
    return f"id: {seq}\n{lines}\n"


def _freshness_of(questions: Questions) -> pages.Freshness:
    newest, stories = questions.newest_published(), questions.number_of_stories()
    return pages.freshness(questions.state, newest, questions.now, stories)


def _files_of(asked: Asked, name: str) -> list[tuple[str, str]]:
    return [(form, asked.address(format=form, table=name)) for form in FORMATS]


def _helpers() -> dict[str, Any]:
    return {
        "static": static_address,
        "region_name": region_name,
        "country_name": lambda code: names_of_countries().get(code, code),
        "story_address": pages.story_address,
        "entity_address": pages.entity_address,
        "time_words": pages.time_words,
    }


def _html(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        text.encode("utf-8", "replace"), status, dict(headers or {}), "text/html; charset=utf-8"
    )


def _file(page: LivePage, asked: Asked, form: str) -> Response:
    """Return one of the answer's tables as a file, or all of them as JSON."""
    answer = page.answer
    name = asked.given.get("table", "")
    linked = {}
    if answer.more:
        further = asked.address(before=answer.more, format=form, table=name)
        linked = {"link": f'<{further}>; rel="next"'}
    if name and name not in answer.tables:
        raise WrongQuestionError(f"table is one of {', '.join(answer.tables)}")
    if form == "json" and not name:
        facts = {
            **{key: plain(value) for key, value in answer.facts.items()},
            "tables": {key: answer.arrow(key).to_pylist() for key in answer.tables},
            "next": asked.address(before=answer.more, format="json") if answer.more else None,
        }
        return _json(facts, linked)
    name = name or next(iter(answer.tables))
    found = as_arrow(name, answer.tables[name])
    if form == "json":
        return _json(found.to_pylist(), linked)
    if form == "csv":
        found = _harmless(found)
    sink = io.BytesIO()
    as_file(found, form, sink)
    named = {"content-disposition": f'attachment; filename="{name}.{form}"', **linked}
    return Response(sink.getvalue(), headers=named, media_type=_TYPES[form])


def _json(value: object, headers: Mapping[str, str]) -> Response:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return Response(text.encode("utf-8", "replace"), 200, dict(headers), _TYPES["json"])


def _harmless(found: pa.Table) -> pa.Table:
    """Return the table without what a spreadsheet would take for a formula."""
    columns = [
        pa.array([None if one is None else without_formulas(one) for one in column.to_pylist()])
        if pa.types.is_string(column.type) and len(column)
        else column
        for column in found.columns
    ]
    return pa.table(columns, names=found.column_names)


@cache
def _statics() -> Mapping[str, tuple[bytes, str]]:
    """Return the files of the server by the names that they are asked by: each holds its own
    digest."""
    folder = files("pipeline.serve").joinpath("static")
    found = {one.name: one.read_bytes() for one in folder.iterdir() if one.name.endswith(".js")}
    found["page.css"] = stylesheet().encode()
    for script in ("sort.js", "tips.js"):
        found[script] = files("pipeline.show").joinpath(script).read_bytes()
    named = {}
    for name, data in found.items():
        path = Path(name)
        digest = hashlib.sha256(data).hexdigest()[:12]
        named[f"{path.stem}-{digest}{path.suffix}"] = data, _STATIC_TYPES[path.suffix]
    return named


@cache
def static_address(name: str) -> str:
    """Return where a file of the server is: another one, whenever it changes."""
    path = Path(name)
    (found,) = (one for one in _statics() if one.rpartition("-")[0] == path.stem)
    return f"/static/{found}"


async def _no_icon(_: Request) -> Response:
    """Answer browsers, which ask for one unasked and show their users an error without."""
    return Response(status_code=204)


async def _static(request: Request) -> Response:
    found = _statics().get(request.path_params["name"])
    if found is None:
        return Response("Nothing there\n", 404, media_type="text/plain")
    data, kind = found
    return Response(data, headers={"cache-control": "max-age=31536000, immutable"}, media_type=kind)
