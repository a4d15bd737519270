"""`python -m training en es de`: fit the entity models and write them where the job finds them.

The scores on a card are those of a model that never saw the held-out documents. Where a recipe
says `whole`, that one is written apart (`--measured`), and what ships is fitted anew by the same
recipe to those documents too. Seeded: the same data, code and versions of spaCy, thinc and numpy
on the same kind of processor give the same weights, however many processes fit them.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.enrich.entities import shipped
from pipeline.enrich.lexicon import load_lexicon
from training import card
from training.courses import KINDS, measure, rows_of, train
from training.languages import RECIPES, Recipe, read


def save(step: Any, recipe: Recipe, folder: Path, apart: Path | None = None) -> None:
    """Write a recognizer where the job finds the language's model, or `apart` from it."""
    shipped.save(
        step,
        f"news-{recipe.language}",
        language=recipe.language,
        kinds=KINDS,
        rows=rows_of(recipe),
        words=recipe.words,
        folder=folder,
        home=apart,
        whole=recipe.whole and apart is None,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit, measure and write the models of the languages that are named."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("languages", nargs="*", default=list(RECIPES), choices=list(RECIPES))
    parser.add_argument("--data", type=Path, default=os.environ.get("DATELINE_DATA"))
    parser.add_argument("--folder", type=Path, default=shipped.FOLDER)
    parser.add_argument("--epochs", type=int, help="Fewer than the recipe's, to try it out.")
    parser.add_argument(
        "--measured",
        type=Path,
        default=Path("build/models"),
        help="Where models are written that are measured and do not ship.",
    )
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args(arguments)
    if options.data is None:
        parser.error("name the folder of the labelled sets: --data, or DATELINE_DATA")
    for language in options.languages:
        recipe = RECIPES[language]
        if options.epochs:
            recipe = replace(recipe, epochs=options.epochs, stop=None)
        documents = read(recipe, options.data / "ner", load_lexicon())
        fitted = [d for d in documents if not d.is_held_out]
        held = [d for d in documents if d.is_held_out]
        nlp, step = train(recipe, fitted, held, options.folder, options.processes)
        measured = measure(nlp, step, held)
        for score in measured:
            print(language, score.set_name, f"{score.f1:.4f}")
        if recipe.whole:
            save(step, recipe, options.folder, options.measured)
            fitted = [d for d in documents if d.source.fits]
            nlp, step = train(recipe, fitted, held, options.folder, options.processes)
        save(step, recipe, options.folder)
        name = f"news-{language}"
        text = card.card(name, recipe, measured, len(fitted))
        (options.folder / name / "card.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
