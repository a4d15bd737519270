"""spaCy's entity recognizer decoded for a whole batch at once, with the same answers.

`EntityRecognizer` takes the best valid action token by token, for all documents of a batch side by
side. Outside an entity its state is the next token alone; so the action at every token, should it
be met outside one, is a single matrix product. Inside an entity only "in" and "last" of its own
kind are valid: these are followed for all entities of the batch together, until the last has
ended. Measured: a fifth of the time of `EntityRecognizer.predict`, of which most goes into taking
and letting go of the interpreter's lock at each token.

It goes by how spaCy lays out the recognizer's network and by which of its actions are valid
(`pipeline/_parser_internals/ner.pyx`), for documents that have neither entities nor sentence starts
set.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.compat.liberty import Liberty
from pipeline.compat.spacy_transitions import greatest, network_of
from pipeline.compat.thinc_encoder import WindowEncoder, encoder_in_blocks, widened

LIBERTY = Liberty(
    library="spacy",
    version="3.8.18",
    why="the recognizer goes token by token, and most of its time is spent on the lock",
    issue="https://github.com/explosion/spaCy/pull/1438",
)

_FEATURES = 3
"""Tokens that a state is described by: the next one, the entity's first, the one before."""

_MARKS = ("IS_SPACE", "IS_LOWER", "IS_PUNCT", "LIKE_NUM")
"""Attributes of tokens that are no name by themselves; the first says which can be in none."""
_AROUND = 2
"""How far from a token that may be a name others are looked at: "van der Bellen", "Bank of the
South"."""
_MOST_WITHOUT = 30
"""Tokens in a row without a capital letter: where there are more, names may be in small letters."""

_Floats = NDArray[np.float32]
_Ints = NDArray[np.int64]
_Flags = NDArray[np.bool_]


_MOST_AT_ONCE = 64
_OPEN = 0
"""In place of an end that is not known yet."""


@dataclass(frozen=True, slots=True)
class Decoder:
    """The weights of one recognizer, and what its classes stand for.

    `outside` are the classes of the actions outside an entity, in order; `inside` and `last` give
    the class of the same kind for a class that begins an entity (-1 for any other), `kinds` the
    kind of each class ('' for "O").
    """

    vectors: Any
    encoder: WindowEncoder | None
    lower: Any
    weights: _Floats
    bias: _Floats
    outside: _Ints
    begins: _Flags
    inside: _Ints
    last: _Ints
    kinds: tuple[str, ...]

    def entities(self, docs: Sequence[Any]) -> Iterator[list[tuple[int, int, str]]]:
        """Yield each tokenized document's entities: tokens `[start, end)` and the kind."""
        sizes = np.array([len(doc) for doc in docs], dtype="int64")
        stops = np.cumsum(sizes)
        if not len(stops) or not stops[-1]:
            yield from ([] for _ in docs)
            return
        marks = np.concatenate([doc.to_array(list(_MARKS)) for doc in docs]).astype(bool)
        wanted = np.ones(stops[-1], dtype=bool)
        if self.encoder is not None:
            wanted = _near_names(np.logical_not(marks.any(axis=1)))
        # From here on a token that is not wanted is none: it ends what stands before it.
        tokens = np.flatnonzero(wanted)
        cached = self.lower.predict(self._vectors(docs, wanted))
        state_bias = self.lower.get_param("b")
        is_last = np.ones(len(tokens), dtype=bool)
        is_last[:-1] = np.diff(tokens) > 1
        is_last |= np.isin(tokens, stops - 1)
        actions = self._outside(cached, state_bias, is_last, marks[tokens, 0])
        begun = _Begun(cached, state_bias, is_last, actions)
        ends = np.arange(1, len(actions) + 1)
        self._run_on(begun, ends, np.flatnonzero(self.begins[actions]), _MOST_AT_ONCE)
        named = np.flatnonzero([kind != "" for kind in self.kinds])
        starts = np.flatnonzero(np.isin(actions, named))
        bounds = np.searchsorted(tokens[starts], stops)
        begin = 0
        for first, bound in zip(stops - sizes, bounds, strict=True):
            found: list[tuple[int, int, str]] = []
            free = 0
            for start in starts[begin:bound].tolist():
                if start >= free:
                    if ends[start] == _OPEN:
                        self._run_on(begun, ends, np.array([start]), len(ends))
                    free = int(ends[start])
                    kind = self.kinds[actions[start]]
                    found.append(
                        (int(tokens[start] - first), int(tokens[free - 1] + 1 - first), kind)
                    )
            begin = bound
            yield found

    def _vectors(self, docs: Sequence[Any], wanted: _Flags) -> Any:
        if self.encoder is None:
            return self.vectors.predict(docs)
        (embed, _), (_, linear) = self.vectors.layers[0].layers, self.vectors.layers[1:]
        encoded = self.encoder.lists(embed.predict(docs), wanted)
        return linear.predict(np.concatenate(encoded)[wanted])

    def _outside(
        self, cached: Any, state_bias: _Floats, is_last: _Flags, is_space: _Flags
    ) -> _Ints:
        """Return the best action at each token outside an entity, as a class."""
        padding = cached[0]
        hidden = greatest(cached[1:, 0] + (padding[1] + padding[2] + state_bias))
        scores = hidden @ self.weights[self.outside].T + self.bias[self.outside]
        begins = self.begins[self.outside]
        scores[np.ix_(is_last, begins)] = -np.inf
        is_out = np.array([self.kinds[number] == "" for number in self.outside])
        scores[np.ix_(is_space, ~is_out)] = -np.inf
        best: _Ints = self.outside[scores.argmax(axis=1)]
        return best

    def _run_on(self, begun: _Begun, ends: _Ints, first: _Ints, most: int) -> None:
        """Note in `ends` where the entities end that begin at the tokens `first`.

        `_OPEN` where one goes on for more than `most` tokens: of a text that is one long name each
        token may begin one, and only the first is asked for its end.
        """
        cached, actions = begun.cached, begun.actions
        at = first + 1
        for _ in range(most):
            if not len(first):
                return
            # Row 0 of `cached` is padding, so row i + 1 is token i.
            state = cached[at + 1, 0] + cached[first + 1, 1] + cached[at, 2] + begun.state_bias
            hidden = greatest(state)
            inside, last = self.inside[actions[first]], self.last[actions[first]]
            goes_on = (hidden * self.weights[inside]).sum(axis=1) + self.bias[inside]
            stops = (hidden * self.weights[last]).sum(axis=1) + self.bias[last]
            ended = begun.is_last[at] | (stops > goes_on)
            ends[first[ended]] = at[ended] + 1
            first, at = first[~ended], at[~ended] + 1
        ends[first] = _OPEN


@dataclass(frozen=True, slots=True)
class _Begun:
    """What the parser's layers gave for each token, and the action that was chosen there."""

    cached: Any
    state_bias: _Floats
    is_last: _Flags
    actions: _Ints


def _near_names(may_be_name: _Flags) -> _Flags:
    """Flag the tokens that a name can be made of: those near a capital letter, and whole stretches
    where there is none for long."""
    wanted = widened(may_be_name, _AROUND)
    edges = np.flatnonzero(np.diff(np.concatenate(([True], wanted, [True]))))
    for begin, end in edges.reshape(-1, 2):
        if end - begin > _MOST_WITHOUT:
            wanted[begin:end] = True
    return wanted


def decoder(step: Any) -> Decoder | None:
    """Return the decoder of an entity recognizer; None for one that is built in another way."""
    network = network_of(step, "EntityRecognizer", _FEATURES)
    if network is None:
        return None
    names = network.names
    numbers = {name: number for number, name in enumerate(names)}
    outside = [n for n, name in enumerate(names) if name == "O" or name[:2] in ("B-", "U-")]
    return Decoder(
        network.vectors,
        _encoder(network.vectors),
        network.lower,
        network.weights,
        network.bias,
        np.array([number for number in outside if names[number] != "U-"]),
        np.array([name.startswith("B-") for name in names]),
        np.array([numbers.get(f"I-{name[2:]}", -1) for name in names]),
        np.array([numbers.get(f"L-{name[2:]}", -1) for name in names]),
        tuple(name[2:] for name in names),
    )


def _encoder(vectors: Any) -> WindowEncoder | None:
    """Return the encoder of "embedding, encoder; then one array, then a product", if it is one that
    works in blocks."""
    names = [node.name.split(">>", 1)[0] for node in vectors.layers]
    if names[1:] != ["list2array", "linear"] or len(vectors.layers[0].layers) != 2:
        return None
    return encoder_in_blocks(vectors.layers[0].layers[1])
