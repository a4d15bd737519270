"""What a story is about: codes of the top level of the IPTC's Media Topics, by the words it uses.

Each listed word speaks for its topic with its weight, times 1 + the logarithm of how often it
stands in the text, twice that in the headline, once and a half in the lead. A topic is given where
its evidence comes to `_LEAST` and to `_SHARE` of all evidence; a second one where it has `_SECOND`
of the first's. Otherwise the story has none: no code rather than a guess.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from pipeline.enrich.lexicon import rows
from pipeline.model import Code, Topic

SCHEME = "medtop"
_WORD = re.compile(r"[a-z]+(?:[-'][a-z]+)*")
_HEADLINE, _LEAD, _BODY = 2.0, 1.5, 1.0
_LEAST, _SHARE, _SECOND = 6.0, 0.3, 0.7
_MOST = 2
_MOST_WORDS = 8
_TOP_LEVEL = re.compile(r"(?:^|[:/])((?:0[1-9]|1[0-7])0{6})$")

_Table = dict[tuple[str, ...], tuple[tuple[str, float], ...]]
_Sizes = dict[str, tuple[int, ...]]


@lru_cache(maxsize=1)
def _sizes() -> _Sizes:
    """Return how many words the listed terms have that begin with a folded word, the most first."""
    found: dict[str, set[int]] = defaultdict(set)
    for key in _lexicon()[1]:
        found[key[0]].add(len(key))
    return {word: tuple(sorted(sizes, reverse=True)) for word, sizes in found.items()}


@lru_cache(maxsize=1)
def _lexicon() -> tuple[dict[str, str], _Table]:
    """Names by code, and (code, weight) by folded words."""
    names: dict[str, str] = {}
    table: dict[tuple[str, ...], list[tuple[str, float]]] = defaultdict(list)
    for code, name, weight, words in rows("topics.tsv"):
        names[code] = name
        for word in dict.fromkeys(words.split()):
            key = tuple(_fold(part) for part in word.split("_"))
            table[key].append((code, float(weight)))
    return names, {key: tuple(found) for key, found in table.items()}


def _fold(word: str) -> str:
    if word.endswith("'s"):
        word = word[:-2]
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith("s") and len(word) > 3 and word[-2] not in "sui":
        return word[:-1]
    return word


def given(codes: Sequence[Code]) -> tuple[Topic, ...]:
    """Return the provider's own Media Topics (or IPTC Subject Codes) of the top level."""
    names, _ = _lexicon()
    found = {}
    for code in codes:
        match = _TOP_LEVEL.search(code.value)
        is_iptc = any(name in code.scheme.lower() for name in ("medtop", "mediatopic", "subj"))
        if match and is_iptc and code.role == "topic":
            number = match.group(1)
            found[number] = Topic(f"{SCHEME}:{number}", code.name or names[number], 1.0, False)
    return tuple(found.values())


def derive(headline: str, lead: str, body: str) -> tuple[Topic, ...]:
    """Return at most two topics by the words of an English text, the surest first; maybe none.

    `lead` is the first paragraph, `body` the paragraphs after it.
    """
    names, table = _lexicon()
    weights: dict[tuple[str, ...], float] = defaultdict(float)
    counts: dict[tuple[str, ...], int] = defaultdict(int)
    written: dict[tuple[str, ...], str] = {}
    for text, factor in ((headline, _HEADLINE), (lead, _LEAD), (body, _BODY)):
        for key, form in _terms(text, table):
            counts[key] += 1
            written.setdefault(key, form)
            weights[key] = max(weights[key], factor)
    evidence: dict[str, dict[str, float]] = defaultdict(dict)
    for key, count in counts.items():
        strength = weights[key] * (1 + math.log(count))
        for code, weight in table[key]:
            evidence[code][written[key]] = weight * strength
    scores = {code: sum(words.values()) for code, words in evidence.items()}
    total = sum(scores.values())
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    topics = []
    for code, score in ordered[:_MOST]:
        share = score / total
        if score < _LEAST or share < _SHARE or score < _SECOND * ordered[0][1]:
            break
        words = sorted(evidence[code].items(), key=lambda item: (-item[1], item[0]))
        strongest = tuple(word for word, _ in words[:_MOST_WORDS])
        topics.append(Topic(f"{SCHEME}:{code}", names[code], round(share, 4), True, strongest))
    return tuple(topics)


def _terms(text: str, table: _Table) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the listed terms of a text, the longest at each place, with their words as written."""
    words = _WORD.findall(text.lower().replace("\u2019", "'"))
    folded = [_fold(word) for word in words]
    sizes, free = _sizes(), 0
    for index, word in enumerate(folded):
        if index < free or word not in sizes:
            continue
        for size in sizes[word]:
            key = tuple(folded[index : index + size])
            if key in table:
                yield key, " ".join(words[index : index + size])
                free = index + size
                break
