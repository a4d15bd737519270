"""The words that a pipeline met, forgotten while its model stays as it is.

A memory zone of spaCy's forgets its words, but the maps of the vocabulary and of its strings keep a
place for each, and words never end. A tokenizer with a vocabulary of its own can be replaced by one
that has met nothing: the steps after it read numbers, and those are hashes of the words.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.vocab import Vocab

_STEPS = frozenset(("tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer", "ner"))
"""The steps that are known to look for no string of a text in their own vocabulary, and to write
none into the text that only theirs has."""


def vocabulary(nlp: Language) -> Vocab:
    """Return the vocabulary that texts are read with: the tokenizer's, if it has one."""
    own: Vocab = getattr(nlp.tokenizer, "vocab", nlp.vocab)
    return own


@contextmanager
def zone(nlp: Language) -> Iterator[None]:
    """Forget at the end the words that `nlp` meets in between: spaCy's memory zone, also where the
    tokenizer has a vocabulary of its own."""
    own = vocabulary(nlp)
    with nlp.memory_zone(), nullcontext() if own is nlp.vocab else own.memory_zone():
        yield


def can_forget(nlp: Language) -> bool:
    """Say whether `forget_words` can be called: not for vectors of words, nor for tokenizers
    and steps of other makes."""
    from spacy.tokenizer import Tokenizer  # type: ignore[import-not-found] # compiled

    is_plain = type(nlp.tokenizer) is Tokenizer and not len(nlp.vocab.vectors)
    return is_plain and set(nlp.pipe_names) <= _STEPS


def forget_words(nlp: Language) -> None:
    """Let `nlp` tokenize with a vocabulary that has met no word. Never call it in a zone."""
    from spacy.tokenizer import Tokenizer
    from spacy.vocab import Vocab

    of: Any = nlp.tokenizer
    known: Any = nlp.vocab
    vocab = Vocab(
        lex_attr_getters=known.lex_attr_getters,
        lookups=known.lookups,
        writing_system=known.writing_system,
        get_noun_chunks=known.get_noun_chunks,
    )
    # What steps write into a text is the hash of a string that the pipeline brought along: a label,
    # what the ruler sets, the name of one of its rules.
    for string in known.strings:
        vocab.strings.add(string)
    if "attribute_ruler" in nlp.pipe_names:
        ruler: Any = nlp.get_pipe("attribute_ruler")
        for rule in ruler.patterns:
            # The lemmatizer reads it from the text's vocabulary.
            vocab.morphology.add(rule["attrs"].get("MORPH", ""))
    nlp.tokenizer = Tokenizer(
        vocab,
        rules=of.rules,
        prefix_search=of.prefix_search,
        suffix_search=of.suffix_search,
        infix_finditer=of.infix_finditer,
        token_match=of.token_match,
        url_match=of.url_match,
        faster_heuristics=of.faster_heuristics,
        max_cache_size=of.max_cache_size,
    )
    if not nlp.pipeline:
        # No step of its own was made with it: nothing holds it any more.
        nlp.vocab = vocab
