"""Fit a recognizer as a recipe says: its courses side by side, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.compat.spacy_entities import decoder
from pipeline.enrich.entities import ner, shipped
from pipeline.enrich.entities.network import new_recognizer
from pipeline.enrich.lexicon import load_lexicon
from training.fit import begin_from, fit
from training.languages import RECIPES, Course, Labelled4, Recipe, drawn
from training.measure import Score, as_printed, scores

KINDS = (
    "PERSON", "ORG", "GPE", "LOC", "NORP", "FAC", "EVENT", "PRODUCT", "WORK_OF_ART", "LAW",
    "LANGUAGE",
)  # fmt: skip
SEED = 17
ROWS = (5000, 1000, 2500, 2500)
PIECE_ROWS = (2500, 1000, 4000)
"""The sizes of the hash tables of the network's columns, and of those of a word's pieces."""


Weights = list[np.ndarray[Any, Any]]
"""The numbers of a network, in the order of its nodes and of their parameters."""


def train(
    recipe: Recipe,
    fitted: Sequence[Labelled4],
    held: Sequence[Labelled4],
    folder: Path,
    processes: int = 1,
) -> tuple[Any, Any]:
    """A tokenizer and a recognizer fitted to labelled documents, begun from another model's.

    Its weights are the mean of what the recipe's courses reach, each in a process of its own, so
    many at once. What each epoch has reached on `held` is printed.
    """
    import spacy

    if processes == 1:
        weights = [_reached(course, recipe, fitted, held, folder) for course in recipe.courses]
    else:
        with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
            reached = [
                pool.submit(_reached, course, recipe, fitted, held, folder)
                for course in recipe.courses
            ]
            weights = [each.result() for each in reached]
    nlp = spacy.blank(recipe.language)
    step = _begun(nlp, recipe, folder)
    set_weights(step, mean_of(weights))
    add_caution(step, recipe.caution)
    return nlp, step


def _reached(
    course: Course,
    recipe: Recipe,
    fitted: Sequence[Labelled4],
    held: Sequence[Labelled4],
    folder: Path,
) -> Weights:
    """The weights that a course reaches."""
    import spacy

    nlp = spacy.blank(recipe.language)
    step = _begun(nlp, recipe, folder)
    _follow(course, recipe, (nlp, step), fitted, held)
    return [node.get_param(name).copy() for _, node, name in shipped.parameters(step.model)]


def _begun(nlp: Any, recipe: Recipe, folder: Path) -> Any:
    """A recognizer with the weights that all courses of a recipe begin with."""
    from thinc.api import NumpyOps, fix_random_seed, set_current_ops

    ops = NumpyOps(use_blis=False)
    set_current_ops(ops)
    fix_random_seed(0)
    table = shipped.word_table(recipe.words, folder)
    step = new_recognizer(nlp, KINDS, load_lexicon(), table, rows_of(recipe))
    begin(step, recipe.begin, folder)
    for node in step.model.walk():
        node.ops = ops
    return step


def _follow(
    course: Course,
    recipe: Recipe,
    model: tuple[Any, Any],
    fitted: Sequence[Labelled4],
    held: Sequence[Labelled4],
) -> None:
    """Fit the recognizer of a tokenizer and a recognizer as a course says."""
    nlp, step = model
    began = time.monotonic()

    def told(epoch: int, loss: float) -> None:
        f1 = " ".join(f"{score.f1:.4f}" for score in measure(nlp, step, held))
        passed_s = time.monotonic() - began
        at = f"{recipe.language} {course.seed} epoch {epoch}"
        print(f"{at} loss {loss:.0f} F1 {f1} {passed_s:.0f} s", flush=True)

    fit(
        nlp,
        step,
        lambda epoch: drawn(recipe, course, fitted, epoch),
        epochs=recipe.epochs,
        stop=recipe.stop,
        seed=SEED + course.seed,
        rate=recipe.rate,
        dropout=recipe.dropout,
        after=told,
    )


def mean_of(courses: Sequence[Weights]) -> Weights:
    """The mean of what several courses of one network reached."""
    return [np.mean(each, axis=0, dtype=np.float64) for each in zip(*courses, strict=True)]


def set_weights(step: Any, weights: Weights) -> None:
    """Give a recognizer the weights of a network of its kind."""
    for (_, node, name), values in zip(shipped.parameters(step.model), weights, strict=True):
        node.set_param(name, values.astype(np.float32))


def add_caution(step: Any, caution: float) -> None:
    """Let "no entity" score so much more wherever a name may begin."""
    upper = step.model.get_ref("upper")
    bias = upper.get_param("b").copy()
    for number in range(step.moves.n_moves):
        if step.moves.get_class_name(number) == "O":
            bias[number] += caution
    upper.set_param("b", bias)


def rows_of(recipe: Recipe) -> tuple[int, ...]:
    """The sizes of a model's hash tables, in the order of its columns."""
    return (*ROWS, *PIECE_ROWS) if recipe.pieces else ROWS


def begin(step: Any, model: str, folder: Path) -> None:
    """Give a recognizer the weights of the stock model, or of one of ours made before it."""
    import spacy

    if shipped.is_shipped(model, folder):
        begin_from(step, shipped.load_shipped(model, folder)[1])
        add_caution(step, -RECIPES[shipped.describe(model, folder).language].caution)
    else:
        begin_from(step, spacy.load(model).get_pipe("ner"))


def measure(nlp: Any, step: Any, held: Sequence[Labelled4]) -> list[Score]:
    """The scores of a recognizer alone on the held-out documents of each set, in each layout."""
    held = [*held, *as_printed(held)]
    found = ner.entities(ner.Recognizer(nlp, step, None, decoder(step)), [d.text for d in held])
    answers = [[(span.start, span.end, span.kind) for span in spans] for spans in found]
    return scores(held, answers)
