"""The lake: rows to committed Parquet, by the tables' own logs.

For programs: `open_lake`, `query`, `export_lake`, and the SQL of the views, imported when first
asked for; `pipeline.store.check` has the judge.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.store.export.export import Exported, export_lake
    from pipeline.store.export.scope import ExportScope
    from pipeline.store.read.query import query
    from pipeline.store.read.snapshot import Snapshot
    from pipeline.store.read.snapshot import open_snapshot as open_lake
    from pipeline.store.read.views import VIEWS, view_select, view_text

__all__ = [
    "VIEWS",
    "ExportScope",
    "Exported",
    "Snapshot",
    "export_lake",
    "open_lake",
    "query",
    "view_select",
    "view_text",
]

_FROM = {
    "VIEWS": "read.views",
    "ExportScope": "export.scope",
    "Exported": "export.export",
    "Snapshot": "read.snapshot",
    "export_lake": "export.export",
    "open_lake": "read.snapshot",
    "query": "read.query",
    "view_select": "read.views",
    "view_text": "read.views",
}
_NAMED = {"open_lake": "open_snapshot"}


def __getattr__(name: str) -> Any:
    if name in _FROM:
        return getattr(import_module(f"{__name__}.{_FROM[name]}"), _NAMED.get(name, name))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
