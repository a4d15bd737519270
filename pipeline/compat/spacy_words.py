"""Parts of speech and lemmas of tagged and parsed sentences, as spaCy's own two steps set them.

The attribute ruler tries all of its patterns at every token and the lemmatizer goes by its rules;
what comes of it depends on the word, its tag and its dependency, but for a few patterns of two
words ("gon na"). So it is worked out once for each such triple and remembered. A sentence in which
a longer pattern matches goes through spaCy's steps.

It uses functions and a cache that spaCy does not document, and does what its matcher does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from pipeline.compat.liberty import Liberty

LIBERTY = Liberty(
    library="spacy",
    version="3.8.18",
    why="the attribute ruler tries its patterns at every token, however often a word returns",
)

_READ = ("ORTH", "TAG", "DEP")
_WRITTEN = ("POS", "LEMMA")
_MOST = 50_000
"""So many triples are kept; then it begins anew, as words never run out."""

_Key = tuple[int, int, int]
_Rule = tuple[Mapping[str, Any], dict[str, Any]]


class Words:
    """Sets part of speech and lemma of the tokens of one pipeline's documents."""

    def __init__(self, vocab: Any, ruler: Any, lemmatizer: Any, rules: list[_Rule]) -> None:
        from spacy.matcher import Matcher

        self._vocab, self._ruler, self._lemmatizer = vocab, ruler, lemmatizer
        self._rules = rules
        self._by_tag: dict[str, list[_Rule]] = {}
        self._longer = Matcher(vocab, validate=False)
        longer = [p for rule in ruler.patterns for p in rule["patterns"] if len(p) > 1]
        if longer:
            self._longer.add("longer", longer)
        self._known: dict[_Key, tuple[int, str, int, int]] = {}

    def set(self, doc: Any) -> None:
        """Set what `Doc.pos_` and `Doc.lemma_` read; morphology is left out, nobody reads it."""
        if not len(doc):
            return
        if self._longer(doc):
            self._lemmatizer(self._ruler(doc))
            return
        keys = [tuple(row) for row in doc.to_array(_READ).tolist()]
        found = [self._known.get(key) or self._work_out(doc[i], key) for i, key in enumerate(keys)]
        add = self._vocab.strings.add
        rows = [(pos, add(lemma)) for pos, lemma, _, _ in found]
        doc.from_array(_WRITTEN, np.array(rows, dtype="uint64"))
        for i, ((_, tag, dep), (_, _, new_tag, new_dep)) in enumerate(
            zip(keys, found, strict=True)
        ):
            if tag != new_tag or dep != new_dep:  # white space
                doc[i].tag, doc[i].dep = new_tag, new_dep

    def _work_out(self, token: Any, key: _Key) -> tuple[int, str, int, int]:
        from spacy.pipeline.attributeruler import set_token_attrs  # type: ignore[attr-defined] # not exported

        read = {"LOWER": token.lower_, "DEP": token.dep_, "IS_SPACE": token.is_space}
        for pattern, attributes in self._of_tag(token.tag_):
            if all(_holds(wanted, read[name]) for name, wanted in pattern.items()):
                set_token_attrs(token, attributes)
        if token.lemma == 0:
            token.lemma_ = self._lemmatizer.lemmatize(token)[0]
        if len(self._known) >= _MOST:
            self._known.clear()
            self._lemmatizer.cache.clear()
        self._known[key] = (token.pos, token.lemma_, token.tag, token.dep)
        return self._known[key]

    def _of_tag(self, tag: str) -> list[_Rule]:
        """Return the rules that a tag leaves open, in their order, without what they ask of the
        tag."""
        if tag not in self._by_tag:
            self._by_tag[tag] = [
                ({name: wanted for name, wanted in pattern.items() if name != "TAG"}, attributes)
                for pattern, attributes in self._rules
                if "TAG" not in pattern or _holds(pattern["TAG"], tag)
            ]
        return self._by_tag[tag]


def words_step(nlp: Any) -> Words | None:
    """Return the step for a pipeline; None where its ruler or lemmatizer is of another make."""
    if not {"attribute_ruler", "lemmatizer"} <= set(nlp.pipe_names):
        return None
    ruler, lemmatizer = nlp.get_pipe("attribute_ruler"), nlp.get_pipe("lemmatizer")
    if getattr(lemmatizer, "mode", None) != "rule" or lemmatizer.overwrite:
        return None
    from spacy.pipeline.attributeruler import normalize_token_attrs  # type: ignore[attr-defined] # not exported

    rules = [
        (pattern[0], normalize_token_attrs(nlp.vocab, rule["attrs"]))
        for rule in ruler.patterns
        for pattern in rule["patterns"]
        if len(pattern) == 1
    ]
    if not all(_is_plain(pattern) for pattern, _ in rules):
        return None
    return Words(nlp.vocab, ruler, lemmatizer, rules)


def _is_plain(pattern: Mapping[str, Any]) -> bool:
    return set(pattern) <= {"TAG", "LOWER", "DEP", "IS_SPACE"} and all(
        isinstance(wanted, str | bool) or set(wanted) <= {"IN", "NOT_IN", "REGEX"}
        for wanted in pattern.values()
    )


def _holds(wanted: Any, value: Any) -> bool:
    """Say whether a value is as a pattern of spaCy's `Matcher` asks."""
    if not isinstance(wanted, dict):
        return bool(value == wanted)
    return (
        ("IN" not in wanted or value in wanted["IN"])
        and ("NOT_IN" not in wanted or value not in wanted["NOT_IN"])
        and ("REGEX" not in wanted or re.search(wanted["REGEX"], value) is not None)
    )
