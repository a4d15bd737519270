"""Whom pronouns and "both sides" stand for: what was named before them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.enrich.events.party import PLURAL_NOUNS, Party, distinct, is_officer
from pipeline.enrich.events.syntax import Token, first_joined

HE = frozenset({"he", "she", "him", "her", "his"})
IT = frozenset({"it", "its"})
OTHERS = frozenset({"him", "her", "them"})
"""Pronouns of whom something is done to: never who does it."""
THEY = frozenset({"they", "them", "both", "sides", "side", "two", "their"})
_ANYBODY = frozenset({"they", "them", "their"})
_POWERS = frozenset({"GOV", "LEG", "MIL", "REB", "IGO"})
_SPEECH = frozenset([
    "say", "add", "note", "state", "report", "believe", "think", "know", "explain", "feel", "claim",
    "suggest", "estimate",
])  # fmt: skip
_SUBJECTS = frozenset({"nsubj", "nsubjpass"})
_BODIES = frozenset([
    "media", "press", "newspaper", "website", "family", "crowd", "community", "population",
    "opposition", "party", "movement", "union", "magazine", "broadcaster", "public",
])  # fmt: skip
_OWN = frozenset({"its", "his", "her", "their", "own", "my", "our"})
_COUNTERPARTS = frozenset(
    {"counterpart", "colleague", "neighbor", "neighbour", "rival", "ally", "owner"}
)

_ASKING = frozenset({"demand", "insist", "request", "ask", "order", "require", "urge", "recommend"})
_AUXILIARIES = frozenset({"aux", "auxpass"})
_FORCES = frozenset({"MIL", "REB", "COP"})
_PEOPLE = frozenset({"CIV", "OPP", "MED"})
_PERSONS = frozenset({"leader", "president", "minister", "premier", "counterpart"})
BODIES_OF_STATES = frozenset(
    {"bloc", "alliance", "organization", "organisation", "grouping", "cartel", "body"}
)
_STATES = frozenset({"country", "nation", "kingdom", "republic", "emirate", "sultanate"})
_AIMED = frozenset({"on", "against", "with", "to", "from", "at", "of"})
_WHERE = frozenset({"in", "at", "near", "outside"})
_MOST_RECENT = 8
_MOST_STEPS = 4
ByToken = Callable[[Token], Party | None]


class Mentions:
    """Parties that the sentences before named, the last of them; worked out when first asked for.

    `read` gives those of the sentence before, `previous` those of the sentences before that one,
    and `known` all of these, once they were asked for. Most sentences have no pronoun that would
    need to know.
    """

    def __init__(
        self, previous: Mentions | None = None, read: Callable[[], Sequence[Party]] = tuple
    ) -> None:
        self.previous = previous
        self.read = read
        self.known: Sequence[Party] | None = None if previous else ()

    def parties(self) -> Sequence[Party]:
        """Return them in the order of the text, at most `_MOST_RECENT`."""
        waiting: list[Mentions] = []
        node: Mentions | None = self
        while node is not None and node.known is None:
            waiting.append(node)
            node = node.previous
        # From the first sentence on, in a loop: a story may have more of them than calls may nest.
        known: Sequence[Party] = node.known or () if node is not None else ()
        for node in reversed(waiting):
            known = node.known = [*known, *node.read()][-_MOST_RECENT:]
        return known


def antecedents(token: Token, recent: Mentions, party: ByToken) -> list[Party]:
    """Return the parties that a pronoun or a definite pair stands for, none where nobody fits.

    `recent` has the parties of the sentences before, `party` gives who stands at a noun. Of a
    speaker's own clause the speaker is meant ("the rebels said that they would leave").
    """
    lower = token.lower_
    speaker = speaker_of(token)
    asking = speaker if speaker is not None and _is_asked(token) else None
    if speaker is not None and asking is None and lower in HE | IT | {"they", "them"}:
        teller = party(speaker)
        agrees = teller is not None and _agrees(lower, speaker, teller)
        # "Peru and Chile said that it ignores them": a thing, and neither of the two.
        if teller is not None and (agrees or (lower in IT and _is_several(speaker))):
            return [teller] if agrees else []
    doer = _doer(token) if lower in OTHERS else None
    before = [
        found
        for other in token.doc[: token.i]
        if other.pos_ in {"PROPN", "NOUN"} and other.dep_ in _SUBJECTS | {"conj", "poss"}
        if not (_same(other, asking) or _same(other, doer))
        for found in [party(other)]
        if found is not None
    ]
    if lower in HE:
        pool = [*recent.parties(), *before]
        return [p for p in pool if p.kind == "PERSON" or is_officer(p) or is_a_person(p)][-1:]
    if lower in IT:
        bodies = [p for p in recent.parties() if _is_a_body(p)]
        earlier = [p for p in bodies if p.token.dep_ in _SUBJECTS]
        last = [p for p in bodies if p.actor.role == "GOV" and not _is_venue(p.token)]
        return ([p for p in before if _is_a_body(p)] or earlier or last)[-1:]
    if lower in {"they", "them"}:
        several = [p for p in before if p.token.tag_ == "NNS" or p.token.lower_ == "police"]
        if several:
            return several[-1:]
    pool = [*recent.parties(), *before]
    if stands_for_state(token):
        return _state(token, pool, party)
    paired = lower in THEY or stands_for_several(token)
    pair = _pair(token, pool) if paired else []
    return pair or (_force(token, pool) if lower in _ANYBODY else [])


def _pair(token: Token, pool: Sequence[Party]) -> list[Party]:
    """Return the two that were named last, as a pair if any were, in the order of the text.

    "Both sides" says itself that two are meant. "They" may be anybody: only states and powers like
    them, in a deed.
    """
    doer = _doer(token)
    known = [p for p in pool if _is_party(p) and not _same(p.token, doer)]
    if token.lemma_.lower() in _PERSONS:
        persons = [p for p in known if p.kind == "PERSON" or is_officer(p)]
        known = persons if len({p.actor.country for p in persons}) > 1 else known
    latest = distinct(list(reversed([p for p in known if not _is_venue(p.token)])))
    pair = _coordinated(latest) or latest[:2]
    if token.lower_ in OTHERS and pair and _more_behind(pair[0].token):
        return []
    if token.lower_ in _ANYBODY and (_only_speaks(token) or not all(map(_is_a_power, pair))):
        return []
    return list(reversed(pair)) if len(pair) > 1 else []


def _is_party(party: Party) -> bool:
    """Say whether somebody political has a country, or is an armed group or body of states."""
    return party.political and bool(
        party.actor.country or (party.kind == "ORG" and party.actor.role in {"REB", "IGO"})
    )


def _more_behind(token: Token) -> bool:
    """Say whether the sentence goes on to others who are several, or to things: "them" are they."""
    return any(t.tag_ == "NNS" for t in token.doc[token.i + 1 :])


def _force(token: Token, pool: Sequence[Party]) -> list[Party]:
    """Return the troops, police or rebels that the sentence before is about, where they act.

    None where that sentence names others who are several.
    """
    earlier = [p for p in pool if p.token.doc is not token.doc]
    last = [p for p in earlier if p.token.doc is earlier[-1].token.doc]
    several = distinct([p for p in last if p.token.tag_ == "NNS" or p.token.lower_ == "police"])
    suffered = [p for p in several if p.actor.role in _PEOPLE | {"REB"}]
    if token.lower_ == "them" and len(suffered) == 1:
        return suffered  # "police arrested 14 miners. A judge released them"
    if _only_speaks(token) or len(several) != 1:
        return []
    (force,) = several
    token_of = force.token
    if token_of.dep_ == "pobj" and token_of.head.lower_ == "of":  # "hundreds of students"
        token_of = token_of.head.head
    met = _FORCES | _PEOPLE if token.lower_ in OTHERS else _FORCES
    about = token_of.dep_ in _SUBJECTS and force.actor.role in met
    return several if about else []


def _state(token: Token, pool: Sequence[Party], party: ByToken) -> list[Party]:
    """Return the state that was named last and is not the one that acts: "sanctions on the
    country"."""
    subjects = (c for above in token.ancestors for c in above.children if c.dep_ in _SUBJECTS)
    doer = next(subjects, None)
    acting = party(doer) if doer is not None else None
    own = acting.actor.country if acting is not None else None
    states = [p for p in pool if p.actor.country and p.political and p.actor.role == "GOV"]
    return [p for p in states if p.actor.country != own and not _is_venue(p.token)][-1:]


def _only_speaks(token: Token) -> bool:
    """Say whether a pronoun's verb is one of speech, which many of whom nothing was told may do."""
    return token.dep_ in _SUBJECTS and token.head.lemma_.lower() in _SPEECH


def _is_a_power(party: Party) -> bool:
    """Say whether a party is a state, its government or forces, a body of states or armed group.

    "They" are a pair of such; a town and officers, or two persons, were only named beside another.
    """
    town = party.kind == "GPE" and not (party.actor.entity_id or "country:").startswith("country:")
    return party.actor.role in _POWERS and party.kind != "PERSON" and not town


def _coordinated(latest: Sequence[Party]) -> list[Party]:
    """Return the latest two that were named as a pair ("Peru and Chile"), the later one first."""
    for later in latest:
        for other in latest:
            if later.token.dep_ == "conj" and _same(later.token.head, other.token):
                return [later, other]
    return []


def _is_venue(token: Token) -> bool:
    """Say whether a name only tells where somebody was: "arrived in Cairo"."""
    return bool(token.dep_ == "pobj" and token.head.lower_ in _WHERE)


def is_a_person(party: Party) -> bool:
    """Say whether somebody is one person called by what he is: "an editor", "the farmer"."""
    one = party.kind is None and bool(party.token.tag_ == "NN")
    worker = party.actor.role == "NGO" and party.token.lower_ == "worker"
    people = party.actor.role in {"CIV", "MED", "OPP"} and party.token.lower_ not in _BODIES
    return one and (people or worker)


def stands_for_several(token: Token) -> bool:
    """Say whether a noun is a pair that was named before: "the two countries", "both leaders"."""
    words = {child.lower_ for child in token.lefts}
    if token.lemma_.lower() not in PLURAL_NOUNS or not ("both" in words or {"the", "two"} <= words):
        return False
    return not any(child.text[:1].isupper() and child.i > token.sent.start for child in token.lefts)


def stands_for_state(token: Token) -> bool:
    """Say whether a noun is a state that was named before: "sanctions on the country".

    Of a place where something is done ("in the country") and of a subject it says nothing.
    """
    if token.lemma_.lower() not in _STATES or token.tag_ != "NN":
        return False
    aimed = token.dep_ == "dobj" or (token.dep_ == "pobj" and token.head.lower_ in _AIMED)
    plain = [child.lower_ for child in token.children if child.dep_ != "prep"]
    of_a_name = any(t.pos_ == "PROPN" for t in token.subtree)
    return aimed and not of_a_name and plain in (["the"], ["that"], ["this"])


def stands_for_body(token: Token) -> bool:
    """Say whether a noun is an organisation of states that was named before: "accused the bloc"."""
    if token.lemma_.lower() not in BODIES_OF_STATES or token.tag_ != "NN":
        return False
    words = [child.lower_ for child in token.children if child.dep_ != "prep"]
    return words in (["the"], ["that"], ["this"])


def is_possessed(token: Token) -> bool:
    """Say whether a noun is somebody's own ("its operations"), a counterpart or ally apart."""
    if token.lemma_.lower() in _COUNTERPARTS:
        return False
    return any(child.lower_ in _OWN and child.dep_ == "poss" for child in token.children)


def _is_asked(token: Token) -> bool:
    """Say whether a pronoun is whom a demand asks: "demanded that it release the ship"."""
    clause = first_joined(token.head)
    bare = clause.tag_ in {"VB", "VBP"} and not any(c.dep_ in _AUXILIARIES for c in clause.children)
    return bare and clause.dep_ == "ccomp" and clause.head.lemma_.lower() in _ASKING


def speaker_of(token: Token) -> Token | None:
    """Return the subject of the verb whose clause a pronoun is the subject of."""
    if token.dep_ not in _SUBJECTS:
        return None
    clause = first_joined(token.head)
    if clause.dep_ not in {"ccomp", "advcl"} or clause.head.i == clause.i:
        return None
    # "Peru protested, saying that it …": who says stands at the verb before.
    verbs = [clause.head, *([clause.head.head] if clause.head.tag_ == "VBG" else [])]
    subjects = (c for verb in verbs for c in verb.children if c.dep_ in _SUBJECTS)
    return next((c for c in subjects if c.i < token.i and c.pos_ != "PRON"), None)


def _is_several(speaker: Token) -> bool:
    return speaker.tag_ in {"NNS", "NNPS"} or any(c.dep_ == "conj" for c in speaker.children)


def _agrees(lower: str, speaker: Token, party: Party) -> bool:
    """Say whether a pronoun can stand for a speaker: persons are "he", bodies "it", several
    "they"."""
    plural = _is_several(speaker)
    if lower in HE:
        return party.kind == "PERSON" or (not plural and party.kind not in {"ORG", "GPE"})
    if lower in IT:
        return not plural and party.kind != "PERSON"
    return plural or party.kind in {"ORG", None} or _speaks_for_others(speaker)


def _speaks_for_others(speaker: Token) -> bool:
    words = [speaker, *(c for c in speaker.children if c.dep_ in {"compound", "nmod", "appos"})]
    return any(word.lemma_.lower().startswith("spokes") for word in words)


def _is_a_body(party: Party) -> bool:
    """Say whether "it" may stand for somebody of a country: no person, and not several."""
    person = party.kind == "PERSON" or is_officer(party) or is_a_person(party)
    several = party.token.tag_ in {"NNS", "NNPS"}
    known = bool(party.actor.country) or (party.kind == "ORG" and party.political)
    return known and not person and not several


def _same(token: Token, other: Token | None) -> bool:
    return other is not None and token.doc is other.doc and bool(token.i == other.i)


def _doer(token: Token) -> Token | None:
    """Return the subject of the verb that a noun is governed by: it is not one of those acted
    upon."""
    head = token.head.head if token.dep_ in _SUBJECTS else token.head
    if token.dep_ == "pobj" and token.lower_ in OTHERS:  # "fired at them"
        head = head.head
    for _ in range(_MOST_STEPS):  # "offered to host them": who offered
        subject = next((c for c in head.children if c.dep_ in _SUBJECTS and c.i < token.i), None)
        if subject is not None or head.dep_ not in {"xcomp", "conj"}:
            return subject
        head = head.head
    return None
