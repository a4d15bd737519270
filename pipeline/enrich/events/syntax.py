"""Who is what to a predicate, read off the dependency parse.

A predicate is a verb, a predicative adjective or a noun that names an act. Its arguments are found
where English leaves them unsaid too: in the passive, in relative clauses, shared by coordinated
verbs, controlled by a higher verb. Labels are those of spaCy's English models (CLEAR style,
Choi 2015).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacy.tokens import Token as Token  # noqa: PLC0414 (for the modules beside this one)
else:
    # spaCy takes a second to import: not before something is parsed.
    Token = Any

_SUBJECTS = frozenset({"nsubj", "csubj", "expl"})
_PASSIVE_SUBJECTS = frozenset({"nsubjpass", "csubjpass"})
_OBJECTS = frozenset({"dobj", "obj", "oprd"})
TIMES = frozenset([
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january",
    "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december", "today", "yesterday", "tomorrow", "day", "week", "month", "year",
    "hour", "minute", "decade", "century", "weekend", "morning", "evening", "night", "afternoon",
    "time", "moment", "end", "beginning", "midnight", "noon", "period", "date", "season",
])  # fmt: skip
_FINITE = frozenset({"VBD", "VBZ", "VBP"})
_CONJUNCTIONS = frozenset({"after", "before", "since", "until", "till", "as"})
_CLAUSES = frozenset({"xcomp", "ccomp"})
_PREPOSITIONS = frozenset({"prep", "dative", "agent", "prt"})
_RELATIVES = frozenset({"who", "whom", "which", "that"})
_OBJECT_CONTROL = frozenset(
    [
        "urge",
        "ask",
        "tell",
        "order",
        "force",
        "press",
        "allow",
        "permit",
        "let",
        "invite",
        "help",
        "request",
        "call",
        "compel",
        "require",
        "encourage",
        "authorize",
        "authorise",
        "instruct",
        "pressure",
        "push",
        "advise",
        "enable",
        "ban",
        "bar",
        "prevent",
        "forbid",
        "accuse",
        "blame",
        "charge",
        "persuade",
        "convince",
        "beg",
        "implore",
        "send",
        "get",
        "warn",
        "want",
        "expect",
    ]
)
_CAUSING = frozenset({"order", "have", "get", "want", "see", "keep", "find", "declare", "hold"})
_PERSONAL = frozenset({"him", "her", "them", "it"})
_AIMING = frozenset({"on", "at", "against"})
_SHARING = frozenset({"xcomp", "ccomp", "advcl", "conj", "pcomp", "dep", "acomp"})
MAX_CHAIN = 12


@dataclass(slots=True)
class Arguments:
    """The arguments of one predicate; lists hold head tokens, coordinated ones included."""

    subjects: list[Token] = field(default_factory=list)
    objects: list[Token] = field(default_factory=list)
    datives: list[Token] = field(default_factory=list)
    prepositions: dict[str, list[Token]] = field(default_factory=dict)
    clauses: list[Token] = field(default_factory=list)
    passive: bool = False

    def add(self, preposition: str, tokens: list[Token]) -> None:
        """Note what a preposition governs."""
        self.prepositions.setdefault(preposition, []).extend(tokens)

    def others(self) -> list[Token]:
        """Return all head tokens other than the subjects."""
        governed = [token for tokens in self.prepositions.values() for token in tokens]
        return [*self.objects, *self.datives, *governed]


def conjuncts(token: Token) -> list[Token]:
    """Return the token and what is coordinated with it, in the order of the text."""
    found = [token]
    for item in found:
        if len(found) >= MAX_CHAIN:
            break
        found.extend(child for child in item.children if child.dep_ == "conj" or _is_listed(child))
    return found


def _is_listed(name: Token) -> bool:
    """Say whether a name that is read as an apposition is one of a list: "Fiji, Tonga and Palau".

    It stands between the first name and one that a conjunction joins to that.
    """
    first = name.head
    if name.dep_ != "appos" or name.pos_ != "PROPN" or first.pos_ != "PROPN":
        return False
    joined = (c for c in first.children if c.dep_ == "conj" and c.pos_ == "PROPN")
    between = name.doc[name.i + 1 : next((c.left_edge.i for c in joined if c.i > name.i), name.i)]
    return bool(between) and all(t.dep_ == "cc" for t in between)


def nouns(token: Token) -> list[Token]:
    """Return coordinated nominals only: a coordinated verb is not an argument."""
    return [item for item in conjuncts(token) if item.pos_ not in {"VERB", "AUX"} or _as_noun(item)]


def _as_noun(token: Token) -> bool:
    """Say whether a participle is a noun, as it is with an article: "the wounded"."""
    return token.tag_ == "VBN" and any(child.dep_ == "det" for child in token.children)


def governed(preposition: Token) -> list[Token]:
    """Return what stands after a preposition, through a second one ("from inside X")."""
    found: list[Token] = []
    for child in preposition.children:
        if child.dep_ == "pobj":
            found.extend(nouns(child))
        elif child.dep_ == "pcomp":
            # "opened fire on students marching": on them, not on their march.
            own = [c for c in child.children if c.dep_ == "nsubj"]
            aimed = preposition.lower_ in _AIMING and child.tag_ == "VBG"
            found.extend(nouns(own[0]) if aimed and own else [child])
        elif child.dep_ == "prep" and not found:
            found.extend(governed(child))
    return found


def arguments(predicate: Token, patient: bool = False) -> Arguments:
    """Return the arguments of a verb, a predicative adjective or a noun that names an act.

    `patient` says that a noun's possessor is whom the act was done to ("the tanker's release"),
    where nobody stands behind "of": "Norway's release of the tanker" is Norway's deed.
    """
    if predicate.pos_ in {"NOUN", "PROPN"} and not is_unread_verb(predicate):
        return _nominal(predicate, patient)
    return _verbal(predicate)


def is_unread_verb(token: Token) -> bool:
    """Say whether a noun is a verb that the tagger took for one: "demanded that he resign".

    It has a subject of its own.
    """
    if token.pos_ != "NOUN" or token.dep_ not in {"ccomp", "conj", "advcl", "ROOT"}:
        return False
    return any(child.dep_ in {"nsubj", "nsubjpass"} for child in token.children)


def _verbal(predicate: Token) -> Arguments:
    found = Arguments(passive=any(child.dep_ == "auxpass" for child in predicate.children))
    if predicate.pos_ == "ADJ" and predicate.dep_ in {"acomp", "attr", "oprd"}:
        found.subjects = _subjects(predicate.head, found)
    for child in predicate.children:
        dep = child.dep_
        if dep in _SUBJECTS:
            found.subjects.extend(_joined_before(child, predicate))
            found.subjects.extend(nouns(_antecedent(child, predicate)))
        elif dep in _PASSIVE_SUBJECTS:
            found.passive = True
            found.objects.extend(_joined_before(child, predicate))
            found.objects.extend(nouns(_antecedent(child, predicate)))
        elif _is_object(child, predicate):
            found.objects.extend(nouns(_antecedent(child, predicate)))
            if child.lower_ in _PERSONAL and predicate.dep_ in {"conj", "advcl"}:
                found.objects.extend(_shared_objects(predicate.head))
        elif dep == "dative" and child.pos_ != "ADP":
            found.datives.extend(nouns(child))
        elif dep in _PREPOSITIONS and not _clause_behind(child):
            found.add(child.lower_, governed(child))
        elif dep in _CLAUSES or (dep == "advcl" and is_infinitive(child)):
            found.clauses.append(child)
            _raise_object(child, predicate, found)
    if predicate.tag_ == "VBN" and predicate.dep_ in _CLAUSES and found.subjects:
        _as_ordered(predicate, found)
    if "by" in found.prepositions and found.passive and not found.subjects:
        found.subjects = list(found.prepositions["by"])
    if not found.subjects or (found.passive and not found.objects):
        _inherit(predicate, found)
    return found


def _is_object(child: Token, predicate: Token) -> bool:
    """Say whether a word is a verb's object.

    So is a name right behind the verb that the small model reads as a time, as one follows it
    ("shelled Aleppo on Monday").
    """
    if child.dep_ not in {"npadvmod", "advmod"}:
        return child.dep_ in _OBJECTS or (child.dep_ == "attr" and predicate.lemma_ != "be")
    return (
        child.tag_ in {"NNP", "NNPS"}
        and child.left_edge.i == predicate.i + 1
        and child.lower_ not in TIMES
        and not any(other.dep_ in _OBJECTS for other in predicate.children)
    )


def _joined_before(subject: Token, predicate: Token) -> list[Token]:
    """Return the nouns that a subject is joined to where the small model hangs its verb on them.

    "Fiji envoys and Tonga aides met": it joins "met" to the envoys, as if they were a clause.
    """
    first = predicate.head
    if predicate.dep_ != "conj" or first.dep_ != "ROOT" or first.pos_ not in {"NOUN", "PROPN"}:
        return []
    begin = min(t.i for t in subject.subtree)
    joined = begin > first.i and any(c.dep_ == "cc" and c.i == begin - 1 for c in first.children)
    return [t for t in nouns(first) if t.i < begin] if joined else []


def _as_ordered(predicate: Token, found: Arguments) -> None:
    """Reads "ordered nine men jailed" as a passive: the small model makes the men its subject."""
    if predicate.head.lemma_ in _CAUSING and not _helped(predicate):
        found.passive = True
        found.objects = [*found.subjects, *found.objects]
        found.subjects = list(found.prepositions.get("by", []))


def _helped(predicate: Token) -> bool:
    return any(child.dep_ in {"aux", "auxpass", "mark"} for child in predicate.children)


def _shared_objects(verb: Token) -> list[Token]:
    """Return the first verb's object for a pronoun: "convicted a man and jailed him"."""
    return [
        item
        for child in verb.children
        if child.dep_ in _OBJECTS | _PASSIVE_SUBJECTS
        for item in nouns(child)
    ]


def _raise_object(clause: Token, predicate: Token, found: Arguments) -> None:
    """Takes what stands between a verb and a clause without a finite verb as the verb's object too.

    "urged Iran to withdraw", "accept refugees fleeing", "demanded support to rebuild": the small
    model makes such a noun the clause's subject.
    """
    if found.objects or not _nonfinite(clause):
        return
    for child in clause.children:
        if child.dep_ in _SUBJECTS | _PASSIVE_SUBJECTS and child.i > predicate.i:
            found.objects.extend(nouns(child))
            return


def _nonfinite(clause: Token) -> bool:
    words = [child for child in clause.children if child.dep_ in {"aux", "auxpass", "mark"}]
    if any(child.lower_ == "to" for child in words):
        return True
    return clause.tag_ in {"VBG", "VBN", "JJ"} and not words


def is_infinitive(clause: Token) -> bool:
    """Say whether a clause is "to do": as an adverbial clause it says why something was done."""
    return any(child.dep_ == "aux" and child.lower_ == "to" for child in clause.children)


def _antecedent(token: Token, predicate: Token) -> Token:
    """Return the noun that a relative pronoun stands for, else the token itself."""
    if token.lower_ in _RELATIVES and token.tag_ in {"WDT", "WP", "DT", "IN"}:
        clause = predicate
        for _ in range(MAX_CHAIN):
            if clause.dep_ == "relcl":
                return clause.head
            if clause.dep_ not in {"conj", "xcomp", "ccomp"}:
                break
            clause = clause.head
    return token


def _subjects(verb: Token, found: Arguments) -> list[Token]:
    for child in verb.children:
        if child.dep_ in _SUBJECTS | _PASSIVE_SUBJECTS:
            return nouns(_antecedent(child, verb))
    inner = Arguments()
    _inherit(verb, inner)
    found.passive = False
    return inner.subjects


def _inherit(predicate: Token, found: Arguments) -> None:
    """Fill a missing subject (or passive object) from the construction the predicate stands in."""
    head, dep = predicate.head, predicate.dep_
    finite = dep == "advcl" and predicate.tag_ in _FINITE
    words = head.subtree if finite else ()
    opener = next((word for word in words if _clause_behind(word) == predicate.i), None)
    if opener is not None:
        found.subjects = found.subjects or governed(opener)
    elif dep == "relcl":
        _fill(found, head, found.passive)
    elif dep == "acl":
        _modify(predicate, found)
    elif head.i != predicate.i and dep in _SHARING:
        governor = head.head if dep == "pcomp" and head.head.i != head.i else head
        if governor.pos_ in {"VERB", "AUX", "ADJ"} or governor.dep_ == "ROOT":
            _share(predicate, governor, found)
        elif dep == "pcomp" and governor.pos_ in {"NOUN", "PROPN"}:
            found.subjects = found.subjects or _nominal(governor).subjects


def _clause_behind(word: Token) -> int:
    """Return the number of the verb whose clause a preposition opens, 0 for none.

    "After an earthquake struck Havana": the small model takes the subject for the preposition's.
    """
    if word.lower_ not in _CONJUNCTIONS or word.dep_ != "prep":
        return 0
    after = word.right_edge.i + 1
    if after >= len(word.doc):
        return 0
    verb = word.doc[after]
    alone = not any(child.dep_ in _SUBJECTS for child in verb.children)
    return after if verb.tag_ in _FINITE and verb.dep_ == "advcl" and alone else 0


def _modify(predicate: Token, found: Arguments) -> None:
    """Take in a noun's participle or infinitive: "sanctions imposed by", "a bill banning"."""
    head = predicate.head
    if predicate.tag_ == "VBN":
        found.passive = True
        found.objects = found.objects or nouns(head)
        found.subjects = found.subjects or list(found.prepositions.get("by", []))
    elif predicate.tag_ == "VBG":
        found.subjects = found.subjects or nouns(head)
    elif head.dep_ != "pobj":
        found.subjects = found.subjects or arguments(head).subjects


def _share(predicate: Token, governor: Token, found: Arguments) -> None:
    """Find whose subject or object the predicate's subject is, by coordination and control."""
    dep = predicate.dep_
    if predicate.tag_ == "VBG" and dep == "xcomp" and governor.lemma_ in _SUFFERING:
        return  # "fled fighting"
    outer = _outer(governor)
    # "jailed him for launching an attack": it was he who did.
    blamed = dep == "pcomp" and predicate.head.lower_ == "for" and bool(outer.objects)
    controlled = blamed or (
        dep in {"xcomp", "pcomp", "ccomp", "advcl"}
        and governor.lemma_ in _OBJECT_CONTROL
        and bool(outer.objects or outer.datives)
        and not (dep == "advcl" and predicate.tag_ == "VBG")
    )
    bare = dep == "conj" and predicate.tag_ == "VBN" and not _own_aux(predicate)
    source = outer.subjects
    if controlled:
        source = outer.objects or outer.datives
    elif outer.passive and not outer.subjects:
        source = outer.objects
    elif outer.passive and bare and not found.objects:
        found.objects = list(outer.objects)
        found.passive = True
    if found.passive and not found.objects:
        found.objects = list(source)
    elif not found.subjects and not found.passive:
        found.subjects = list(source)


def _own_aux(predicate: Token) -> bool:
    return any(
        child.dep_ in {"aux", "auxpass", "nsubj", "nsubjpass"} for child in predicate.children
    )


def _outer(governor: Token) -> Arguments:
    depth = 0
    token = governor
    while token.head.i != token.i and depth < MAX_CHAIN:
        token = token.head
        depth += 1
    return arguments(governor) if depth < MAX_CHAIN else Arguments()


def _fill(found: Arguments, head: Token, passive: bool) -> None:
    """Fill what a relative clause without a pronoun lacks with its noun."""
    if passive:
        if not found.objects:
            found.objects = nouns(head)
        return
    if not found.subjects:
        found.subjects = nouns(head)
    elif not found.objects:
        found.objects = nouns(head)


def _nominal(noun: Token, patient: bool = False) -> Arguments:
    """Return a noun that names an act: "Baku's operation in Karabakh", "the release of hostages
    by X"."""
    found = Arguments()
    for child in noun.children:
        dep = child.dep_
        if dep == "poss":
            found.subjects.extend(nouns(child))
        elif dep == "prep":
            found.add(child.lower_, governed(child))
        elif dep in {"amod", "compound", "nmod"}:
            found.subjects.extend(nouns(child) if child.text[:1].isupper() else leaders(child))
        elif dep in {"acl", "relcl"} and (child.tag_ == "TO" or is_infinitive(child)):
            found.clauses.append(child)
    found.add("by", _by_within(found.prepositions.get("of", [])))
    by = found.prepositions["by"]
    if patient and not by and not found.prepositions.get("of"):
        found.objects.extend(found.subjects)
        found.subjects = []
    if by:
        found.objects.extend(found.subjects)
        found.subjects = list(by)
    found.objects.extend(found.prepositions.get("of", []))
    if noun.lemma_.lower() in _CHANGES:
        found.objects.extend(found.prepositions.get("in", []))
    if not found.subjects:
        found.subjects = _doer(noun)
    return found


def leaders(participle: Token) -> list[Token]:
    """Return who leads something: "a Saudi-led strike"; none for any other word."""
    if participle.lower_ != "led":
        return []
    return [child for child in participle.lefts if child.text[:1].isupper()]


def _by_within(tokens: list[Token]) -> list[Token]:
    """Say who did it where the small model hangs "by" on the other: "the arrest of a man by
    police"."""
    return [
        doer
        for token in tokens
        for child in token.children
        if child.dep_ in {"prep", "agent"} and child.lower_ == "by"
        for doer in governed(child)
    ]


_CHANGES = frozenset({"increase", "rise", "boost", "cut", "reduction", "decrease"})
"""What changes stands behind "in": "an increase in aid"."""


_SUFFERING = frozenset([
    "repel", "repulse", "thwart", "foil", "avert", "survive", "withstand", "suffer", "endure",
    "escape", "flee", "evade", "witness", "fear", "mourn",
])  # fmt: skip
"""Verbs whose subject is not who does what their object names: "repelled an attack"."""


def _doer(noun: Token) -> list[Token]:
    """Say who does the act of a noun that stands as a verb's object: the verb's subject."""
    head, token = noun.head, noun
    for _ in range(3):
        if token.dep_ in _OBJECTS | {"attr", "conj"} and head.pos_ in {"VERB", "AUX"}:
            if token.dep_ == "conj" or head.lemma_ in _SUFFERING:
                return []
            return arguments(head).subjects
        if token.dep_ == "conj":
            token, head = head, head.head
            continue
        break
    return []


def has_main_clause(predicate: Token) -> bool:
    """Say whether a verb is that of a main clause with a subject of its own.

    The sentence's verb, or one joined to it by a conjunction.
    """
    has_subject = any(c.dep_ in _SUBJECTS | _PASSIVE_SUBJECTS for c in predicate.children)
    return has_subject and bool(first_joined(predicate).dep_ == "ROOT")


def first_joined(token: Token) -> Token:
    """Return the first of the words that a word is joined to by conjunctions, else the word."""
    for _ in range(MAX_CHAIN):
        if token.dep_ != "conj":
            break
        token = token.head
    return token
