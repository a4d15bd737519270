"""Entity models, spaCy's packages and our own: found by name, hashed, run on texts."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pipeline.compat.spacy_entities import Decoder, decoder
from pipeline.compat.thinc_embedding import embed_distinct
from pipeline.compat.thinc_encoder import encode_in_blocks
from pipeline.enrich.entities.shipped import is_shipped, load_shipped, shipped_hash
from pipeline.enrich.entities.spans import MODEL_PHRASE, MODEL_WORD, TRUSTED, Span
from pipeline.enrich.entities.vocabulary import can_forget, forget_words, vocabulary, zone
from pipeline.enrich.lexicon import word_set
from pipeline.errors import ModelError

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

KINDS = word_set("PERSON ORG GPE LOC NORP FAC EVENT PRODUCT WORK_OF_ART LAW LANGUAGE")
_UNREAD = word_set(
    "LIKE_EMAIL LIKE_URL IS_STOP IS_ASCII IS_BRACKET IS_QUOTE IS_LEFT_PUNCT IS_RIGHT_PUNCT"
    " IS_CURRENCY"
)
_BATCH = 128
_BATCH_TOKENS = 4_000


@lru_cache(maxsize=8)
def model_hash(name: str) -> str:
    """Return the SHA-256 over the paths and bytes of the model's files (compiled Python aside).

    Raises ModelError when no package of that name is installed.
    """
    if is_shipped(name):
        return shipped_hash(name)
    folder = _folder(name)
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*"), key=lambda item: item.as_posix()):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(path.read_bytes())
    return digest.hexdigest()


def check_recorded(name: str) -> None:
    """Raise ModelError where a model of that name is recorded and its files are others.

    `model_digests.tsv` holds `model_hash` of each package that the locks name, as it was tried.
    """
    table = Path(__file__).with_name("model_digests.tsv").read_text("utf-8").splitlines()
    recorded = dict(line.split("\t") for line in table[1:])
    if recorded.get(name) not in {None, found := model_hash(name)}:
        raise ModelError(
            "The installed model is another one than the one that is recorded; name it by its hash "
            "(enrich.model_hash) to take it all the same",
            model=name,
            expected=recorded[name],
            found=found,
        )


def _folder(name: str) -> Path:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None:
        raise ModelError("The spaCy model is not installed", model=name)
    return Path(spec.origin).parent


@lru_cache(maxsize=8)
def load_pipeline(name: str) -> Language:
    """Return the whole pipeline of a model, loaded once a process; matrix products by numpy.

    numpy's BLAS was measured 2.7 times faster than blis on short texts, with the same entities. Of
    a model of our own it is the tokenizer alone. Raises ModelError for one that cannot be loaded.
    """
    import spacy

    if is_shipped(name):
        nlp, step = load_shipped(name)
        _hasten(step.model)
        return cast("Language", _without_unread(nlp))
    _folder(name)
    try:
        nlp = spacy.load(name)
    except (OSError, ValueError) as error:
        raise ModelError(
            "The spaCy model cannot be loaded", model=name, reason=str(error)
        ) from error
    for _, pipe in nlp.pipeline:
        model = getattr(pipe, "model", None)
        if model is not None and hasattr(model, "walk"):
            _hasten(model)
    return cast("Language", _without_unread(nlp))


def _without_unread(nlp: Any) -> Any:
    """Let a new word's attributes that nobody reads be: working them out takes half its time."""
    from spacy.attrs import IDS

    unread = {IDS[name] for name in _UNREAD}
    getters = nlp.vocab.lex_attr_getters
    nlp.vocab.lex_attr_getters = {key: get for key, get in getters.items() if key not in unread}
    return nlp


def _hasten(model: Any) -> None:
    from thinc.api import NumpyOps

    ops = NumpyOps(use_blis=False)
    for node in model.walk():
        node.ops = ops
    embed_distinct(model)
    encode_in_blocks(model)


@dataclass(frozen=True, slots=True)
class Recognizer:
    """An entity recognizer of spaCy's with the tokenizer before it.

    `vectors` is the step whose vectors it listens to, if it has none of its own; `decode` finds its
    entities a batch at once, where it is built as that needs. `is_ours` says that it was fitted to
    news: the rules after it then leave its spans as they are.
    """

    nlp: Language
    step: Any
    vectors: Any = None
    decode: Decoder | None = None
    is_ours: bool = False


_words_at_first: dict[str, int] = {}


def has_met(name: str, words: int) -> bool:
    """Say whether a model's pipeline met more than so many `words` since this was asked first.

    Those that its memory zones forgot count: its maps keep a place for each.
    """
    met = len(vocabulary(load_pipeline(name)))
    return met - _words_at_first.setdefault(name, met) > words


def memory_zone(name: str) -> AbstractContextManager[None]:
    """Let a model's pipeline forget at the end the words that it meets in between."""
    return zone(load_pipeline(name))


def can_forget_words(name: str) -> bool:
    """Say whether the words that a model's pipeline met can be forgotten without its model."""
    return can_forget(load_pipeline(name))


def forget_met_words(name: str) -> None:
    """Forget the words that a model's pipeline met, and what its tokenizer keeps of them."""
    forget_words(load_pipeline(name))
    _words_at_first.pop(name, None)


def forget_models() -> None:
    """Let go of all loaded models: each is loaded anew when it is asked for."""
    for cached in (recognizer, load_pipeline, load_shipped):
        cached.cache_clear()
    _words_at_first.clear()


@lru_cache(maxsize=8)
def recognizer(name: str) -> Recognizer:
    """Return the recognizer of a model, loaded once a process. Raises ModelError."""
    nlp = load_pipeline(name)
    if is_shipped(name):
        _, step = load_shipped(name)
        return Recognizer(nlp, step, None, decoder(step), is_ours=True)
    if "ner" not in nlp.pipe_names:
        raise ModelError("The spaCy model finds no entities", model=name)
    step = nlp.get_pipe("ner")
    listens = "tok2vec" in nlp.pipe_names and not _has_own_vectors(step)
    vectors = nlp.get_pipe("tok2vec") if listens else None
    return Recognizer(nlp, step, vectors, decoder(step))


def entities(model: Recognizer, texts: Sequence[str]) -> Iterator[list[Span]]:
    """Yield what the model alone takes for names, text by text."""

    def strength(size: int) -> int:
        if model.is_ours:
            return TRUSTED
        return MODEL_PHRASE if size > 1 else MODEL_WORD

    for batch in _batches(model.nlp, texts):
        docs = batch
        if model.vectors is not None:
            docs = list(model.vectors.pipe(batch, batch_size=_BATCH))
        if model.decode is None:
            found = [
                [(ent.start, ent.end, ent.label_) for ent in doc.ents]
                for doc in model.step.pipe(docs, batch_size=_BATCH)
            ]
        else:
            found = list(model.decode.entities(docs))
        for doc, names in zip(docs, found, strict=True):
            yield [
                Span(
                    doc[start].idx,
                    doc[end - 1].idx + len(doc[end - 1]),
                    label if label in KINDS else _LABELS[label],
                    strength(end - start),
                )
                for start, end, label in names
                if label in KINDS or label in _LABELS
            ]


def _batches(nlp: Language, texts: Sequence[str]) -> Iterator[list[Doc]]:
    """Yield tokenized texts, as many at a time as the memory for their vectors allows."""
    docs: list[Doc] = []
    tokens = 0
    for text in texts:
        doc = nlp.make_doc(text)
        if docs and (len(docs) == _BATCH or tokens + len(doc) > _BATCH_TOKENS):
            yield docs
            docs, tokens = [], 0
        docs.append(doc)
        tokens += len(doc)
    if docs:
        yield docs


# Labels of the models with the four WikiNER kinds (French and others).
_LABELS = {"PER": "PERSON", "MISC": "EVENT"}


def _has_own_vectors(step: Any) -> bool:
    model = getattr(step, "model", None)
    if model is None:
        return True
    return not any("listener" in node.name for node in model.walk())
