"""The entity models that come with Dateline: small files, checked when they are loaded.

A model is a folder of `pipeline/enrich/models/`: `model.json` (language, kinds, sizes, digests),
`weights.npz` (the network's numbers in half precision, in the order of its nodes) and `card.md`.
The tables of word classes lie beside them, since models may share one. `training/` makes them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.enrich.entities.network import WordTable, new_recognizer
from pipeline.enrich.lexicon import load_lexicon
from pipeline.errors import ModelError

if TYPE_CHECKING:
    from spacy.language import Language

FOLDER = Path(__file__).parents[1] / "models"
WORDS = "words.npz"
"""The table of word classes that every model looks a word up in, last."""
_HALF, _FULL = "float16", "float32"


@dataclass(frozen=True, slots=True)
class Description:
    """What `model.json` says: `rows` are the sizes of the hash tables, `digests` SHA-256 by file.

    `words` are the files of the tables of word classes that are a part of the network, if there are
    any, in the order in which a word is looked up in them.
    `whole`: it was fitted to all documents of its sets, so that none of them can measure it.
    """

    language: str
    kinds: tuple[str, ...]
    rows: tuple[int, ...]
    words: tuple[str, ...]
    digests: dict[str, str]
    whole: bool = False


def is_shipped(name: str, folder: Path = FOLDER) -> bool:
    """Say whether a model of that name comes with Dateline."""
    return (folder / name / "model.json").is_file()


def describe(name: str, folder: Path = FOLDER) -> Description:
    """Return what a shipped model says of itself."""
    said = json.loads((folder / name / "model.json").read_text(encoding="utf-8"))
    return Description(
        said["language"],
        tuple(said["kinds"]),
        tuple(said["rows"]),
        tuple(said["words"]),
        dict(said["digests"]),
        bool(said.get("whole")),
    )


def shipped_hash(name: str, folder: Path = FOLDER) -> str:
    """Return the SHA-256 over the digests of what makes the model's answers.

    The card is not part of it.
    """
    description = describe(name, folder)
    parts = [description.language, *description.kinds, *map(str, description.rows)]
    parts += [f"{file}={digest}" for file, digest in sorted(description.digests.items())]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@lru_cache(maxsize=8)
def load_shipped(name: str, folder: Path = FOLDER) -> tuple[Language, Any]:
    """Return the tokenizer's pipeline and the recognizer of a shipped model.

    Raises ModelError for files that are not those that the model was made with.
    """
    import spacy

    description = describe(name, folder)
    for file, digest in description.digests.items():
        path = folder / file if file in description.words else folder / name / file
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise ModelError("A file of the model is missing or another one", model=name, file=file)
    nlp = spacy.blank(description.language)
    # The step's own vocabulary has met no text: that of `nlp` can be replaced, and let go.
    base = spacy.blank("xx")
    table = word_table(description.words, folder) if description.words else None
    step = new_recognizer(base, description.kinds, load_lexicon(), table, description.rows)
    for string in base.vocab.strings:
        nlp.vocab.strings.add(string)
    with np.load(folder / name / "weights.npz") as weights:
        for key, node, param in parameters(step.model):
            node.set_param(param, weights[key].astype(_FULL))
    return nlp, step


@lru_cache(maxsize=8)
def word_table(files: tuple[str, ...] = (WORDS,), folder: Path = FOLDER) -> WordTable:
    """Return the table of word classes of the first file, behind it those of the others."""
    first, *others = files
    after = word_table(tuple(others), folder) if others else None
    with np.load(folder / first) as held:
        return WordTable(held["keys"], held["rows"], held["steps"], float(held["step"]), after)


def save(
    step: Any,
    name: str,
    *,
    language: str,
    kinds: tuple[str, ...],
    rows: tuple[int, ...],
    words: tuple[str, ...],
    folder: Path,
    home: Path | None = None,
    whole: bool = False,
) -> None:
    """Write a recognizer of our network as the model `name`, below `home` or where they ship.

    The files `words` are in `folder`.
    """
    home = (home or folder) / name
    home.mkdir(parents=True, exist_ok=True)
    weights = {
        key: node.get_param(param).astype(_HALF) for key, node, param in parameters(step.model)
    }
    np.savez_compressed(home / "weights.npz", **weights)
    files = {"weights.npz": home / "weights.npz"} | {file: folder / file for file in words}
    said: dict[str, Any] = {
        "language": language,
        "kinds": kinds,
        "rows": rows,
        "words": words,
        "digests": {file: hashlib.sha256(p.read_bytes()).hexdigest() for file, p in files.items()},
    }
    said |= {"whole": True} if whole else {}
    (home / "model.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def save_words(table: WordTable, file: str, folder: Path) -> None:
    """Write a table of word classes, without those behind it."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        folder / file, keys=table.keys, rows=table.rows, steps=table.steps, step=table.step
    )


def parameters(model: Any) -> list[tuple[str, Any, str]]:
    """List (key, node, parameter) of all weights, in the order of the network's nodes."""
    return [
        (f"{number}.{param}", node, param)
        for number, node in enumerate(model.walk())
        for param in node.param_names
        if node.has_param(param)
    ]
