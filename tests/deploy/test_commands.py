"""Every `dateline …` in deployment files and pages is a command that exists, with its options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from pipeline.cli import app
from tests.deploy.files import DEPLOY, ROOT, compose, manifests, pod_specs

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_FENCE = re.compile(r"^```(?:sh|bash|console)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`((?:\.venv/bin/)?dateline [a-z][^`]*)`")
_LINE = re.compile(r"^(?:\$ |  )?(?:\.venv/bin/)?dateline (.+)$", re.MULTILINE)


@cache
def _command() -> Any:
    return typer.main.get_command(app)


def parse(words: list[str]) -> None:
    """Parse, and do not run. Raises the usage error that a user would see."""
    command = _command()
    context = command.make_context("dateline", list(words))
    while hasattr(command, "resolve_command"):
        rest = [*getattr(context, "_protected_args", ()), *context.args]
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)


def _page_lines(page: Path) -> Iterator[tuple[str, bool]]:
    """The command lines of a page, and whether each is whole (a block) or a mention (in a text)."""
    text = page.read_text()
    for block in _FENCE.findall(text):
        for line in _LINE.findall(block.replace("\\\n", " ")):
            yield line, True
    for span in _SPAN.findall(_FENCE.sub("", text)):
        yield " ".join(span.split()).split("dateline ", 1)[1], False


def _words(line: str) -> list[str]:
    """The words of one command, up to a comment, a pipe or a redirection."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.commenters, lexer.whitespace_split = "#", True
    words = []
    for word in lexer:
        if word and set(word) <= set("|&;<>"):
            break
        words.append(word)
    return words


def _assert_parses(words: list[str], *, whole: bool = True) -> None:
    try:
        parse(words)
    except Exception as error:
        kind = type(error).__name__
        # A text may name a command without what it needs.
        if kind in {"Exit", "NoArgsIsHelpError"} or (kind == "MissingParameter" and not whole):
            return
        raise AssertionError(f"dateline {shlex.join(words)}: {error!r} {error}") from error


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_the_commands_of_a_page_exist(page: Path) -> None:
    """What a reader copies works as far as the command line goes."""
    for line, whole in _page_lines(page):
        if not any(sign in line for sign in ("…", "...", "[")):
            _assert_parses(_words(line), whole=whole)


def test_the_containers_commands_exist() -> None:
    """Arguments of the image in compose.yaml and in the manifests."""
    found = [
        service.get("command", [])
        for service in compose()["services"].values()
        if "build" in service and "entrypoint" not in service
    ]
    for manifest in manifests():
        for pod in pod_specs(manifest):
            found += [
                container["args"]
                for container in pod["containers"]
                if container.get("image", "").startswith("dateline:") and "args" in container
            ]
    assert len(found) >= 7
    for words in found:
        _assert_parses(words)


def test_the_units_commands_exist() -> None:
    """ExecStart of the systemd units."""
    units = sorted((DEPLOY / "systemd").glob("*.service"))
    assert units
    for unit in units:
        (line,) = re.findall(r"^ExecStart=\S+/dateline (.+)$", unit.read_text(), re.MULTILINE)
        _assert_parses(shlex.split(line))


def test_a_wrong_command_is_found() -> None:
    """The check itself: an option, and a command, that do not exist."""
    for words in (["run", "--wrokers", "2"], ["lake", "compress"]):
        with pytest.raises(AssertionError):
            _assert_parses(words)
