"""The user's settings of kafka-python's clients, and the secrets among them that stand in files."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.net.sasl.oauth import AbstractTokenProvider

from pipeline.errors import ConfigError

_OURS = frozenset(
    {
        *("bootstrap_servers", "group_id", "auto_offset_reset", "enable_auto_commit"),
        *("isolation_level", "allow_auto_create_topics", "acks", "enable_idempotence"),
        *("key_deserializer", "value_deserializer", "key_serializer", "value_serializer"),
    }
)
_BY_FILE = ("sasl_plain_username", "sasl_plain_password", "ssl_password")
_BEARER_FILE = "sasl_oauth_token_file"


class TokenFile(AbstractTokenProvider):  # type: ignore[misc]
    """A bearer token that stands in a file, read at each connect: others renew it there."""

    def __init__(self, path: str) -> None:
        self._path = path

    def token(self) -> str:
        """Return the token as the file has it now."""
        return _read(_BEARER_FILE, self._path)


def settings(client: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `client`'s settings that a class with these `defaults` takes.

    `sasl_plain_username`, `sasl_plain_password` and `ssl_password` may stand in files:
    `sasl_plain_password_file` names one, which is read now, at each connect. So may a bearer token
    for OAUTHBEARER, in `sasl_oauth_token_file`. Raises `ConfigError` for a setting that no client
    takes or that is not the user's to set, and for a file that cannot be read.
    """
    given: dict[str, Any] = {}
    for name, value in client.items():
        if name == _BEARER_FILE:
            _read(name, value)
            given["sasl_oauth_token_provider"] = TokenFile(value)
        elif (inner := name.removesuffix("_file")) != name and inner in _BY_FILE:
            if inner in client:
                raise ConfigError("a setting of the Kafka client stands twice", setting=inner)
            given[inner] = _read(name, value)
        elif name in _known():
            given[name] = value
        else:
            raise ConfigError("not a setting of the Kafka client", setting=name)
    return {name: value for name, value in given.items() if name in defaults}


def check_names(client: Mapping[str, Any]) -> None:
    """Raise `ValueError` for a name that no client takes, or that is not the user's to set.

    It may be a secret's, misspelt: so the message holds what was meant, and no value.
    """
    ours = _known() | {_BEARER_FILE, *(f"{name}_file" for name in _BY_FILE)}
    for name in client:
        if name not in ours:
            meant = get_close_matches(name.lower(), ours, 1)
            hint = f"; is {meant[0]} meant?" if meant else ""
            raise ValueError(f"{name} is not a setting of the Kafka client{hint}")


def _known() -> frozenset[str]:
    every = (KafkaConsumer, KafkaProducer, KafkaAdminClient)
    return frozenset(name for kind in every for name in kind.DEFAULT_CONFIG) - _OURS


def _read(name: str, path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigError(
            "a file named by the Kafka client's settings cannot be read",
            setting=name,
            file=path,
            reason=reason,
        ) from None
