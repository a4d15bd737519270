"""spaCy's dependency parser run over many short texts side by side, with the same answers.

`DependencyParser` takes one action after another, for thirty texts at a time, and asks for the
interpreter's lock at each. Here one step is some forty operations on arrays of all texts that are
not at their end. The transition system is spaCy's (arc-eager, Nivre 2003, with the actions of
`pipeline/_parser_internals/arc_eager.pyx`), for texts of one sentence each: the action that begins
another sentence is never valid.

It goes by how spaCy lays out the parser's network and its state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.compat.liberty import Liberty
from pipeline.compat.spacy_transitions import greatest, network_of

LIBERTY = Liberty(
    library="spacy",
    version="3.8.18",
    why="the parser goes action by action for few texts, and most of its time is spent on the lock",
    issue="https://github.com/explosion/spaCy/pull/1438",
)

_SHIFT, _REDUCE, _LEFT, _RIGHT = range(4)
_MOVES = "SDLR"
_BREAK = "B"
_FEATURES = 8
_NUMBERS = np.arange(_FEATURES)
_MOST_TOKENS = 12_000
"""Words of texts side by side: what the network keeps of them takes 50 MB."""

_Floats = NDArray[np.float32]
_Ints = NDArray[np.int64]
_Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ArcParser:
    """The weights of one parser, and what its actions stand for: shift, reduce, then the arcs.

    `moves` and `labels` have the kind of each of these actions and the hash of its dependency,
    `weights` (width, actions) and `bias` score them; `root` is the hash of the root's dependency.
    """

    step: Any
    vectors: Any
    lower: Any
    weights: _Floats
    bias: _Floats
    moves: _Ints
    labels: NDArray[np.uint64]
    root: int

    def parse(self, docs: Sequence[Any]) -> None:
        """Set heads and dependencies of tagged texts, of which each is one sentence."""
        group: list[Any] = []
        tokens = 0
        for doc in sorted((doc for doc in docs if len(doc)), key=len):
            if group and tokens + len(doc) > _MOST_TOKENS:
                self._parse(group)
                group, tokens = [], 0
            group.append(doc)
            tokens += len(doc)
        if group:
            self._parse(group)

    def _parse(self, docs: Sequence[Any]) -> None:
        cached = self.lower.predict(self.vectors.predict(docs))
        rows, features, width, pieces = cached.shape
        flat = cached.reshape(rows * features, width * pieces)
        bias = self.lower.get_param("b").reshape(-1)
        states = _States(np.array([len(doc) for doc in docs], dtype="int64"))
        while len(live := states.live()):
            now = states.seen(live)
            seen = flat.take(now.features, axis=0).sum(axis=1)
            seen += bias
            scores = greatest(seen.reshape(len(live), width, pieces)) @ self.weights
            scores += self.bias
            scores[~now.can_shift, 0] = -np.inf
            scores[~now.can_reduce, 1] = -np.inf
            scores[~now.can_join, 2:] = -np.inf
            best = scores.argmax(axis=1)
            states.go_on(live, now, self.moves[best], self.labels[best])
        self._write(docs, states.heads, states.labels)

    def _write(self, docs: Sequence[Any], heads: _Ints, labels: NDArray[np.uint64]) -> None:
        from spacy.attrs import DEP, HEAD

        is_root = heads < 0
        values = np.empty((*heads.shape, 2), dtype="uint64")
        # How far away the head is: what is negative wraps around, as spaCy has it.
        values[..., 0] = np.where(is_root, 0, heads - np.arange(heads.shape[1])).view("uint64")
        values[..., 1] = np.where(is_root, np.uint64(self.root), labels)
        for number, doc in enumerate(docs):
            doc.from_array([HEAD, DEP], values[number, : len(doc)])
            for hook in self.step.postprocesses:
                hook(doc)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the next actions of states depend on: the next word and the top of the stack (-1: none),
    the rows of the network's answers, and what each may do."""

    first: _Ints
    top: _Ints
    features: _Ints
    can_shift: _Flags
    can_reduce: _Flags
    can_join: _Flags


class _States:
    """The states of texts side by side: `StateC` of spaCy's, with a row a text.

    A text's stack grows upwards, so does what was put back before the words that are still to come
    (`back`). Of a word's dependants the last one on either side is known, and of a dependant the
    one before it on its side.
    """

    def __init__(self, sizes: _Ints) -> None:
        texts, most = len(sizes), int(sizes.max())
        self._sizes = sizes
        # Row 0 of the network's answers is padding.
        self._offsets = np.cumsum(sizes) - sizes + 1
        self._stack = np.full((texts, most + 1), -1)
        self._depth = np.zeros(texts, dtype="int64")
        self._back = np.full((texts, most + 1), -1)
        self._held = np.zeros(texts, dtype="int64")
        self._next = np.zeros(texts, dtype="int64")
        self._was_put_back = np.zeros((texts, most + 1), dtype=bool)
        self._last_left = np.full((texts, most + 1), -1)
        self._last_right = np.full((texts, most + 1), -1)
        self._before = np.full((texts, most), -1)
        self.heads = np.full((texts, most), -1)
        self.labels = np.zeros((texts, most), dtype="uint64")

    def live(self) -> _Ints:
        """Return the texts that are not at their end."""
        buffered = self._sizes - self._next + self._held
        return np.flatnonzero((self._depth > 0) | (buffered > 0))

    def _in_stack(self, live: _Ints, nth: int) -> _Ints:
        at = self._depth[live] - 1 - nth
        found: _Ints = np.where(at >= 0, self._stack[live, np.maximum(at, 0)], -1)
        return found

    def _in_buffer(self, live: _Ints, nth: int) -> _Ints:
        held = self._held[live]
        ahead = self._next[live] + nth - held
        ahead = np.where(ahead < self._sizes[live], ahead, -1)
        if not held.any():
            return ahead
        return np.where(held > nth, self._back[live, np.maximum(held - 1 - nth, 0)], ahead)

    def seen(self, live: _Ints) -> _Seen:
        """Describe the states of texts that are not at their end."""
        depth, held = self._depth[live], self._held[live]
        buffered = self._sizes[live] - self._next[live] + held
        first, top = self._in_buffer(live, 0), self._in_stack(live, 0)
        # Where there is no word (-1), the last column says that it has no dependants.
        ids = np.empty((len(live), _FEATURES), dtype="int64")
        ids[:, 0] = first
        ids[:, 1] = self._in_buffer(live, 1)
        ids[:, 2] = top
        ids[:, 3] = self._in_stack(live, 1)
        ids[:, 4] = self._in_stack(live, 2)
        ids[:, 5] = self._last_left[live, first]
        ids[:, 6] = self._last_left[live, top]
        ids[:, 7] = self._last_right[live, top]
        rows = np.where(ids >= 0, ids + self._offsets[live][:, None], 0)
        has_stack = depth > 0
        return _Seen(
            first,
            top,
            rows * _FEATURES + _NUMBERS,
            ~has_stack | ((buffered >= 2) & ~self._was_put_back[live, first]),
            # The first word of a text alone may begin a sentence: what stands alone on the stack
            # goes when no word is left.
            has_stack & ((buffered == 0) | (depth > 1) | (first == 0)),
            has_stack & (buffered > 0),
        )

    def go_on(self, live: _Ints, now: _Seen, kinds: _Ints, labels: NDArray[np.uint64]) -> None:
        """Take the action of each state."""
        for kind, act in ((_LEFT, self._join_left), (_RIGHT, self._join_right)):
            at = np.flatnonzero(kinds == kind)
            if len(at):
                act(live[at], now.first[at], now.top[at], labels[at])
        at = np.flatnonzero((kinds == _RIGHT) | (kinds == _SHIFT))
        if len(at):
            self._push(live[at], now.first[at])
        at = np.flatnonzero(kinds == _REDUCE)
        if len(at):
            self._reduce(live[at], now.top[at])

    def _join_left(
        self, texts: _Ints, head: _Ints, child: _Ints, labels: NDArray[np.uint64]
    ) -> None:
        earlier = self.heads[texts, child]
        again = np.flatnonzero(earlier >= 0)
        if len(again):
            # It was the last dependant of that head on its side, or it would not be on top.
            own, of, what = texts[again], earlier[again], child[again]
            before = self._before[own, what]
            on_right = what > of
            self._last_right[own[on_right], of[on_right]] = before[on_right]
            self._last_left[own[~on_right], of[~on_right]] = before[~on_right]
        self._before[texts, child] = self._last_left[texts, head]
        self.heads[texts, child] = head
        self.labels[texts, child] = labels
        self._last_left[texts, head] = child
        self._was_put_back[texts, head] = False
        self._depth[texts] -= 1

    def _join_right(
        self, texts: _Ints, child: _Ints, head: _Ints, labels: NDArray[np.uint64]
    ) -> None:
        self.heads[texts, child] = head
        self.labels[texts, child] = labels
        # A word that was put back may stand before its head.
        before = np.flatnonzero(child < head)
        if len(before):
            own, of, what = texts[before], head[before], child[before]
            self._before[own, what] = self._last_left[own, of]
            self._last_left[own, of] = what
            after = np.flatnonzero(child > head)
            texts, child, head = texts[after], child[after], head[after]
        self._before[texts, child] = self._last_right[texts, head]
        self._last_right[texts, head] = child

    def _push(self, texts: _Ints, word: _Ints) -> None:
        held = self._held[texts] > 0
        self._held[texts] -= held
        self._next[texts] += ~held
        self._stack[texts, self._depth[texts]] = word
        self._depth[texts] += 1

    def _reduce(self, texts: _Ints, word: _Ints) -> None:
        goes = (self.heads[texts, word] >= 0) | (self._depth[texts] == 1)
        self._depth[texts] -= 1
        stays = np.flatnonzero(~goes)
        if len(stays):
            back, word = texts[stays], word[stays]
            self._was_put_back[back, word] = True
            self._back[back, self._held[back]] = word
            self._held[back] += 1


def arc_parser(step: Any) -> ArcParser | None:
    """Return the parser of a pipeline's step; None for one that is built in another way."""
    network = network_of(step, "DependencyParser", _FEATURES)
    if network is None or "L-subtok" in network.names or "R-subtok" in network.names:
        return None
    names = network.names
    if {"S", "D"} - set(names) or {name[:1] for name in names} - {*_MOVES, _BREAK}:
        return None
    # By kind, and within a kind as spaCy has them: of equal scores its first one counts.
    order = [n for move in _MOVES for n, name in enumerate(names) if name[:1] == move]
    strings = step.vocab.strings
    return ArcParser(
        step,
        network.vectors,
        network.lower,
        network.weights[order].T.copy(),
        network.bias[order],
        np.array([_MOVES.index(names[n][0]) for n in order]),
        np.array([strings.add(names[n][2:]) if names[n][2:] else 0 for n in order], dtype="uint64"),
        strings.add("ROOT"),
    )
