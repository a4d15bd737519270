"""Parsing of candidate sentences: the pipeline without its entity recognizer, in batches.

A sentence is parsed as one, datelines left out, and no longer than `MAX_TOKENS`: the cost of a
story is bounded whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pipeline.compat.spacy_arcs import arc_parser
from pipeline.compat.spacy_words import words_step

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.pipeline import Pipe
    from spacy.tokens import Doc

MAX_TOKENS = 110
MAX_CHARS = 1_200
_STEPS = ("tok2vec", "tagger", "parser")
_WORD_STEPS = ("attribute_ruler", "lemmatizer")
_DATELINE = re.compile(
    r"^(?:[A-Z][A-Z.'\u2019\-]+[^a-z]{0,40}|[A-Z][\w .,'\u2019\-/]{0,50}?)"
    r"(?:,\s*[A-Z][\w. ]{0,30})?(?:\s*\([A-Za-z /.]{2,20}\))?\s*(?:--|\u2014|\u2013|-|\"|:)\s+"
    r"|^[A-Z][\w .,\-]{2,50}\([A-Z][\w /]{1,20}\)\s+"
)

_AGENCY = re.compile(
    r"\((?:AFP|AP|UPI|Reuters?|REUTERS?|dpa|DPA|Xinhua|IANS|PTI|ANI|EFE|ANSA|TASS|Tass|KUNA|IRNA|Kyodo|"
    r"Yonhap|APA?|BNS|PNA|Bernama|MENA|SANA|WAM|CNA|CP|AAP|NZPA|ATA|STA|CTK|PAP|MTI|SPA|QNA|APS)\b"
)
_DATED = re.compile(
    r"^[A-Z][\w .'\u2019]{1,40}, (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
    r"\.? \d{1,2}(?:,? \d{4})?,? [A-Z]{2,8} ?(?:--|\u2014|\u2013|-) "
    r"|^[A-Z][a-z]+(?: [A-Z][a-z]+){0,2} ?(?:--|\u2014) ?(?=[A-Z])(?!.*(?:--|\u2014))"
)
"""Datelines in mixed case: "Tehran, March 15, IRNA - ", "Cebu City--"."""
_JOINED = re.compile(
    r"(?<![\w-])(?:[Aa]l|[Ee]l|[Aa]d|[Aa]r|[Aa]s|[Aa]z|[Aa]n|[Aa]t|[Aa]sh|[Uu]l|[Bb]in)-[A-Z]\w+"
    r"|(?<![\w-])[A-Z]\w+-(?:[ei]|ul|ud|al)-[A-Z]\w+"
    r"|(?<![\w-])[Ee]x-[a-z]\w+"
)
"""Words that the tokenizer takes apart: "al-Bashir", "Jamiat-i-Islami", "ex-general"."""
_ACRONYM = re.compile(
    r" \([A-Z][\w.&/-]{0,11}\)(?=\W)"
    r"|(?<=ed) (?:on bail|in absentia|on parole)(?= (?:the|an?|two|three|\d+) )"
    r"|(?<=ed) on (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day(?= (?:the|an?|its|two|three|\d+) )"
)
"""What the parser is better off without: a name's short form in brackets (the small model loses the
subject before it), and a day between a verb and its object."""


def dateline_length(text: str) -> int:
    """Say how many characters a dateline takes at the start of a sentence.

    "BAKU (AFP) -- " → 14.
    """
    dated = _DATED.match(text)
    if dated is not None:
        return dated.end()
    match = _DATELINE.match(text)
    if match is None:
        return 0
    head = match.group().rstrip()
    shouted = re.match(r"[A-Z.'\u2019\-]{3,}", head) is not None
    bracketed = "(" in head and (head[-1] != ")" or _AGENCY.search(head) is not None)
    return match.end() if shouted or bracketed else 0


@dataclass(frozen=True, slots=True)
class _ParsedText:
    """A text as the parser reads it: blanks for a dateline, nothing for what is left out."""

    blanked: str
    left_out: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, text: str) -> _ParsedText:
        start = dateline_length(text)
        whole = " " * start + text[start:MAX_CHARS]
        left_out = tuple(match.span() for match in _ACRONYM.finditer(whole))
        return cls(_ACRONYM.sub("", whole) if left_out else whole, left_out)


class Parser:
    """Runs the parser's part of a loaded spaCy pipeline over many short texts."""

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp
        self._words = words_step(nlp)
        # spaCy's steps for words read what its own parser has set.
        self._arcs = arc_parser(nlp.get_pipe("parser")) if self._words else None
        wanted = {*_STEPS} if self._words else {*_STEPS, *_WORD_STEPS}
        if self._arcs:
            wanted.remove("parser")
        self._steps = [
            cast("Pipe", nlp.get_pipe(name)) for name in nlp.pipe_names if name in wanted
        ]

    def parse(
        self, texts: Sequence[str], names: Sequence[Mapping[str, str]] | None = None
    ) -> list[Doc]:
        """Return one parsed `Doc` a text, in order; offsets of tokens count in the text given.

        `names` has for each text the words that are one token though "and" stands in them, each
        with the word that the parser reads in its stead: two names it would coordinate, and a long
        token of mixed words is none that it knows.
        """
        read = [_ParsedText.of(text) for text in texts]
        joined = names or [{}] * len(texts)
        docs = [self._doc(text.blanked, one) for text, one in zip(read, joined, strict=True)]
        written = [
            [token.text for token in doc] if one else []
            for doc, one in zip(docs, joined, strict=True)
        ]
        docs = [_read_as(doc, one) if one else doc for doc, one in zip(docs, joined, strict=True)]
        # Batches of texts of one length waste little; the order is restored by the index.
        order = sorted(range(len(docs)), key=lambda i: (len(docs[i]), i))
        stream = [docs[i] for i in order]
        for step in self._steps:
            stream = list(step.pipe(stream, batch_size=128))
        if self._arcs:
            self._arcs.parse(stream)
        if self._words:
            for doc in stream:
                self._words.set(doc)
        parsed: dict[int, Doc] = {}
        for number, doc in zip(order, stream, strict=True):
            left_out = read[number].left_out
            whole = _copied(doc, written[number]) if joined[number] else doc
            parsed[number] = _one_subject(_as_written(whole, left_out) if left_out else whole)
        return [parsed[number] for number in range(len(docs))]

    def _doc(self, blanked: str, joined: Iterable[str]) -> Doc:
        doc = self._nlp.make_doc(blanked)
        hyphened = _JOINED.finditer(blanked) if "-" in blanked else ()
        names = [doc.char_span(*match.span()) for match in hyphened]
        if joined:
            names.extend(
                doc.char_span(*match.span())
                for match in re.finditer("|".join(map(re.escape, joined)), blanked)
            )
        if names:
            from spacy.util import filter_spans

            # Of two that overlap ("El-Sayed" and "Sayed el-Masry") the longer one.
            with doc.retokenize() as retokenizer:
                for name in filter_spans([name for name in names if name is not None]):
                    retokenizer.merge(name)
        if len(doc) > MAX_TOKENS:
            doc = doc[:MAX_TOKENS].as_doc()
        return _one_sentence(doc)


def _one_sentence(doc: Doc) -> Doc:
    from spacy.attrs import SENT_START

    starts = np.full((len(doc), 1), -1, dtype="int64")
    starts[:1] = 1
    doc.from_array([SENT_START], cast("Any", starts.view("uint64")))
    return doc


def _one_subject(doc: Doc) -> Doc:
    """Read two names that stand side by side as a verb's subjects as one: "Iraq PM visits …"."""
    from spacy.attrs import DEP

    is_subject = doc.to_array(DEP) == doc.vocab.strings["nsubj"]
    for number in np.flatnonzero(is_subject[:-1] & is_subject[1:]).tolist():
        token, following = doc[number], doc[number + 1]
        is_second = token.dep_ == "nsubj" and following.head.i == token.head.i
        if is_second and token.text[:1].isupper() and not list(token.children):
            token.dep_, token.head = "compound", following
    return doc


def _read_as(doc: Doc, names: Mapping[str, str]) -> Doc:
    """Return an unparsed text with other words in the place of some tokens."""
    from spacy.tokens import Doc

    words = [names.get(token.text, token.text) for token in doc]
    return _one_sentence(Doc(doc.vocab, words=words, spaces=[bool(t.whitespace_) for t in doc]))


def _copied(doc: Doc, words: Sequence[str]) -> Doc:
    """Return a parsed text with `words` in the place of its tokens' own."""
    from spacy.tokens import Doc

    return Doc(
        doc.vocab,
        words=list(words),
        spaces=[bool(token.whitespace_) for token in doc],
        tags=[token.tag_ for token in doc],
        pos=[token.pos_ for token in doc],
        lemmas=[
            token.lemma_ if token.text == word else word
            for token, word in zip(doc, words, strict=True)
        ],
        heads=[token.head.i for token in doc],
        deps=[token.dep_ for token in doc],
    )


def _as_written(doc: Doc, left_out: Sequence[tuple[int, int]]) -> Doc:
    """Return the parsed text with a blank token in place of each stretch that was left out."""
    from spacy.tokens import Doc

    words: list[str] = []
    spaces: list[bool] = []
    positions: list[int] = []
    shift, gaps = 0, iter(left_out)
    gap = next(gaps, None)
    for token in doc:
        positions.append(len(words))
        words.append(token.text)
        spaces.append(bool(token.whitespace_))
        end = token.idx + len(token.text) + shift
        while gap is not None and gap[0] == end:
            words.append(" " * (gap[1] - gap[0]))
            spaces.append(spaces[-1])
            spaces[-2] = False
            end, shift = gap[1], shift + gap[1] - gap[0]
            gap = next(gaps, None)
    kept = dict(zip(positions, doc, strict=True))
    owner = [max(i for i in positions if i <= k) for k in range(len(words))]
    return Doc(
        doc.vocab,
        words=words,
        spaces=spaces,
        tags=[kept[k].tag_ if k in kept else "_SP" for k in range(len(words))],
        pos=[kept[k].pos_ if k in kept else "SPACE" for k in range(len(words))],
        lemmas=[kept[k].lemma_ if k in kept else words[k] for k in range(len(words))],
        heads=[positions[kept[k].head.i] if k in kept else owner[k] for k in range(len(words))],
        deps=[kept[k].dep_ if k in kept else "dep" for k in range(len(words))],
    )
