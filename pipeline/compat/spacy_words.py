"""Parts of speech and lemmas of tagged and parsed sentences, as spaCy's own two steps set them.

The attribute ruler tries all of its patterns at every token and the lemmatizer goes by its rules;
what comes of it depends on the word, its tag and its dependency, but for a few patterns of two
words ("gon na"). So it is worked out once for each such triple and remembered. A sentence in which
a longer pattern matches goes through spaCy's steps.

It uses functions and a cache that spaCy does not document, and does what its matcher does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.compat.liberty import Liberty

LIBERTY = Liberty(
    library="spacy",
    version="3.8.18",
    why="the attribute ruler tries its patterns at every token, however often a word returns",
)

_READ = ("ORTH", "TAG", "DEP", "LOWER")
_WRITTEN = ("POS", "LEMMA")
_MOST = 30_000
"""So many triples are kept, none of a number; then it begins anew, as words never run out."""

_Answers = tuple[bool, ...]
_Triple = tuple[int, int, int]
"""A word, its tag and its dependency."""
_Key = tuple[int, int, _Answers]
_Rule = tuple[Mapping[str, Any], dict[str, Any]]
_Kept = tuple[int, str, tuple[int, int] | None]
"""Part of speech, lemma, and the new tag and dependency of the few that get one."""


class _Rules:
    """The rules that a tag leaves open, in their order, without what they ask of the tag."""

    def __init__(self, rules: Sequence[_Rule]) -> None:
        self._asked = [pattern["DEP"] for pattern, _ in rules if "DEP" in pattern]
        self.answers: dict[int, _Answers] = {}
        self._any_word: list[tuple[int, _Rule]] = []
        self._by_word: dict[str, list[tuple[int, _Rule]]] = {}
        for number, (pattern, attributes) in enumerate(rules):
            words = pattern.get("LOWER")
            named = [words] if isinstance(words, str) else (words or {}).get("IN")
            if named is None:
                self._any_word.append((number, (pattern, attributes)))
            for word in set(named or ()):
                self._by_word.setdefault(word, []).append((number, (pattern, attributes)))

    def answer(self, dep: int, name: str) -> _Answers:
        """Say which of the rules that ask for a dependency this one satisfies."""
        self.answers[dep] = tuple(_holds(wanted, name) for wanted in self._asked)
        return self.answers[dep]

    def of(self, word: str) -> Iterator[_Rule]:
        """Yield the rules that may hold for a word in small letters."""
        own = self._by_word.get(word)
        numbered = sorted([*self._any_word, *own], key=_number) if own else self._any_word
        return (rule for _, rule in numbered)


def _number(rule: tuple[int, _Rule]) -> int:
    return rule[0]


class Words:
    """Sets part of speech and lemma of the tokens of one pipeline's documents."""

    def __init__(self, vocab: Any, ruler: Any, lemmatizer: Any, rules: list[_Rule]) -> None:
        from spacy.matcher import Matcher

        self._vocab, self._ruler, self._lemmatizer = vocab, ruler, lemmatizer
        self._rules = rules
        self._by_tag: dict[int, _Rules] = {}
        self._longer = Matcher(vocab, validate=False)
        longer = [p for rule in ruler.patterns for p in rule["patterns"] if len(p) > 1]
        if longer:
            self._longer.add("longer", longer)
        self._signs = _signs(vocab, longer)
        self._by_triple: dict[_Triple, _Kept] = {}
        self._by_answers: dict[_Key, _Kept] = {}

    def set(self, doc: Any) -> None:
        """Set what `Doc.pos_` and `Doc.lemma_` read; morphology is left out, nobody reads it."""
        if not len(doc):
            return
        read = doc.to_array(_READ)
        if self._may_match(read) and self._longer(doc):
            self._lemmatizer(self._ruler(doc))
            return
        triples = zip(*read[:, :3].T.tolist(), strict=True)
        known = self._by_triple.get
        found = [known(triple) or self._of(doc, i, triple) for i, triple in enumerate(triples)]
        # Its vocabulary may be another than the steps': `pipeline/enrich/entities/vocabulary.py`.
        add = doc.vocab.strings.add
        written = [(pos, add(lemma)) for pos, lemma, _ in found]
        doc.from_array(_WRITTEN, np.array(written, dtype="uint64"))
        for i, (_, _, changed) in enumerate(found):
            if changed is not None:
                doc[i].tag, doc[i].dep = changed

    def _may_match(self, read: Any) -> bool:
        """Say whether the words or dependencies are there that a longer pattern asks for."""
        if self._signs is None:
            return True
        dependencies, words = self._signs
        return not (words.isdisjoint(read[:, 3].tolist()) and dependencies.isdisjoint(read[:, 2]))

    def _of(self, doc: Any, i: int, triple: _Triple) -> _Kept:
        """Return what a word comes to, and remember it: also by what its dependency answers."""
        orth, tag, dep = triple
        rules = self._by_tag.get(tag) or self._of_tag(tag)
        answers = rules.answers.get(dep)
        if answers is None:
            answers = rules.answer(dep, self._vocab.strings[dep])
        key = (orth, tag, answers)
        found = self._by_answers.get(key) or self._work_out(doc[i], rules)
        if not doc[i].text[-1:].isdigit():
            if len(self._by_triple) >= _MOST:
                self._by_triple.clear()
                self._by_answers.clear()
                self._lemmatizer.cache.clear()
            self._by_answers[key] = self._by_triple[triple] = found
        return found

    def _work_out(self, token: Any, rules: _Rules) -> _Kept:
        from spacy.pipeline.attributeruler import set_token_attrs  # type: ignore[attr-defined] # not exported

        tag, dep = token.tag, token.dep
        read = {"LOWER": token.lower_, "DEP": token.dep_, "IS_SPACE": token.is_space}
        for pattern, attributes in rules.of(token.lower_):
            if all(_holds(wanted, read[name]) for name, wanted in pattern.items()):
                set_token_attrs(token, attributes)
        if token.lemma == 0:
            token.lemma_ = self._lemmatizer.lemmatize(token)[0]
        new = (token.tag, token.dep)
        return token.pos, token.lemma_, (new if new != (tag, dep) else None)

    def _of_tag(self, tag: int) -> _Rules:
        name = self._vocab.strings[tag]
        self._by_tag[tag] = _Rules(
            [
                ({name: wanted for name, wanted in pattern.items() if name != "TAG"}, attributes)
                for pattern, attributes in self._rules
                if "TAG" not in pattern or _holds(pattern["TAG"], name)
            ]
        )
        return self._by_tag[tag]


def _signs(
    vocab: Any, patterns: Sequence[Sequence[Mapping[str, Any]]]
) -> tuple[frozenset[int], frozenset[int]] | None:
    """Return dependencies and words in small letters of which each pattern has one.

    None where one of them names neither.
    """
    found: dict[str, set[int]] = {"DEP": set(), "LOWER": set()}
    for pattern in patterns:
        named = [
            (name, [wanted] if isinstance(wanted, str) else wanted["IN"])
            for token in pattern
            for name in ("LOWER", "DEP")
            if isinstance(wanted := token.get(name), str) or (wanted and "IN" in wanted)
        ]
        if not named:
            return None
        name, values = named[0]
        found[name].update(map(vocab.strings.add, values))
    return frozenset(found["DEP"]), frozenset(found["LOWER"])


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
    index = lemmatizer.lookups.get_table("lemma_index", {})
    for part_of_speech, forms in index.items():
        index[part_of_speech] = frozenset(forms)
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
