"""What is a secret, by its name or its form, and what is shown in its place."""

from __future__ import annotations

import re

MASK = "******"
"""What stands in the place of a secret."""

_NAMES = re.compile(
    r"password|secret|token|credential|(^|_)key(_base64)?$|(^|_)sas(_|$)|account_key", re.IGNORECASE
)

_LOGIN = r"[^\s/@:]*:(?!\d+/)\S*"
"""User and password of a URL; the password may hold `/` and `@`. A port is none."""

_IN_URL = re.compile(rf"(?<=://)(?:{_LOGIN}|[^\s/@]+)(?=@)")
_WITH_LOGIN = re.compile(rf"://{_LOGIN}@")


def is_secret(name: str) -> bool:
    """Say whether a setting of that name holds a secret. The name of a secret's file is none."""
    return bool(_NAMES.search(name)) and not name.endswith("_file")


def has_password(url: str) -> bool:
    """Say whether a URL holds a password; a user alone (`abfss://container@…`) is none."""
    return _WITH_LOGIN.search(url) is not None


def masked(text: str) -> str:
    """Mask what stands before the host in URLs of `text`: it may be a password or a token."""
    return _IN_URL.sub(MASK, text)
