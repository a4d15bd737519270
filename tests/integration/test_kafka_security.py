"""TLS and SASL against Apache Kafka: who is let in, who is refused how soon, and what is told."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.fs as pafs
import pytest
from kafka import KafkaAdminClient
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion
from local_kafka import KafkaCluster

from pipeline.errors import BrokerError, ConfigError, DatelineError
from pipeline.source.kafka.client import ClientFault
from pipeline.source.kafka.consumer import KafkaClient
from pipeline.source.kafka.options import KafkaOptions, Limits
from pipeline.source.kafka.publish import publish
from pipeline.source.kafka.reader import Reader
from tests.support.broker import FakeLake
from tests.support.certificates import Authority
from tests.support.job import until
from tests.support.kafka import needs_kafka
from tests.support.told import command_lines, contents
from tests.support.wire import copy

pytestmark = [pytest.mark.engine, needs_kafka]
PASSWORD = "correct-horse-7f3a9c"
WRONG = "wrong-staple-51be02"
SOON_S = 60.0
"""Far below the `broker_timeout_s` of the options here (300), on a machine that is busy."""
SESSION_MS = 3000


@dataclass
class Secured:
    """A broker with SASL over TLS, one that wants certificates, and what opens them."""

    home: Path
    authority: Authority
    stranger: Authority
    sasl: KafkaCluster
    mutual: KafkaCluster

    def client(self, **changes: Any) -> dict[str, Any]:
        """Settings that are let in by `sasl`, with changes; None leaves one out."""
        right = {
            "security_protocol": "SASL_SSL",
            "ssl_cafile": str(self.authority.ca),
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": "dateline",
            "sasl_plain_password": PASSWORD,
        }
        return {name: value for name, value in (right | changes).items() if value is not None}

    def certificate(self, authority: Authority, name: str) -> dict[str, Any]:
        """Settings of a client that shows a certificate of `authority`."""
        shown = authority.issue(name)
        return {
            "security_protocol": "SSL",
            "ssl_cafile": str(self.authority.ca),
            "ssl_certfile": str(shown.certificate),
            "ssl_keyfile": str(shown.key),
        }

    def file(self, name: str, content: str) -> str:
        path = self.home / name
        path.write_text(content)
        return str(path)


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    home = tmp_path_factory.mktemp("secured")
    authority, stranger = Authority(home), Authority(home, "stranger")
    server = authority.issue("localhost")
    tls = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(server.both),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.ca),
    }
    ours, modules = "listener.name.client", "org.apache.kafka.common.security"
    sasl = {
        # After so long the broker ends a connection that has not shown its credentials again.
        f"{ours}.oauthbearer.connections.max.reauth.ms": str(SESSION_MS),
        f"{ours}.scram-sha-512.connections.max.reauth.ms": str(SESSION_MS),
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
        f"{ours}.plain.sasl.jaas.config": (
            f'{modules}.plain.PlainLoginModule required user_dateline="{PASSWORD}";'
        ),
        f"{ours}.scram-sha-256.sasl.jaas.config": f"{modules}.scram.ScramLoginModule required;",
        f"{ours}.scram-sha-512.sasl.jaas.config": f"{modules}.scram.ScramLoginModule required;",
        # Kafka's own validator for trying things out: tokens without a signature.
        f"{ours}.oauthbearer.sasl.jaas.config": (
            f"{modules}.oauthbearer.OAuthBearerLoginModule required"
            ' unsecuredLoginStringClaim_sub="broker";'
        ),
    }
    with (
        KafkaCluster(
            home / "sasl",
            protocol="SASL_SSL",
            properties=tls | sasl,
            scram={"dateline": PASSWORD},
        ) as first,
        KafkaCluster(
            home / "mutual", protocol="SSL", properties={**tls, "ssl.client.auth": "required"}
        ) as second,
    ):
        yield Secured(home, authority, stranger, first, second)


def connect(servers: tuple[str, ...], client: Mapping[str, Any]) -> None:
    options = KafkaOptions(servers, ("wire",), client=client, broker_timeout_s=300)
    KafkaClient(options).close()


def lets_in(servers: tuple[str, ...], client: Mapping[str, Any]) -> bool:
    try:
        connect(servers, client)
    except BrokerError:
        return False
    return True


def token(valid_s: float) -> str:
    """A bearer token without a signature."""
    now_s = int(time.time())
    claims = {"sub": "dateline", "iat": now_s - 10, "exp": now_s + valid_s}
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_password_lets_in_and_a_wrong_one_is_refused_at_once(
    kafka: Secured, mechanism: str
) -> None:
    """Given as it is or by a file; the refusal names no password."""
    by_file = kafka.file("password", f"{PASSWORD}\n")
    servers = kafka.sasl.bootstrap_servers
    connect(servers, kafka.client(sasl_mechanism=mechanism))
    connect(
        servers,
        kafka.client(
            sasl_mechanism=mechanism, sasl_plain_password=None, sasl_plain_password_file=by_file
        ),
    )
    begin_s = time.monotonic()
    with pytest.raises(BrokerError, match="refuses the credentials") as refused:
        connect(servers, kafka.client(sasl_mechanism=mechanism, sasl_plain_password=WRONG))
    assert time.monotonic() - begin_s < SOON_S
    assert WRONG not in str(refused.value)


def test_a_bearer_token_is_read_from_its_file(kafka: Secured) -> None:
    servers = kafka.sasl.bootstrap_servers
    good, old = kafka.file("token", token(600)), kafka.file("old", token(-5))
    changes = {"sasl_mechanism": "OAUTHBEARER", "sasl_plain_password": None}
    connect(servers, kafka.client(**changes, sasl_oauth_token_file=good))
    with pytest.raises(BrokerError, match="refuses the credentials"):
        connect(servers, kafka.client(**changes, sasl_oauth_token_file=old))


def read_on(
    servers: tuple[str, ...],
    topic: str,
    client: Mapping[str, Any],
    renew: Callable[[int], None],
    rounds: int = 3,
) -> None:
    """Have one reader read what comes after each renewal, everything once."""
    lake = FakeLake()
    found: list[bytes] = []
    sent: list[bytes] = []
    reader = Reader(
        KafkaOptions(servers, (topic,), client=client, broker_timeout_s=180),
        Limits(50, flush_interval_s=0.1),
        group=0, groups=1, lake_ends=lake.lake_ends, start_sources=lake.start_sources,
    )  # fmt: skip
    try:
        for n in range(rounds):
            renew(n)
            values = [b"%d.%d" % (n, k) for k in range(5)]
            sent += values
            # A client of its own, that has what is good now.
            publish(
                values, bootstrap_servers=servers[0], topic=topic, partitions=1, client=client
            )  # fmt: skip
            deadline_s = time.monotonic() + 180
            since_s = time.monotonic()
            while len(found) < len(sent) or time.monotonic() < since_s + 1.5 * SESSION_MS / 1000:
                assert time.monotonic() < deadline_s, (n, found, reader.waiting_for)
                batch = reader.read(0.3)
                if batch is not None:
                    lake.commit(batch)
                    found += [record.value for record in batch.records]
        assert found == sent
    finally:
        reader.close()


def test_a_bearer_token_is_renewed_under_a_reader(kafka: Secured) -> None:
    """The broker ends sessions after some seconds, and the file has another token by then."""
    path = kafka.file("renewed", "")

    def renew(n: int) -> None:
        kafka.file("renewed", token(600 + n))

    renew(0)
    client = kafka.client(
        sasl_mechanism="OAUTHBEARER", sasl_plain_password=None, sasl_oauth_token_file=path
    )
    read_on(kafka.sasl.bootstrap_servers, "bearer", client, renew)


def test_a_password_is_changed_under_a_reader(kafka: Secured) -> None:
    """The session that ends then is no reason to stop, as the file has the new one."""
    servers = kafka.sasl.bootstrap_servers
    path = kafka.file("changing", PASSWORD)
    by_file = {"sasl_plain_password": None, "sasl_plain_password_file": path}
    client = kafka.client(sasl_mechanism="SCRAM-SHA-512", **by_file)
    admin = KafkaAdminClient(
        bootstrap_servers=list(servers), **kafka.client(sasl_mechanism="SCRAM-SHA-256")
    )

    def change(password: str) -> None:
        changed = UserScramCredentialUpsertion(
            "dateline", ScramMechanism.SCRAM_SHA_512, password, iterations=4096
        )
        admin.alter_user_scram_credentials([changed])
        kafka.file("changing", password)
        # Kafka answers once its controller knows of it; the broker hears of it a moment later.
        until(lambda: lets_in(servers, kafka.client(sasl_mechanism="SCRAM-SHA-512", **by_file)), 60)

    try:
        read_on(servers, "password", client, lambda n: change(f"{PASSWORD}-{n}"))
    finally:
        # The other tests of this file have the first one.
        change(PASSWORD)
        admin.close()


def test_certificates_are_renewed_under_a_reader(kafka: Secured) -> None:
    """The client's in its files, the broker's with a restart; the authority stays."""
    client = kafka.certificate(kafka.authority, "renewed")
    names: list[bytes] = []

    def renew(n: int) -> None:
        if n == 0:
            return
        kafka.certificate(kafka.authority, "renewed")
        names.append(Path(client["ssl_certfile"]).read_bytes())
        kafka.authority.issue("localhost")
        kafka.mutual.kill(1)
        kafka.mutual.start_node(1)

    read_on(kafka.mutual.bootstrap_servers, "certificates", client, renew, rounds=2)
    assert names


def test_a_broker_that_is_not_trusted_gets_no_password(kafka: Secured) -> None:
    """Another authority, another host name, no authority at all: refused by us, at once."""
    servers = kafka.sasl.bootstrap_servers
    by_address = (servers[0].replace("localhost", "127.0.0.1"),)
    begin_s = time.monotonic()
    with pytest.raises(BrokerError, match=r"not trusted.*issuer"):
        connect(servers, kafka.client(ssl_cafile=str(kafka.stranger.ca)))
    with pytest.raises(BrokerError, match=r"not trusted.*127\.0\.0\.1"):
        connect(by_address, kafka.client())
    with pytest.raises(BrokerError, match="not trusted"):
        connect(servers, kafka.client(ssl_cafile=None))
    assert time.monotonic() - begin_s < SOON_S


def test_a_client_shows_a_certificate_or_is_refused(kafka: Secured) -> None:
    """Mutual TLS; the key may be locked by a password in a file."""
    servers = kafka.mutual.bootstrap_servers
    right = kafka.certificate(kafka.authority, "client")
    connect(servers, right)
    locked = kafka.authority.issue("locked", password=PASSWORD.encode())
    by_file = right | {
        "ssl_certfile": str(locked.certificate),
        "ssl_keyfile": str(locked.key),
        "ssl_password_file": kafka.file("key-password", PASSWORD),
    }
    connect(servers, by_file)
    for wrong in (
        {
            name: value
            for name, value in right.items()
            if name not in ("ssl_certfile", "ssl_keyfile")
        },
        kafka.certificate(kafka.stranger, "nobody"),
    ):
        begin_s = time.monotonic()
        with pytest.raises(BrokerError, match="refuses the TLS connection"):
            connect(servers, wrong)
        assert time.monotonic() - begin_s < SOON_S


def test_files_that_cannot_be_used_are_named(kafka: Secured) -> None:
    servers = kafka.sasl.bootstrap_servers
    for changes in (
        {"ssl_cafile": "/none.pem"},
        {"ssl_cafile": kafka.file("not-a-certificate", "hello")},
        {"sasl_plain_password": None, "sasl_plain_password_file": "/none"},
        {"sasl_plain_password_file": "/none"},
        {"sasl_oauth_token_file": "/none"},
    ):
        with pytest.raises(ConfigError) as refused:
            connect(servers, kafka.client(**changes))
        assert PASSWORD not in str(refused.value)


def test_speaking_plainly_to_a_broker_with_tls_is_told(kafka: Secured) -> None:
    """It may be a network that is ill, so it is tried again; the reason is there to read."""
    with pytest.raises(ClientFault):
        connect(kafka.sasl.bootstrap_servers, {})


def test_publishing_is_refused_at_once_too(kafka: Secured) -> None:
    begin_s = time.monotonic()
    with pytest.raises(DatelineError, match="refuses the credentials"):
        publish(
            [b"x"],
            bootstrap_servers=kafka.sasl.bootstrap_servers[0],
            topic="wire",
            client=kafka.client(sasl_plain_password=WRONG),
            timeout_s=300,
        )
    assert time.monotonic() - begin_s < SOON_S


@pytest.mark.timeout(600)
def test_no_secret_is_ever_told(
    kafka: Secured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that works and one that is refused, at the level debug: output, settings shown, the
    command lines of all processes and every byte of the lake are without the password."""
    monkeypatch.setenv("DATELINE_ENRICH__MODE", "none")
    servers = kafka.sasl.bootstrap_servers[0]
    sent = list(copy(0, 12))
    publish(sent, bootstrap_servers=servers, topic="told", partitions=1, client=kafka.client())
    config = tmp_path / "dateline.toml"
    config.write_text(
        f'[kafka]\nbootstrap_servers = ["{servers}"]\ntopics = ["told"]\n[kafka.client]\n'
        f'security_protocol = "SASL_SSL"\nssl_cafile = "{kafka.authority.ca}"\n'
        f'sasl_mechanism = "SCRAM-SHA-512"\nsasl_plain_username = "dateline"\n'
        f'[lake]\nurl = "{tmp_path / "lake"}"\n'
    )
    told: list[str] = []

    def run(password: str, *arguments: str) -> subprocess.Popen[str]:
        job = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", *arguments, "--config", str(config)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "DATELINE_KAFKA__CLIENT__SASL_PLAIN_PASSWORD": password},
        )
        while True:
            told.extend(command_lines(job.pid))
            try:
                stdout, stderr = job.communicate(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                continue
        told.extend((stdout, stderr))
        return job

    options = ("run", "--until-caught-up", "--log-level", "debug", "--json")
    assert run(PASSWORD, *options).returncode == 0, told[-1][-3000:]
    assert json.loads(told[-2])["records"] == len(sent)
    begin_s = time.monotonic()
    assert run(WRONG, *options).returncode == BrokerError.exit_code, told[-1][-3000:]
    assert time.monotonic() - begin_s < 60 + SOON_S
    errors = [line for line in told[-1].splitlines() if "refuses the credentials" in line]
    assert errors and "Traceback" not in told[-1], told[-1]
    assert run(PASSWORD, "config", "show").returncode == 0
    assert "******" in told[-2]
    told.extend(contents(pafs.LocalFileSystem(), str(tmp_path / "lake")))
    for secret in (PASSWORD, WRONG):
        assert not [text[:200] for text in told if secret in text]
