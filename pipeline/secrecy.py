"""Settings without their secrets: as they are shown, and as they travel to other machines."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pipeline.config import Settings, restore
from pipeline.errors import ConfigError
from pipeline.redact import MASK, has_password, is_secret, masked

_WITH_SECRETS = (("kafka", "client"), ("lake", "options"))


def settings_shown(settings: Settings) -> dict[str, Any]:
    """Return the settings as plain data, secrets masked: every store option, and client secrets.

    The name of a file that holds a secret is none.
    """
    data = settings.model_dump(mode="json")
    data["lake"]["options"] = dict.fromkeys(data["lake"]["options"], MASK)
    data["kafka"]["client"] = {
        name: MASK if is_secret(name) else value for name, value in data["kafka"]["client"].items()
    }
    if data["serve"]["token"] is not None:
        data["serve"]["token"] = MASK
    return {
        section: {name: _masked(value) for name, value in part.items()}
        for section, part in data.items()
    }


def without_secrets(settings: Settings) -> Settings:
    """Replace secrets in the settings by where `with_secrets` finds them."""
    dumped = settings.model_dump()
    for section, part in _WITH_SECRETS:
        dumped[section][part] = {
            name: f"${_variable(section, part, name)}"
            if is_secret(name) or has_password(str(value))
            else value
            for name, value in dumped[section][part].items()
        }
    # No worker shows pages: it needs no token.
    dumped["serve"]["token"] = None
    return restore(dumped)


def with_secrets(settings: Settings, environment: Mapping[str, str] = os.environ) -> Settings:
    """Put the secrets that `without_secrets` left out back, from the environment.

    Raises `ConfigError` that names a variable which is not there.
    """
    dumped = settings.model_dump()
    for section, part in _WITH_SECRETS:
        for name, value in dumped[section][part].items():
            variable = _variable(section, part, name)
            if value == f"${variable}":
                if variable not in environment:
                    raise ConfigError("a worker's environment lacks a secret", variable=variable)
                dumped[section][part][name] = environment[variable]
    return restore(dumped)


def _masked(value: Any) -> Any:
    match value:
        case str():
            return masked(value)
        case dict():
            return {name: _masked(one) for name, one in value.items()}
        case list():
            return [_masked(one) for one in value]
        case _:
            return value


def _variable(section: str, part: str, name: str) -> str:
    return f"DATELINE_{section}__{part}__{name}".upper()
