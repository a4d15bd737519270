"""Secrets by every way in, and everything that Dateline tells, searched for them.

The test is fed, so that it can fail: each place searched is shown to be searched by something that
has to be found there.
"""

from __future__ import annotations

import base64
import bz2
import json
import os
import re
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.request import urlopen

import apache_beam as beam
import pytest

from pipeline.beam import graph
from pipeline.config import Settings, load
from pipeline.errors import BrokerError, ConfigError, StoreError
from pipeline.secrecy import without_secrets
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from tests.support.command import dateline
from tests.support.endpoint import free_port
from tests.support.object_store import BUCKET, SECRET, Store, options_of
from tests.support.told import command_lines, contents
from tests.support.wire import copy

BY_ENVIRONMENT = "hush-env-4b1d"
BY_FILE = "hush-file-90ce"
BY_TOML = "hush-toml-d3a7"
IN_URL = "hush/url@5f20"
SECRETS = (BY_ENVIRONMENT, BY_FILE, BY_TOML, IN_URL, "hush-", "url@5f20", SECRET)
RECORDS = 12


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(topics={"wire": 1}) as running:
        yield running


class Told:
    """Commands with secrets given by every way, and what is told by them."""

    def __init__(self, home: Path, **more: object) -> None:
        self.texts: list[str] = []
        self.home = home
        by_file = home / "password"
        by_file.write_text(BY_FILE + "\n")
        self.client = {
            "sasl_plain_username": "dateline",
            "sasl_plain_password_file": str(by_file),
            "ssl_password": BY_TOML,
            "proxy_url": None,
        }
        self.environment = {"DATELINE_LAKE__OPTIONS__AWS_SESSION_TOKEN": BY_ENVIRONMENT}
        self.options = {k: str(v) for k, v in more.items()}

    def config(self, name: str = "dateline.toml", *lines: str, **client: str) -> Path:
        """A configuration file with the secrets, and `lines` before its sections."""
        settings = {k: v for k, v in (self.client | client).items() if v is not None}
        path = self.home / name
        path.write_text(
            "\n".join(
                [
                    *lines,
                    "[kafka.client]",
                    *(f"{k} = {json.dumps(v)}" for k, v in settings.items()),
                    "[lake.options]",
                    *(f"{k} = {json.dumps(v)}" for k, v in self.options.items()),
                ]
            )
        )
        return path

    def run(self, *arguments: str, port: int | None = None, **environment: str) -> tuple[int, str]:
        """The exit code and the errors of a command, all that it told kept."""
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **self.environment, "COLUMNS": "500", **environment},
        )
        end_s = time.monotonic() + 240
        while True:
            self.texts.extend(command_lines(process.pid))
            self.texts.extend(pages(port))
            try:
                output, errors = process.communicate(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() > end_s:
                    process.kill()
                    raise
        self.texts += [output, errors]
        return process.returncode, errors

    def ask(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """As `run`, in this process: for what starts no other and serves nothing."""
        done = dateline(*arguments, env=self.environment | environment)
        self.texts += [done.stdout, done.stderr]
        return done.returncode, done.stderr

    def judge(self) -> None:
        """No secret is in anything that was told."""
        assert self.texts
        leaks = [text for text in self.texts if any(secret in text for secret in SECRETS)]
        assert not leaks, [around(text) for text in leaks]


def around(text: str) -> str:
    """Where the first secret stands."""
    at = min(text.find(secret) for secret in SECRETS if secret in text)
    return text[max(0, at - 200) : at + 60]


def pages(port: int | None) -> list[str]:
    """What the HTTP port tells, where it is open already."""
    if port is None:
        return []
    found = []
    for path in ("metrics", "healthz", "readyz"):
        try:
            with urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as answer:
                found.append(answer.read().decode())
        except OSError:
            continue
    return found


def test_what_shows_the_settings_shows_no_secret(tmp_path: Path) -> None:
    """As a table, as JSON, as a representation; a password in a URL of the client too."""
    told = Told(tmp_path, aws_secret_access_key=BY_TOML, aws_endpoint_url=f"http://me:{IN_URL}@s3")
    config = told.config(proxy_url=f"socks5://me:{IN_URL}@proxy", sasl_plain_username="shown")
    # A table is asked for in a process: this one's console took its width as it was imported.
    for told_by, *form in ((told.run,), (told.ask, "--json")):
        code, errors = told_by("config", "show", "--config", str(config), *form)
        assert code == 0, errors
        assert "shown" in told.texts[-2] and "******" in told.texts[-2]
        assert "aws_session_token" in told.texts[-2]
    told.texts += [repr(load(config)), str(load(config))]
    told.judge()


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"DATELINE_LAKE__OPTIONS": BY_ENVIRONMENT}, ""),
        ({"DATELINE_KAFKA__CLIENT": f'{{"sasl_plain_password": "{BY_ENVIRONMENT}'}, ""),
        ({"DATELINE_KAFKA__CLIENT": f'["{BY_ENVIRONMENT}"]'}, ""),
        ({"DATELINE_LAKE__OPTIONS__A": f'["{BY_ENVIRONMENT}"]', "DATELINE_JOB__WORKERS": "x"}, ""),
        ({"DATELINE_LAKE__URL": f"s3://key:{IN_URL}@bucket/lake"}, ""),
        ({"DATELINE_FLINK__REST_URL": f"http://key:{IN_URL}@flink"}, ""),
        ({}, f"lake.options = '{BY_TOML}'"),
        ({}, f"lake.options = {{a = ['{BY_TOML}']}}"),
        ({}, f"lake.options = {{a = {BY_TOML}}}"),
        ({}, f"kafka.client = '{BY_TOML}"),
    ],
)
def test_a_wrong_setting_is_told_without_its_value(
    tmp_path: Path, environment: dict[str, str], line: str
) -> None:
    """One line that names it, however it was given."""
    told = Told(tmp_path)
    told.environment.clear()
    config = tmp_path / "wrong.toml"
    config.write_text(line)
    code, errors = told.ask("config", "show", "--config", str(config), **environment)
    assert code == ConfigError.exit_code, errors
    assert errors.startswith("error: ") and "Traceback" not in errors
    told.judge()


@pytest.mark.engine
@pytest.mark.timeout(600)
@pytest.mark.long
def test_a_run_tells_no_secret(tmp_path: Path, store: Store, broker: EmbeddedBroker) -> None:
    """At the level debug: logs, reports, command lines, metrics, and all that the lake holds."""
    given = options_of(store.endpoint)
    told = Told(tmp_path, **given)
    head = (
        f'kafka.bootstrap_servers = ["{broker.bootstrap_servers}"]',
        f'lake.url = "s3://{BUCKET}/told"',
    )
    config = str(told.config("dateline.toml", *head))
    port = free_port()
    publish(copy(0, RECORDS), bootstrap_servers=broker.bootstrap_servers, topic="wire")
    code, errors = told.run(
        *("run", "--config", config, "--until-caught-up", "--log-level", "debug", "--json"),
        *("--metrics-port", str(port)),
        port=port,
    )
    assert code == 0, errors[-3000:]
    assert json.loads(told.texts[-2])["records"] == RECORDS
    assert any("dateline_records_total" in text for text in told.texts), "metrics were read"
    assert any("pipeline.beam.worker" in text for text in told.texts), "workers were looked at"
    for command in (("query", "select * from stories", "--json"), ("lake", "check", "--json")):
        code, errors = told.ask(*command, "--config", config)
        assert code == 0, errors
    held = list(contents(store.files(), f"{BUCKET}/told"))
    assert any("President Ann Example" in text for text in held), "stories were looked into"
    told.texts += held
    told.judge()


@pytest.mark.engine
@pytest.mark.parametrize("level", ["debug", pytest.param("warning", marks=pytest.mark.long)])
def test_a_refusal_tells_no_secret(tmp_path: Path, level: str) -> None:
    """Neither the broker's nor the store's, whose libraries quote addresses."""
    told = Told(tmp_path, **options_of(f"http://me:{BY_TOML}@127.0.0.1:1"))
    told.options |= {"max_retries": "0", "retry_timeout": "1s"}
    config = str(told.config("store.toml", f'lake.url = "s3://{BUCKET}/none"'))
    for command in (("lake", "check"), ("query", "select 1"), ("source", "list")):
        code, errors = told.ask(*command, "--config", config)
        assert code == StoreError.exit_code, errors
        assert errors.rstrip().splitlines()[-1].startswith("error: "), errors
        assert "******@127.0.0.1" in errors, "the store's words were told"
    nowhere = ('kafka.bootstrap_servers = ["127.0.0.1:1"]', "kafka.broker_timeout_s = 1")
    lake = f'lake.url = "{tmp_path / "lake"}"'
    config = str(
        told.config("broker.toml", *nowhere, lake, proxy_url=f"socks5://me:{BY_TOML}@127.0.0.1:1")
    )
    code, errors = told.run("run", "--config", config, "--log-level", level, "--until-caught-up")
    assert code == BrokerError.exit_code, errors
    told.judge()


def test_a_job_on_flink_holds_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither as it is, nor in what Beam packs up in it, where other settings are found."""
    told = Told(tmp_path, aws_secret_access_key=BY_TOML, aws_region="found-region")
    for name, value in told.environment.items():
        monkeypatch.setenv(name, value)
    settings = load(told.config(proxy_url=f"socks5://me:{IN_URL}@proxy"))
    with_all = packed(settings)
    for secret in (BY_TOML, BY_ENVIRONMENT, IN_URL):
        assert secret in with_all, "the test looks into what is packed"
    told.texts.append(packed(without_secrets(settings)))
    assert "found-region" in told.texts[0]
    told.judge()


def packed(settings: Settings) -> str:
    """Everything in the graph that would be submitted, unpacked."""
    root = beam.Pipeline()
    graph.on_flink(root, beam.Create([b""]), [[0]], settings, 128)
    whole = root.to_runner_api().SerializeToString()
    found = [whole.decode("latin-1")]
    for run in _runs(whole):
        for unpack in (zlib.decompress, bz2.decompress):
            try:
                found.append(unpack(base64.b64decode(run)).decode("latin-1"))
            except (ValueError, OSError, zlib.error):
                continue
    return "\n".join(found)


def _runs(data: bytes) -> Sequence[bytes]:
    """The longest stretches of base64, from wherever Beam's packing may begin in them."""
    found = []
    for match in re.finditer(rb"[A-Za-z0-9+/]{40,}={0,2}", data):
        found += [match[0][skip:] for skip in range(4)]
    return found
