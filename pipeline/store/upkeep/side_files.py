"""Files that upkeep keeps beside the tables, for itself and for readers: no part of the lake."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from pipeline.compat.delta_uploads import Uploads
from pipeline.store.commit.delta import local_path


def put(url: str, options: Mapping[str, str], path: str, data: pa.Buffer) -> None:
    """Write `path`, below the lake at `url`, so that nobody reads half of it.

    Raises `OSError` where the store does not take it.
    """
    root = local_path(url)
    if root is None:
        Uploads(url, options).put(path, data)
        return
    target = root / path
    target.parent.mkdir(exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    part.write_bytes(data)
    part.replace(target)
