"""Whether an object store has *put if absent*, without which two writers overwrite one another.

Some stores take the condition (`If-None-Match: *`) and pay it no heed. So one object is put twice
under that condition: a store that takes the second one is refused, before anything is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import structlog
from obstore.exceptions import AlreadyExistsError, BaseError, UnknownConfigurationKeyError
from obstore.store import from_url

from pipeline.errors import UnfitStoreError
from pipeline.redact import masked
from pipeline.store.commit.delta import local_path

if TYPE_CHECKING:
    # Types of the library's stubs; they are not there when it runs.
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

_log: structlog.stdlib.BoundLogger = structlog.get_logger("dateline")

_FOLDER = "_probe"
_PATIENCE_S = 5
_CLIENT = frozenset(
    {
        *("allow_http", "allow_invalid_certificates", "connect_timeout", "default_content_type"),
        *("http1_only", "http2_only", "http2_keep_alive_interval", "http2_keep_alive_timeout"),
        *("http2_keep_alive_while_idle", "http2_max_frame_size", "pool_idle_timeout"),
        *("pool_max_idle_per_host", "proxy_url", "proxy_ca_certificate", "proxy_excludes"),
        *("randomize_addresses", "timeout", "user_agent"),
        *("max_retries", "retry_timeout"),
    }
)
"""Options of the client, which obstore takes elsewhere; among the store's it panics over them."""

_known: set[str] = set()
"""The lakes whose store was found to have it, or could not be asked, in this process."""


def assert_put_if_absent(url: str, options: Mapping[str, str]) -> None:
    """Raise `UnfitStoreError` where the store at `url` lacks put-if-absent; asked once a process.

    A local folder has it. A store that cannot be asked (it is down, its credentials come from where
    delta-rs alone looks) is not refused, but told of: what the lake does there next tells what is
    wrong.
    """
    if local_path(url) is not None or url in _known:
        return
    try:
        refuses = _refuses_a_second(_opened(url, options))
    except (BaseError, ValueError, OSError) as error:
        _log.warning(
            "the object store could not be asked whether it has put-if-absent: two writers need it"
            " (docs/object-stores.md)",
            lake=masked(url),
            reason=type(error).__name__,
        )
        refuses = True
    if not refuses:
        raise UnfitStoreError(
            "this object store has no put-if-absent (it ignores If-None-Match), so that two writers"
            " would overwrite one another: use a store, or a version of it, that has (see"
            " docs/object-stores.md), or a local folder",
            setting="lake.url",
            lake=url,
        )
    _known.add(url)


def _opened(url: str, options: Mapping[str, str]) -> ObjectStore:
    lowered = {name.lower(): value for name, value in options.items()}
    plain = {name.removeprefix("aws_"): value for name, value in lowered.items()}
    known = {
        name: value
        for name, value in lowered.items()
        if name.removeprefix("aws_") not in _CLIENT and _is_known(url, name, value)
    }
    client: ClientConfig = {
        "timeout": timedelta(seconds=_PATIENCE_S),
        "connect_timeout": timedelta(seconds=_PATIENCE_S),
        "allow_http": plain.get("allow_http", "").lower() == "true",
        "allow_invalid_certificates": plain.get("allow_invalid_certificates", "").lower() == "true",
    }
    if "proxy_url" in plain:
        client["proxy_url"] = plain["proxy_url"]
    retry: RetryConfig = {"max_retries": 2, "retry_timeout": timedelta(seconds=_PATIENCE_S)}
    # The credentials that are no options come from the environment, as with delta-rs.
    return from_url(url, config=cast(Any, known), client_options=client, retry_config=retry)


def _is_known(url: str, name: str, value: str) -> bool:
    """Say whether the option is one of the store's: some of delta-rs' own are not."""
    try:
        from_url(url, config=cast(Any, {name: value}))
    except UnknownConfigurationKeyError:
        return False
    except (BaseError, ValueError):
        return True  # it is one that needs others beside it
    return True


def _refuses_a_second(store: ObjectStore) -> bool:
    path = f"{_FOLDER}/{uuid4().hex}"
    try:
        for _ in range(2):
            store.put(path, b"put if absent", mode="create")
    except AlreadyExistsError:
        return True
    else:
        return False
    finally:
        with suppress(BaseError, OSError):
            store.delete(path)
