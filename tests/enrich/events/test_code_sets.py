"""The table of code sets: every code is one of CAMEO's, every set is asked for by a rule."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from pipeline import evaluate, tsv
from pipeline.enrich import events
from pipeline.enrich.events.code_sets import code_set

ROOM = Path(events.__file__).parent
SCORES = Path(evaluate.__file__).parent
ROWS = list(tsv.rows("pipeline.enrich.events", "data/code_sets.tsv"))


def test_every_code_stands_for_some_of_cameo() -> None:
    """A code of the codebook, or the beginning of some."""
    known = [row[0] for row in tsv.rows("pipeline.enrich.events", "data/cameo.tsv")]
    assert "190" in known
    for name, _, meaning in ROWS:
        assert meaning
        for code in code_set(name):
            assert any(one.startswith(code) for one in known), (name, code)


def test_every_set_is_asked_for_and_every_set_that_is_asked_for_is_there() -> None:
    """Each once, so that who changes one finds the rule that it serves."""
    text = "\n".join(path.read_text("utf-8") for path in sorted(ROOM.glob("*.py")))
    asked = re.findall(r'code_set\("(\w+)"\)', text)
    assert sorted(asked) == sorted(name for name, _, _ in ROWS)


def test_no_code_stands_in_a_rule() -> None:
    """A string that is a code, or the beginning of some, belongs into a table: in scores too."""
    found = [
        f"{path.name}:{node.lineno}: {node.value}"
        for path in sorted((*ROOM.glob("*.py"), *SCORES.glob("*.py")))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"(?:0[1-9]|1\d|20)\d{0,2}", node.value)
    ]
    assert found == []
