"""What a log line must not hold, whoever logs it: secrets, texts, what a terminal obeys."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest

from pipeline.observe.logs import configure, log

SECRET = "hush-71c0"
URL = f"s3://key:{SECRET}/x@bucket/lake"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before[0], before[1]


def failing(settings: dict[str, str]) -> None:
    raise ValueError(f"no luck with {URL} \x1b]0;mine")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_tells_no_variables(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal too: the settings of a client, and the text of a story, are variables."""
    configure("debug", json=as_json)
    given = {"sasl_plain_password": SECRET}
    try:
        failing(given)
    except ValueError:
        logging.getLogger("apache_beam").exception("a step failed")
        log.exception("so did we")
    told = capsys.readouterr().err
    assert told.count("no luck with s3://******@bucket/lake") == 2
    assert "test_logs.py" in told
    assert SECRET not in told


@pytest.mark.parametrize("as_json", [True, False])
def test_a_terminal_obeys_nothing_in_a_log(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broker's words and a file's name are strangers' words."""
    configure("debug", json=as_json)
    log.warning("refused\x1b]0;mine\x07", reason="words\x9b31m", file="a\u202eb c")
    try:
        failing({})
    except ValueError:
        log.exception("failed")
    told = capsys.readouterr().err
    assert "refused" in told and "words" in told
    without_colours = re.sub(r"\x1b\[[0-9;]*m", "", told)
    assert without_colours.replace("\n", "").isprintable()


@pytest.mark.parametrize("as_json", [True, False])
def test_a_password_in_a_url_is_not_logged(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor by a library, in words of its own."""
    configure("debug", json=as_json)
    log.error("the lake is away", lake=URL)
    logging.getLogger("deltalake").error("GET %s failed", URL)
    told = capsys.readouterr().err
    assert told.count("s3://******@bucket/lake") == 2
    assert SECRET not in told
