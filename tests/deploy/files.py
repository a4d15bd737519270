"""The deployment files, as the tests read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
SCHEMAS = Path(__file__).parent / "schemas"
ENGINES = ("inprocess", "flink")

Manifest = dict[str, Any]


def documents(path: Path) -> list[Manifest]:
    """The YAML documents of a file."""
    # Read by C: fifteen times as fast, and half of the tests' time with these files.
    found = yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader)
    return [document for document in found if document is not None]


def manifests(*folders: str) -> list[Manifest]:
    """The Kubernetes objects of these folders (all by default), kustomizations left out."""
    return [
        found
        for folder in folders or ("base", *ENGINES)
        for path in sorted((KUBERNETES / folder).glob("*.yaml"))
        for found in documents(path)
        if found["kind"] != "Kustomization"
    ]


def of_kind(kind: str, *folders: str) -> list[Manifest]:
    """The objects of one kind."""
    return [found for found in manifests(*folders) if found["kind"] == kind]


def pod_specs(manifest: Manifest) -> Iterator[Manifest]:
    """Every pod that an object makes: what holds `containers`, however deep."""
    if "containers" in manifest:
        yield manifest
    for value in manifest.values():
        if isinstance(value, dict):
            yield from pod_specs(value)


def compose() -> Manifest:
    """compose.yaml, its anchors resolved."""
    found: Manifest = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


def schema(name: str) -> Manifest:
    """A JSON schema beside the tests."""
    found: Manifest = json.loads((SCHEMAS / f"{name}.json").read_text())
    return found
