"""The embedding step of spaCy's models, computed once for each distinct word of a batch.

What `MultiHashEmbed` gives for a token depends on its word alone, and running text repeats its
words: of a hundred stories' tokens about a sixth are distinct. The weights and the sums are the
model's own, so its output is the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.compat.liberty import Liberty

LIBERTY = Liberty(
    library="thinc",
    version="8.3.14",
    why="an embedding is computed for each token, though it depends on the word alone",
)

_STEPS = ("extract_features", "list2ragged", "with_array", "with_array", "ragged2list")
# Odd numbers without a common pattern: products and sums modulo 2**64 tell rows apart. As many as
# the most columns that a model has, those of news-es: one with more is left as it is.
_FACTORS = np.array(
    [
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0xD6E8FEB86659FD93,
        0xA0761D6478BD642F,
        0xE7037ED1A0B428DB,
        0x8EBC6AF09C88C6E3,
        0x589965CC75374CC3,
        0x1D8E4E27C47D124F,
    ],
    dtype="uint64",
)


def embed_distinct(model: Any) -> None:
    """Let every `MultiHashEmbed` without static vectors in a thinc model work on distinct words."""
    for node in model.walk():
        names = tuple(layer.name.split("(", 1)[0] for layer in node.layers)
        if names == _STEPS and len(node.layers[0].attrs["columns"]) <= len(_FACTORS):
            node._func = _forward


def _forward(model: Any, docs: Any, is_train: bool) -> Any:  # noqa: ARG001 - thinc names it
    extract, _, hashes, mix, _ = model.layers
    features = extract.predict(docs)
    sizes = [len(rows) for rows in features]
    rows = np.concatenate(features)
    keys = (rows * _FACTORS[: rows.shape[1]]).sum(axis=1, dtype="uint64")
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    table = mix.predict(hashes.predict(rows[first]))
    return np.split(table[inverse], np.cumsum(sizes)[:-1]), _no_gradient


def _no_gradient(_gradient: Any) -> Any:
    raise NotImplementedError("the embedding of distinct words is for prediction only")
