"""Verbs of headlines that the small model takes for nouns: "Greek frigate attacks Libyan ship".

A headline has its verb in the present, whose form is that of a noun's plural (behind several, of a
noun), and no article that would tell them apart. By its form alone it is a verb where somebody
stands right before it and somebody right behind, and the headline has no other verb.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pipeline.enrich.events.classes import classes_of, is_somebody, noun_phrase
from pipeline.enrich.events.event_lexicon import EventLexicon
from pipeline.enrich.events.inflect import inflections
from pipeline.enrich.events.labels import is_time
from pipeline.enrich.events.syntax import Token

if TYPE_CHECKING:
    from spacy.tokens import Doc

READ_AS = "attacked"
"""What the parser reads where such a verb stands: a past that is nothing but a verb."""
_FINITE = frozenset({"VBD", "VBP", "VBZ", "VB", "MD"})
_NOMINAL = frozenset({"NOUN", "PROPN", "ADJ", "NUM", "DET", "PART"})
_FORCES = frozenset({"FORCE", "POLICE", "PEACEKEEPER"})
_SHORTEST = 3
IsNamed = Callable[[Token], bool]


def present_forms(lexicon: EventLexicon) -> Mapping[str, str]:
    """Return the lexicon's verbs by their forms of the present: `attacks`, `attack` → attack."""
    verbs = [verb for verb in lexicon.frames if " " not in verb]
    found = {form: verb for verb in verbs for form in inflections(verb) if form.endswith("s")}
    return found | {verb: verb for verb in verbs}


def unread_verb(
    doc: Doc, verbs: Mapping[str, str], is_named: IsNamed, lexicon: EventLexicon
) -> Token | None:
    """Return the verb of a parsed headline that was read as a noun; None where there is none.

    `verbs` are those of `present_forms`, `is_named` says whether a token stands in a name.
    """
    if len(doc) < _SHORTEST:
        return None
    found = [token for token in doc[1:-1] if _may_be_verb(token, verbs, lexicon)]
    others = (t for t in doc if t not in found and not is_somebody(t, lexicon))
    if len(found) != 1 or any(map(_is_verb, others)):
        return None
    (verb,) = found
    if verb.tag_ in _FINITE and any(child.dep_ == "nsubj" for child in verb.children):
        return None
    before, behind = list(doc[: verb.i]), _phrase_behind(verb)
    if any(token.pos_ not in _NOMINAL for token in before) or not behind:
        return None
    if noun_phrase(verb)[1] in lexicon.noun_classes:
        return None  # "bomb attacks", "peace talks"
    acts = any(map(is_named, before)) or _is_a_side(before[-1], lexicon)
    suffers = any(is_named(token) or _is_a_side(token, lexicon) for token in behind)
    return verb if acts and suffers else None


def _may_be_verb(token: Token, verbs: Mapping[str, str], lexicon: EventLexicon) -> bool:
    """Say whether a word has the form of a listed verb, after several that without -s."""
    verb = verbs.get(token.text)
    if verb is None or is_somebody(token, lexicon):
        return False
    before = token.nbor(-1)
    several = before.tag_ == "NNS" or before.lower_ == "police"
    return verb != token.text or (several and before.pos_ == "NOUN")


def _is_verb(token: Token) -> bool:
    if token.tag_ == "VB" and token.i > 0 and token.nbor(-1).lower_ == "to":
        return False
    return token.tag_ in _FINITE


def _phrase_behind(verb: Token) -> list[Token]:
    """Return the nominal words right behind a verb, none where they say when."""
    found: list[Token] = []
    for token in verb.doc[verb.i + 1 :]:
        if token.pos_ not in _NOMINAL or is_time(token):
            break
        found.append(token)
    return found


def _is_a_side(token: Token, lexicon: EventLexicon) -> bool:
    listed = classes_of(token, lexicon)
    return is_somebody(token, lexicon) or not listed.isdisjoint(_FORCES)
