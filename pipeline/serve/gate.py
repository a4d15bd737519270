"""Who may ask what: the gate before every page. Nothing here reads the copy.

A page on this machine can be reached by any page that its user's browser shows: the Host header is
checked, so that no stranger's name that resolves to this machine (DNS rebinding) gets an answer.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
COOKIE = "dateline"

_MOST_ADDRESS = 4000
"""Bytes of path and query."""

_MOST_FORM = 1000
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
    """Says who may look: under which host names, with which token (None: whoever reaches it)."""

    hosts: frozenset[str]
    token: str | None = None

    def knows_host(self, given: str) -> bool:
        """Say whether a Host header names this server."""
        host = given.strip().lower()
        if host.startswith("["):
            name, bracket, rest = host[1:].partition("]")
            is_port = bracket and (not rest or (rest.startswith(":") and rest[1:].isdigit()))
            return bool(is_port) and name in self.hosts
        name, colon, port = host.partition(":")
        return (not colon or port.isdigit()) and name.rstrip(".") in self.hosts

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


def hosts_of(listens_on: str, others: Iterable[str]) -> frozenset[str]:
    """Return the names that the server is reached by: this machine's own, and those configured."""
    own = {listens_on.lower()} - {"0.0.0.0", "::"}  # noqa: S104 (left out, not listened on)
    return LOOPBACK | own | {one.lower() for one in others}


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

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refused = self._refused(scope)
        if refused is not None:
            await refused(scope, receive, guarded)
            return
        self._inside += 1
        try:
            if scope["path"] == "/login" and scope["method"] == "POST":
                await (await self._login(scope, receive))(scope, receive, guarded)
            else:
                await self.app(scope, receive, guarded)
        finally:
            self._inside -= 1

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
            return PlainTextResponse("Too many look at once\n", 503, {"retry-after": "2"})
        if scope["path"].startswith(_OPEN) or self.access.lets_in(headers):
            return None
        if "text/html" in headers.get("accept", ""):
            return RedirectResponse("/login", 303)
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
        given = parse_qs(body[:_MOST_FORM].decode("utf-8", "replace")).get("token", [""])[0]
        if not self.access.is_token(given):
            return RedirectResponse("/login?wrong=1", 303)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, self.access.cookie(), httponly=True, samesite="strict", path="/")
        return answer
