"""One connection before the clients': why a broker does not let us in.

kafka-python's clients try again and again when they begin, and tell in the end that it took too
long. A wrong password or certificate does not get better by waiting, so it is told apart here,
from what a connection by itself answers.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

from kafka.errors import (
    AuthorizationError,
    IllegalSaslStateError,
    KafkaConnectionError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
)
from kafka.net.selector import NetworkSelector

from pipeline.compat.kafka_answers import Manager
from pipeline.errors import ConfigError, CredentialsError

REFUSALS = (
    AuthorizationError,
    IllegalSaslStateError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
)
"""What Kafka says to credentials that are wrong or may not do what was asked."""

_ALERTS = ("ALERT", "WRONG_VERSION_NUMBER", "UNSUPPORTED_PROTOCOL", "RECORD_LAYER_FAILURE")
"""Parts of OpenSSL's reasons by which the broker, not the network, ended a TLS connection."""


def probe(config: Mapping[str, Any], timeout_s: float) -> None:
    """Connect to the bootstrap servers in turn, until one lets us in, and let go again.

    `config` is that of a client. Raises `CredentialsError` where one refuses, `ConfigError` for
    files of certificates that cannot be used, else what the last one's connection failed with (a
    `KafkaError` or `OSError`): it may be better later.
    """
    net = NetworkSelector()
    try:
        manager = Manager(net, **config)
        failures: list[BaseException] = []
        for broker in manager.cluster.bootstrap_brokers():
            try:
                net.run(_connect, manager, broker.node_id, timeout_s)
            except Exception as error:
                failures.append(error)
                continue
            finally:
                manager.close(broker.node_id)
            return
        for failure in failures:
            _raise_if_final(failure, config)
        if failures:
            raise failures[-1]
    finally:
        net.close()


async def _connect(manager: Any, node_id: str, timeout_s: float) -> None:
    connection = manager.get_connection(
        node_id,
        timeout_ms=timeout_s * 1000,
        pop_on_close=False,
        refresh_metadata_on_err=False,
    )
    await manager.wait_for(connection.init_future, timeout_s * 1000)


def _raise_if_final(error: BaseException, config: Mapping[str, Any]) -> None:
    address = config["bootstrap_servers"]
    facts = {"address": address if isinstance(address, str) else ",".join(address)}
    if isinstance(error, REFUSALS):
        raise CredentialsError(
            "Kafka refuses the credentials", reason=refusal(error), **facts
        ) from error
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise CredentialsError(
                "the broker's certificate is not trusted", reason=cause.verify_message, **facts
            ) from error
        if isinstance(cause, ssl.SSLError):
            if not isinstance(error, KafkaConnectionError):
                raise ConfigError("a TLS file cannot be used", reason=cause) from error
            if any(part in (cause.reason or "") for part in _ALERTS):
                raise CredentialsError(
                    "the broker refuses the TLS connection", reason=cause.reason, **facts
                ) from error
    if isinstance(error, FileNotFoundError | PermissionError):
        raise ConfigError(
            "a TLS file cannot be read",
            reason=error.strerror,
            **{name: config[name] for name in _FILES if config.get(name)},
        ) from error


_FILES = ("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_crlfile")


def refusal(error: BaseException) -> str:
    """Return the refusal in Kafka's words, or its name where it has none."""
    words = " ".join(str(part) for part in error.args if part)
    name = type(error).__name__
    return words if words.startswith(name) else f"{name}: {words}" if words else name


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        inner = error.args[0] if error.args else None
        if isinstance(inner, BaseException) and inner is not error:
            yield inner
        error = error.__cause__ or error.__context__


def quiet() -> None:
    """Keep kafka-python's own log to what it calls critical, where nobody has set another level.

    A broker that is away would fill it; who waits for the broker reports that, once.
    """
    logger = logging.getLogger("kafka")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.CRITICAL)
