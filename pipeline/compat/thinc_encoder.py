"""The window encoder of spaCy's models, computed in blocks that stay in the processor's cache.

`MaxoutWindowEncoder` is four times the same: the vectors of a token and its two neighbours, side by
side, times a matrix; the greatest of three pieces; normalised; added to the token's vector. thinc
makes each a pass over all tokens, with an array of its own. Here a block of tokens goes through all
of a layer's steps at once. The weights are the model's own, its sums are rounded in another order:
its vectors are the same to six digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.compat.liberty import Liberty
from pipeline.compat.thinc_embedding import no_gradient

LIBERTY = Liberty(
    library="thinc",
    version="8.3.14",
    why="a layer's steps are passes over all tokens: the products are less than half of its time",
)

_BLOCK = 512
"""Tokens of a block: what a layer makes of them, 600 kB a step, stays in a core's own cache."""
_LAYER = frozenset({"expand_window", "maxout", "layernorm"})

_WINDOW = np.arange(3)

_Floats = NDArray[np.float32]
_Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer: `weights` (3 * width, pieces * width) have the columns of a piece side by side."""

    weights: _Floats
    bias: _Floats
    scale: _Floats
    shift: _Floats
    pieces: int


@dataclass(frozen=True, slots=True)
class WindowEncoder:
    """The layers of an encoder, each of which sees one token to the left and one to the right."""

    layers: tuple[_Layer, ...]
    width: int

    def lists(self, vectors: Sequence[_Floats], wanted: _Flags | None = None) -> list[_Floats]:
        """Encode the tokens' vectors of documents, each by itself: arrays (tokens, width).

        `wanted` has a flag for every token of all documents; the vectors of others mean nothing.
        """
        gap = len(self.layers)
        sizes = [len(one) for one in vectors]
        total = sum(sizes) + gap * (len(sizes) + 1)
        # A row more on either side: the first and the last token of all have zeros beside them.
        held = np.zeros((total + 2, self.width), dtype="float32")
        flags = np.zeros(total, dtype=bool)
        begins, at, token = [], gap, 0
        for one, size in zip(vectors, sizes, strict=True):
            held[at + 1 : at + 1 + size] = one
            flags[at : at + size] = True if wanted is None else wanted[token : token + size]
            begins.append(at + 1)
            at, token = at + size + gap, token + size
        found = self._encoded(held, flags)
        return [found[at : at + size] for at, size in zip(begins, sizes, strict=True)]

    def _encoded(self, held: _Floats, wanted: _Flags) -> _Floats:
        """Encode rows between a row of zeros on either side; documents have rows of zeros
        between them, as many as there are layers."""
        work = _Work.of(_BLOCK, self.width, self.layers[0].pieces)
        after = np.zeros_like(held)
        for number, layer in enumerate(self.layers):
            rows = np.flatnonzero(widened(wanted, len(self.layers) - 1 - number))
            for at in range(0, len(rows), _BLOCK):
                block = rows[at : at + _BLOCK]
                after[block + 1] = work.through(layer, held, block)
            held, after = after, held
        return held


@dataclass(frozen=True, slots=True)
class _Work:
    """Arrays that each block is worked out in: the processor's cache knows them already."""

    seen: _Floats
    pieces: _Floats
    best: _Floats

    @classmethod
    def of(cls, rows: int, width: int, pieces: int) -> _Work:
        return cls(
            np.empty((rows, 3, width), dtype="float32"),
            np.empty((rows, pieces * width), dtype="float32"),
            np.empty((rows, width), dtype="float32"),
        )

    def through(self, layer: _Layer, held: _Floats, rows: NDArray[np.int64]) -> _Floats:
        """Return what a layer makes of some rows; row `i` has its neighbours at `i` and `i + 2`."""
        size, width = len(rows), self.best.shape[1]
        seen, pieces, best = self.seen[:size], self.pieces[:size], self.best[:size]
        held.take(rows[:, None] + _WINDOW, axis=0, out=seen, mode="clip")
        np.matmul(seen.reshape(size, 3 * width), layer.weights, out=pieces)
        pieces += layer.bias
        np.maximum(pieces[:, :width], pieces[:, width : 2 * width], out=best)
        for number in range(2, layer.pieces):
            np.maximum(best, pieces[:, number * width : (number + 1) * width], out=best)
        best -= (best @ np.full(width, 1 / width, dtype="float32"))[:, None]
        variance = np.einsum("ij,ij->i", best, best) / np.float32(width) + np.float32(1e-8)
        best *= (1 / np.sqrt(variance))[:, None]
        best *= layer.scale
        best += layer.shift
        best += seen[:, 1]
        return best


def widened(flags: _Flags, by: int) -> _Flags:
    """Flag what stands so near to what is flagged too."""
    for _ in range(by):
        wider = flags.copy()
        wider[1:] |= flags[:-1]
        wider[:-1] |= flags[1:]
        flags = wider
    return flags


def _window_encoder(model: Any) -> WindowEncoder | None:
    """Return the encoder of a `MaxoutWindowEncoder` node; None for one that is built otherwise."""
    if not model.name.startswith("with_array") or not model.layers:
        return None
    inner = model.layers[0]
    layers = [_layer(part) for part in inner.layers]
    known = [layer for layer in layers if layer is not None]
    if not known or len(known) != len(layers) or model.attrs.get("pad") != len(known):
        return None
    width = len(known[0].scale)
    shape = (3 * width, known[0].pieces * width)
    if any(layer.weights.shape != shape for layer in known):
        return None
    return WindowEncoder(tuple(known), width)


def _layer(part: Any) -> _Layer | None:
    if not part.name.startswith("residual"):
        return None
    nodes = {node.name: node for node in part.walk() if not node.layers}
    if nodes.keys() - {"dropout"} != _LAYER or nodes["expand_window"].attrs["window_size"] != 1:
        return None
    weights, bias = nodes["maxout"].get_param("W"), nodes["maxout"].get_param("b")
    outputs, pieces, inputs = weights.shape
    if pieces < 2:
        return None
    flat = weights.transpose(1, 0, 2).reshape(pieces * outputs, inputs)
    return _Layer(
        np.ascontiguousarray(flat.T, dtype="float32"),
        np.ascontiguousarray(bias.T.reshape(-1), dtype="float32"),
        np.array(nodes["layernorm"].get_param("G"), dtype="float32"),
        np.array(nodes["layernorm"].get_param("b"), dtype="float32"),
        pieces,
    )


def encode_in_blocks(model: Any) -> None:
    """Let every window encoder within a thinc model, whose weights are fitted, work in blocks."""
    for node in model.walk():
        encoder = _window_encoder(node)
        if encoder is not None:
            node._func = _Forward(encoder)


def encoder_in_blocks(node: Any) -> WindowEncoder | None:
    """Return the encoder of a node that works in blocks; None for any other."""
    return node._func.encoder if isinstance(node._func, _Forward) else None


@dataclass(frozen=True, slots=True)
class _Forward:
    encoder: WindowEncoder

    def __call__(self, model: Any, vectors: Any, is_train: bool) -> Any:  # noqa: ARG002 - thinc names them
        return self.encoder.lists(vectors), no_gradient
