"""Fitting a recognizer to labelled texts: seeded, on one core."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from pipeline.enrich.entities.network import LISTED, PIECE

Labelled = tuple[int, int, str]
Text = tuple[str, Sequence[Labelled]]

CHUNK_TOKENS = 20
BATCH_TOKENS = 500
"""Small batches of short pieces: more steps of the fit in the same time."""


def examples(nlp: Any, texts: Sequence[Text]) -> Iterator[Any]:
    """The texts as spaCy's examples, cut at paragraphs so that batches mix their stories.

    A span that ends within a word of the tokenizer ("Ala" in "Ala.") takes the whole word.
    """
    from spacy.training import Example
    from spacy.util import filter_spans

    for text, spans in texts:
        for start, end in _chunks(text):
            doc = nlp.make_doc(text[start:end])
            inside = [
                doc.char_span(a - start, b - start, kind, alignment_mode="expand")
                for a, b, kind in spans
                if start <= a and b <= end
            ]
            gold = filter_spans([span for span in inside if span is not None])
            yield Example.from_dict(
                doc, {"entities": [(s.start_char, s.end_char, s.label_) for s in gold]}
            )


def _chunks(text: str) -> Iterator[tuple[int, int]]:
    begin = at = 0
    for paragraph in text.split("\n\n"):
        at += len(paragraph)
        if text.count(" ", begin, at) >= CHUNK_TOKENS or at >= len(text):
            yield begin, at
            begin = at
        at += 2
    if begin < len(text):
        yield begin, len(text)


def fit(
    nlp: Any,
    step: Any,
    texts: Callable[[int], Sequence[Text]],
    *,
    epochs: int,
    stop: int | None = None,
    seed: int = 17,
    rate: float = 0.001,
    dropout: float = 0.2,
    after: Callable[[int, float], None] = lambda _epoch, _loss: None,
) -> None:
    """Fit `step` to `texts(epoch)`; `stop` ends before the `epochs` that the rate falls over.

    At the end, and whenever `after` is called, its weights are the average of all steps'.
    """
    from thinc.api import Adam

    random.seed(seed)
    np.random.seed(seed)
    order = random.Random(seed)  # noqa: S311 - a seeded order, no secret
    optimizer = Adam(rate, L2=0.01, L2_is_weight_decay=True, grad_clip=1.0, use_averages=True)
    total = 0
    steps_of_all = None
    made: dict[str, list[Any]] = {}
    for epoch in range(stop or epochs):
        found: list[Any] = []
        for text, spans in texts(epoch):
            if text not in made:
                made[text] = list(examples(nlp, [(text, spans)]))
            found += made[text]
        order.shuffle(found)
        batches = list(_batches(found))
        steps_of_all = steps_of_all or epochs * len(batches)
        losses: dict[str, float] = {}
        for batch in batches:
            warm = min(1.0, (total + 1) / 200)
            optimizer.learn_rate = rate * warm * max(0.02, 1 - total / steps_of_all)
            step.update(batch, drop=dropout, sgd=optimizer, losses=losses)
            total += 1
        with step.model.use_params(optimizer.averages):
            after(epoch, losses.get("ner", 0.0))
    for node in step.model.walk():
        for name in node.param_names:
            if node.has_param(name) and (node.id, name) in optimizer.averages:
                node.set_param(name, optimizer.averages[node.id, name].copy())


def _batches(found: Sequence[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    size = 0
    for example in found:
        batch.append(example)
        size += len(example.predicted)
        if size >= BATCH_TOKENS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def begin_from(step: Any, other: Any) -> None:
    """Give `step` the weights of another recognizer of this architecture, where they fit.

    Tables and columns that the other does not have keep theirs at random; classes are matched by
    their name.
    """
    theirs = [node for node in other.model.walk() if node.param_names]
    lacking = {LISTED, PIECE} - {node.name for node in theirs}
    ours = [n for n in step.model.walk() if n.param_names and n.name not in lacking]
    upper, other_upper = step.model.get_ref("upper"), other.model.get_ref("upper")
    for own, its in zip(ours, theirs, strict=True):
        if own is upper:
            _copy_classes(step, other, upper, other_upper)
            continue
        for name in own.param_names:
            weights, source = own.get_param(name).copy(), its.get_param(name)
            if weights.shape == source.shape:
                weights[...] = source
            elif weights.ndim == 3 and weights.shape[:2] == source.shape[:2]:
                weights *= 0.3
                weights[..., : source.shape[2]] = source
            else:
                continue
            own.set_param(name, weights)


def _copy_classes(step: Any, other: Any, upper: Any, source: Any) -> None:
    numbers = {other.moves.get_class_name(n): n for n in range(other.moves.n_moves)}
    weights, bias = upper.get_param("W").copy(), upper.get_param("b").copy()
    for number in range(step.moves.n_moves):
        its = numbers.get(step.moves.get_class_name(number))
        if its is not None:
            weights[number] = source.get_param("W")[its]
            bias[number] = source.get_param("b")[its]
    upper.set_param("W", weights)
    upper.set_param("b", bias)
