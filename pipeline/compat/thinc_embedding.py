"""The embedding step of spaCy's models, computed once for each word and kept.

What `MultiHashEmbed` gives for a token depends on its word alone, and running text repeats its
words: of a hundred stories' tokens about a sixth are distinct, and most of those stood in earlier
stories too. The weights and the sums are the model's own, so its output is the same.
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


MOST_KEPT = 20_000
"""Words whose vectors a model keeps, 8 MB of them: the first ones that it meets, which are nearly
all tokens of any text."""


def embed_distinct(model: Any) -> None:
    """Let every `MultiHashEmbed` without static vectors in a thinc model work on distinct words."""
    for node in model.walk():
        names = tuple(layer.name.split("(", 1)[0] for layer in node.layers)
        if names == _STEPS and len(node.layers[0].attrs["columns"]) <= len(_FACTORS):
            node._func = _Embedding()


class _Embedding:
    """The forward step of one node: a vector for each word, of which it keeps the first ones."""

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}
        self._kept: Any = None

    def __call__(self, model: Any, docs: Any, is_train: bool) -> Any:  # noqa: ARG002 - thinc names it
        extract, _, hashes, mix, _ = model.layers
        features = extract.predict(docs)
        sizes = [len(rows) for rows in features]
        rows = np.concatenate(features)
        keys = rows @ _FACTORS[: rows.shape[1]]
        distinct, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        known = np.array([self._rows.get(key, -1) for key in distinct.tolist()], dtype="int64")
        new = np.flatnonzero(known < 0)
        if self._kept is None:
            # Filled at once: a table that fills with the words would look like a leak.
            self._kept = np.full((MOST_KEPT, mix.get_dim("nO")), 0.0, dtype="float32")
        table = self._kept[known]
        if len(new):
            table[new] = mix.predict(hashes.predict(rows[first[new]]))
            self._keep(distinct[new], table[new])
        return np.split(table[inverse], np.cumsum(sizes)[:-1]), no_gradient

    def _keep(self, keys: Any, vectors: Any) -> None:
        begin = len(self._rows)
        count = min(len(keys), MOST_KEPT - begin)
        self._kept[begin : begin + count] = vectors[:count]
        self._rows.update(zip(keys[:count].tolist(), range(begin, begin + count), strict=True))


def no_gradient(_gradient: Any) -> Any:
    """Refuse to be fitted: a forward step of ours is for prediction only."""
    raise NotImplementedError("this step is for prediction only")
