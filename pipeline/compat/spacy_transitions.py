"""The network of spaCy's transition-based steps, as our decoders of entities and arcs read it.

`EntityRecognizer` and `DependencyParser` have the same network: vectors of tokens, a lower layer
worked out for each token and each place in a state that it may stand at, and an upper layer that
scores the actions. It goes by how spaCy lays this out (its module `tb_framework`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.compat.liberty import Liberty

LIBERTY = Liberty(
    library="spacy",
    version="3.8.18",
    why="a step gives its network's parts by names that are not documented",
)

_Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Network:
    """The parts of one step's network; `names` are those of the actions, in the order of scores."""

    vectors: Any
    lower: Any
    weights: _Floats
    bias: _Floats
    names: tuple[str, ...]


def network_of(step: Any, kind: str, features: int) -> Network | None:
    """Return the network of a step of class `kind` whose states are `features` tokens.

    None for a step that is built in another way.
    """
    if type(step).__name__ != kind or step.cfg.get("beam_width", 1) != 1:
        return None
    model = step.model
    if not model.attrs.get("has_upper") or model.attrs.get("unseen_classes"):
        return None
    lower, upper = model.get_ref("lower"), model.get_ref("upper")
    if lower.get_dim("nF") != features or lower.get_dim("nP") < 2:
        return None
    names = tuple(step.moves.get_class_name(number) for number in range(step.moves.n_moves))
    if len(names) != upper.get_dim("nO"):
        return None
    weights, bias = upper.get_param("W"), upper.get_param("b")
    return Network(model.get_ref("tok2vec"), lower, weights, bias, names)


def greatest(pieces: _Floats) -> _Floats:
    """Return the greatest of the pieces, which are few: numpy's `max` goes number by number."""
    found: _Floats = np.maximum(pieces[..., 0], pieces[..., 1])
    for number in range(2, pieces.shape[-1]):
        np.maximum(found, pieces[..., number], out=found)
    return found
