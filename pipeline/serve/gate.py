"""Who may ask what: the gate before every page. Nothing here reads the copy.

A page on this machine can be reached by any page that its user's browser shows: the Host header is
checked, so that no stranger's name that resolves to this machine (DNS rebinding) gets an answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
COOKIE = "dateline"

_MOST_ADDRESS = 4000
"""Bytes of path and query."""

_MOST_SEND_S = 30.0
"""A client that has read nothing of its answer for so long is let go."""

_MOST_FORM = 10_000
_OPEN = ("/login", "/static/", "/healthz", "/favicon.ico")
"""What needs no token: it tells nothing of the lake."""

HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
        " img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""With every answer."""


@dataclass(frozen=True, slots=True)
class Access:
    """Says who may look: under which host names, with which token (None: whoever reaches it).

    `by_address` lets in whoever asks for any address in numbers: no stranger's name is among them.
    """

    hosts: frozenset[str]
    token: str | None = None
    by_address: bool = False

    def knows_host(self, given: str) -> bool:
        """Say whether a Host header names this server."""
        host = given.strip().lower()
        if host.startswith("["):
            name, bracket, rest = host[1:].partition("]")
            is_port = bracket and (not rest or (rest.startswith(":") and rest[1:].isdigit()))
            return bool(is_port) and self._knows(name)
        name, colon, port = host.partition(":")
        return (not colon or port.isdigit()) and self._knows(name.rstrip("."))

    def _knows(self, name: str) -> bool:
        return name in self.hosts or (self.by_address and _is_address(name))

    def cookie(self) -> str:
        """Return what a browser keeps for the token, from which the token does not follow."""
        return hashlib.sha256(f"dateline-cookie:{self.token}".encode()).hexdigest()

    def lets_in(self, headers: Headers) -> bool:
        """Say whether a request bears the token."""
        if self.token is None:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _same(given.strip(), self.token):
            return True
        kept = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        return _same(kept, self.cookie())

    def is_token(self, given: str) -> bool:
        """Say whether this is the token."""
        return self.token is not None and _same(given, self.token)


def listens_everywhere(host: str) -> bool:
    """Say whether a server on `host` is reached by every address of its machine."""
    return host in ("0.0.0.0", "::")  # noqa: S104 (asked about, not listened on)


def hosts_of(listens_on: str, others: Iterable[str]) -> frozenset[str]:
    """Return the names that the server is reached by: this machine's own, and those configured."""
    own = socket.gethostname() if listens_everywhere(listens_on) else listens_on
    return LOOPBACK | {own.lower()} | {one.lower() for one in others}


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def own_address(given: str) -> str:
    """Return an address of this server that somebody wants to go on to; else the first page's."""
    is_own = given.startswith("/") and not given.startswith(("//", "/\\", "/login"))
    return given if is_own and given.isascii() and given.isprintable() else "/"


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


@dataclass(slots=True)
class Gate:
    """Answers what may not pass itself, and puts the headers on whatever goes out."""

    app: ASGIApp
    access: Access
    most_clients: int
    _inside: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        entered: list[bool] = []

        def leave() -> None:
            # Once the answer is made: how long a client takes to read it is no matter of others.
            if entered:
                entered.clear()
                self._inside -= 1

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
                leave()
            try:
                await asyncio.wait_for(send(message), _MOST_SEND_S)
            except TimeoutError:
                raise ConnectionError("the client does not read") from None

        refused = self._refused(scope)
        if refused is not None:
            await refused(scope, receive, guarded)
            return
        self._inside += 1
        entered.append(True)
        try:
            if scope["path"] == "/login" and scope["method"] == "POST":
                await (await self._login(scope, receive))(scope, receive, guarded)
            else:
                await self.app(scope, receive, guarded)
        finally:
            leave()

    def _refused(self, scope: Scope) -> Response | None:  # noqa: PLR0911 (one a reason)
        headers = Headers(scope=scope)
        if not self.access.knows_host(headers.get("host", "")):
            return PlainTextResponse(
                "This server is not known by that name: see serve.hosts in docs/serve.md\n", 421
            )
        if scope["method"] not in ("GET", "HEAD") and scope["path"] != "/login":
            return PlainTextResponse("This server is read only\n", 405, {"allow": "GET, HEAD"})
        if len(scope["raw_path"]) + len(scope["query_string"]) > _MOST_ADDRESS:
            return PlainTextResponse("The address is too long\n", 414)
        if self._inside >= self.most_clients:
            return PlainTextResponse(
                "Too many look at once\n", 503, {"retry-after": "2", "connection": "close"}
            )
        if scope["path"].startswith(_OPEN) or self.access.lets_in(headers):
            return None
        if "text/html" in headers.get("accept", ""):
            going = scope["raw_path"].decode("ascii", "replace")
            if scope["query_string"]:
                going += "?" + scope["query_string"].decode("ascii", "replace")
            asked = f"?{urlencode({'to': going})}" if own_address(going) not in ("/", "") else ""
            return RedirectResponse(f"/login{asked}", 303)
        return PlainTextResponse("A token is needed\n", 401, {"www-authenticate": "Bearer"})

    async def _login(self, scope: Scope, receive: Receive) -> Response:
        origin = Headers(scope=scope).get("origin")
        if origin is not None and not self.access.knows_host(origin.partition("://")[2]):
            return PlainTextResponse("Another page may not log in here\n", 403)
        body = b""
        while len(body) <= _MOST_FORM:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        given = parse_qs(body[:_MOST_FORM].decode("utf-8", "replace"))
        going = own_address(given.get("to", [""])[0])
        if not self.access.is_token(given.get("token", [""])[0]):
            again = {"wrong": 1} if going == "/" else {"wrong": 1, "to": going}
            return RedirectResponse(f"/login?{urlencode(again)}", 303)
        answer = RedirectResponse(going, 303)
        # Lax, so that a link in a mail opens what it names: nothing here is changed by a request.
        answer.set_cookie(
            COOKIE, self.access.cookie(), httponly=True, samesite="lax", path="/",
            secure=Headers(scope=scope).get("x-forwarded-proto") == "https",
        )  # fmt: skip
        return answer
