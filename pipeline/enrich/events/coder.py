"""The event coder: from sentences and entities of stories to events.

Sentences that cannot hold an event are never parsed: a sentence needs a word form of the lexicon
and somebody who can act. The rest of all stories is parsed in one batch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Self

from pipeline.enrich.entities import ner
from pipeline.enrich.events import labels
from pipeline.enrich.events.act import HALTING, PROTESTING, Act
from pipeline.enrich.events.actors import Resolver
from pipeline.enrich.events.acts import ActFinder
from pipeline.enrich.events.antecedents import Mentions, is_possessed
from pipeline.enrich.events.classes import is_armed, is_gathering, is_somebody
from pipeline.enrich.events.code_sets import code_set
from pipeline.enrich.events.confidence import (
    confidence,
    features,
    plausibility,
    probability,
    row_features,
    worth,
)
from pipeline.enrich.events.contexts import contexts_of
from pipeline.enrich.events.deeds import Deeds
from pipeline.enrich.events.entities import Entities
from pipeline.enrich.events.event_dates import event_days
from pipeline.enrich.events.event_lexicon import EventLexicon, load_event_lexicon
from pipeline.enrich.events.frames import REFUSED
from pipeline.enrich.events.headlines import READ_AS, present_forms, unread_verb
from pipeline.enrich.events.modality import modality
from pipeline.enrich.events.nationality import Surroundings, at_home
from pipeline.enrich.events.pair import Span, choose_act, fitting
from pipeline.enrich.events.parse import MAX_CHARS, Parser
from pipeline.enrich.events.party import POLITICAL_ROLES, Party, identity
from pipeline.enrich.events.place import place_of
from pipeline.enrich.events.protocol import CoderInput
from pipeline.enrich.events.relations import conditions, is_alleged
from pipeline.enrich.events.screen import Screen
from pipeline.enrich.events.syntax import Token, arguments, governed, has_main_clause
from pipeline.model import Actor, Event

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

MIN_PLAUSIBILITY = 0.55
MIN_WORTH = 0.5
"""Below it F1 of triples falls on development rows; above it true rows of the seed story go."""
MIN_WORTH_OUTSIDE = 0.6
"""The least worth of a row of which nothing says that it is political: what is as sure as that is
mostly told of somebody in office whose office the sentence leaves out."""
_TELLING_WEIGHT = 4
_OF_A_STATE = code_set("of_a_state")
_TOLD_ALONE = code_set("told_alone")
_WITHOUT_TARGET = code_set("without_target")
_COMMERCIAL = frozenset({"BUS", "SPO", "MED"})
MAX_EVENTS_PER_SENTENCE = 8
_RECIPROCAL_CODES = code_set("reciprocal")
_BY_THE_STATE = code_set("by_the_state")
_ACTING_KINDS = frozenset({"PERSON", "ORG"})
_OF_WORDS = code_set("of_words")
_DONE_TO_OTHERS = code_set("done_to_others")
_BETWEEN_SOMEBODY = code_set("between_somebody")
_BY_STATES = code_set("by_states")
_THREATENED = code_set("threatened")
_IF = frozenset({"if", "unless", "until"})
_SAID = code_set("said")
_SPOKEN = code_set("spoken")
_EXCHANGING = frozenset({"exchange", "swap", "trade"})
_SWAPS = frozenset({"exchange", "swap"})
_ABOUT = frozenset({"on", "about", "over", "between"})
_EASING = code_set("easing")
_CRITICISM = code_set("criticism")
_OFFICES = frozenset({"GOV", "LEG", "OPP", "IGO"})
_LEAVING = code_set("leaving")
_ANSWERING = code_set("answering")
_JAILING = code_set("jailing")
_IN_OFFICE = frozenset({"GOV", "LEG", "OPP", "JUD"})
_GUESSED = frozenset({"place", "story"})
_BETWEEN_ALL = code_set("between_all")
_VIOLENT = code_set("violent")
_BEYOND_TRADE = code_set("beyond_trade")
_INVESTIGATING = code_set("investigating")
_MUTUAL = code_set("mutual")
_OFFERED = code_set("offered")
_RECALLING = code_set("recalling")
_OPPOSING = code_set("opposing")
_VERBAL_COOPERATION = code_set("verbal_cooperation")
(_VETOING,) = code_set("vetoing")
(_VISITING,) = code_set("visiting")
_BY_ANYBODY = code_set("by_anybody")
_IN_PLACES = code_set("in_places")
_OFFICIAL = POLITICAL_ROLES - {"OPP", "REB"}
_PROTESTING = frozenset({"CIV", "OPP", "NGO"})
_WHERE = ("in", "from", "at")
_HELD_IN = ("under", "into")
"""What stands before arrest and custody, whose place says who holds: "under arrest in Juba"."""
_OUTSIDE_PHRASES = frozenset({"relcl", "acl", "advcl"})
_OF_SOMEBODY = re.compile(
    r"\b(?:him|them)\b"
    r"|\bher(?=\W+(?:after|and|as|at|by|for|from|in|of|on|over|to|with)\b|[.,;])"
)
_JOINING = frozenset({"and", "&"})
_OF_SEVERAL = re.compile(
    r"(?:(?! and | & ).)* (?:of|for) (?:the )?(?P<all>(?P<first>.+?),? (?:and|&) .+)"
)
_A_STATE = "France"
"""What the parser reads where a name like "Saint Kitts and Nevis" stands: a name that it knows."""
_WHOLE_NAMES = frozenset({"GPE", "LOC"})


@dataclass(frozen=True, slots=True)
class PairCoding:
    """What the coder says of two given spans: CAMEO code, PLOVER root, quad class, confidence.

    `features` is what the confidence was computed from (see `confidence`).
    """

    code: str
    root: str
    quad_class: int
    confidence: float
    features: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """An act between two sides that may be told, its place, and the worth that it needs for it."""

    act: Act
    source: Party
    target: Party | None
    place: tuple[str, str | None] | None
    least: float

    @property
    def begin(self) -> int:
        return int(self.act.trigger[0].i)


class EventCoder:
    """Codes stories with a loaded spaCy English pipeline (its tagger, parser and lemmatizer).

    By frames of verbs and nouns over the dependency parse: a `protocol.Coder`.
    """

    name: ClassVar[str] = "frames"
    version: ClassVar[int] = 11
    languages: ClassVar[frozenset[str]] = frozenset({"en"})

    @classmethod
    def open(cls, model: str) -> Self:
        """Return the coder over the installed package `model`. Raises ModelError."""
        return cls(ner.load_pipeline(model))

    def __init__(
        self,
        nlp: Language,
        lexicon: EventLexicon | None = None,
        judge: Callable[[Sequence[float]], float] = confidence,
        least: float = MIN_WORTH,
    ) -> None:
        """Take `judge`, which turns what speaks for a row (`ROW_FEATURES`) into its confidence.

        Rows whose worth (`confidence.worth`) is below `least` are not told.
        """
        self._least = least
        self._lexicon = lexicon or load_event_lexicon()
        self._judge = judge
        self._parser = Parser(nlp)
        self._finder = ActFinder(self._lexicon)
        self._screen = Screen(self._lexicon)
        self._verbs = present_forms(self._lexicon)

    def code_batch(self, items: Sequence[CoderInput]) -> list[tuple[Event, ...]]:
        """Return the events of each story, in the order of the text."""
        coded = [
            {
                at
                for at, (start, end) in enumerate(item.sentences)
                if self.can_hold_event(item, start, end)
            }
            for item in items
        ]
        wanted = [
            (number, index)
            for number, item in enumerate(items)
            for index in sorted(coded[number] | _taken_up(item, coded[number]))
        ]
        texts = [
            _flat(items[number].text[slice(*items[number].sentences[index])])
            for number, index in wanted
        ]
        names = [
            _joined(items[number].entities, *items[number].sentences[index])
            for number, index in wanted
        ]
        docs = self._parser.parse(texts, names)
        headlines = {
            at: read
            for at, (number, index) in enumerate(wanted)
            for read in [self._headline(items[number], index, docs[at])]
            if read is not None
        }
        docs = [headlines.get(at, doc) for at, doc in enumerate(docs)]
        events: list[list[Event]] = [[] for _ in items]
        recent = Mentions()
        deeds = Deeds()
        story = -1
        following = [*(number for number, _ in wanted[1:]), -1][: len(wanted)]
        for (number, index), doc, after in zip(wanted, docs, following, strict=True):
            if number != story:
                story, recent, deeds = number, Mentions(), Deeds()
            if index in coded[number]:
                found, resolver = self._sentence(items[number], index, doc, recent, deeds)
                events[number].extend(found)
            else:
                start, _ = items[number].sentences[index]
                resolver = Resolver(self._lexicon, items[number].entities, start, recent)
            if after == number:  # a pronoun of the next sentence may stand for one of these
                recent = Mentions(recent, partial(resolver.mentioned, doc))
        return [tuple(found) for found in events]

    def code_pairs(
        self, sentences: Sequence[str], sources: Sequence[Span], targets: Sequence[Span]
    ) -> list[PairCoding | None]:
        """Return the act between two given character spans of each sentence, or None.

        For evaluation on PLOVER's sentences; actors need not be political here.
        """
        codings: list[PairCoding | None] = []
        docs = self._parser.parse([_flat(sentence) for sentence in sentences])
        for doc, source, target in zip(docs, sources, targets, strict=True):
            act = choose_act(self._finder.acts(doc), source, target)
            codings.append(self._pair(act, source, target) if act else None)
        return codings

    def _pair(self, act: Act, source: Span, target: Span) -> PairCoding:
        row = self._lexicon.cameo[act.code]
        sides = (fitting(act.sources, source), fitting(act.targets, target))
        values = features(act, *sides, self._lexicon)
        return PairCoding(act.code, row.root, row.quad_class, probability(values), values)

    def _headline(self, item: CoderInput, index: int, doc: Doc) -> Doc | None:
        """Return a headline parsed again where its verb was taken for a noun."""
        start, end = item.sentences[index]
        if end > len(item.story.headline):
            return None

        def is_named(token: Token) -> bool:
            begin = start + token.idx
            return item.entities.entity_at(begin, begin + len(token.text)) is not None

        verb = unread_verb(doc, self._verbs, is_named, self._lexicon)
        if verb is None:
            return None
        (again,) = self._parser.parse([doc.text], [{verb.text: READ_AS}])
        read = next((t for t in again if t.idx == verb.idx), None)
        if read is None or read.pos_ != "VERB":
            return None
        read.lemma_ = self._verbs[verb.text]
        return again

    def can_hold_event(self, item: CoderInput, start: int, end: int) -> bool:
        """Say whether a sentence is worth parsing, by its words and the entities named in it."""
        end = min(end, start + MAX_CHARS)
        named = sum(
            placed.entity.country is not None or placed.entity.kind in _ACTING_KINDS
            for placed in item.entities.within(start, end)
        )
        return self._screen.passes(item.text[start:end], named)

    def _sentence(
        self,
        item: CoderInput,
        index: int,
        doc: Doc,
        recent: Mentions,
        deeds: Deeds,
    ) -> tuple[list[Event], Resolver]:
        """Return the events of one sentence; `deeds` are what the story told so far, and grow."""
        start, _ = item.sentences[index]
        resolver = Resolver(self._lexicon, item.entities, start, recent)
        rows: list[_Row] = []
        for act in self._finder.acts(doc):
            if modality(act.predicate).conditional or is_alleged(act.predicate):
                continue  # "if Poland closed the consulate": nobody did or will
            place = place_of(act.predicate, item.entities, start)
            around = Surroundings(
                place[1] if place else None,
                item.entities,
                start + len(doc.text),
                item.filed_from,
            )
            pairs = [p for pair in self._sides(act, resolver) for p in deeds.answered(act, *pair)]
            for pair in pairs:
                source, target = at_home(act.code, *pair, around)
                about = self._concerns(act, source, target, item.entities, start)
                least = self._least_worth(act, source, target, reported=about)
                deeds.add(act, source, target, is_row=least is not None)
                for teller in resolver.tellers(act):
                    deeds.add_told(act, teller, source)
                if least is not None:
                    rows.append(_Row(act, source, target, place, least))
        events: dict[tuple[str | None, ...], Event] = {}
        for row in rows:
            earlier = [other for other in rows if other.begin < row.begin]
            event = self._event(item, index, row, _after(row, earlier))
            if event is None:
                continue
            key = (_key(row.source), event.root, _key(row.target))
            known = events.get(key)
            if known is None or known.confidence < event.confidence:
                events[key] = event
        ordered = sorted(events.values(), key=_order)
        return ordered[:MAX_EVENTS_PER_SENTENCE], resolver

    def _sides(self, act: Act, resolver: Resolver) -> list[tuple[Party, Party | None]]:
        sources = resolver.parties(act.sources)
        if not sources and not act.sources and act.code.startswith(_BY_THE_STATE):
            sources = self._in_charge(act, resolver) or self._own_state(act, resolver)
        if not sources:
            return []
        tokens = self._sufferers(act)
        of_a_state = any(party.political and party.actor.country for party in sources)
        unnamed = not act.code.startswith(_BETWEEN_SOMEBODY) and (
            of_a_state or not act.code.startswith(_BY_STATES)
        )
        targets = self._whom(act, resolver, sources, tokens, unnamed=unnamed)
        # What is eased is of one, not of where the visits led to that were banned.
        most = 1 if act.code.startswith(_EASING) else None
        targets = [resolver.of_country(party, self._hit(act)) for party in targets[:most]]
        if not act.sources:  # "a man was arrested in Norfolk" is crime news
            targets = [p for p in targets if _more_than_anyone(p) and _is_suffered(act, p)]
            if not targets:
                return []
        elif not targets:
            targets = _told_elsewhere(act, resolver, sources)
        # Two who reject a plan do it together; two who fail to agree do it to each other.
        refused = act.code.startswith(REFUSED)
        exchanged = _is_exchange(act)
        together = (
            exchanged
            or _agrees_alone(act, targets)
            or (
                act.code.startswith(_RECIPROCAL_CODES)
                and (not refused or act.predicate.lemma_ == "fail")
            )
        )
        joint = len({_key(party) for party in sources}) > 1 and together
        with_others = any(_is_with(p.token) or _is_left(p, act) for p in targets)
        if joint and not with_others and not act.shared:
            two = sources[:3]
            return [(a, b) for a in two for b in two if _key(a) != _key(b)]
        pairs: list[tuple[Party, Party | None]] = []
        for source in sources[:3]:
            if not targets:
                pairs.append((source, None))
            pairs.extend((source, target) for target in targets)
        if (exchanged or act.code.startswith(_MUTUAL)) and act.nominal is False:
            pairs.extend((b, a) for a, b in list(pairs) if b is not None and b.political)
        return pairs

    def _whom(
        self,
        act: Act,
        resolver: Resolver,
        sources: Sequence[Party],
        tokens: Sequence[Token],
        *,
        unnamed: bool,
    ) -> list[Party]:
        """Return whom an act was done to: of violence that is judged who did it, of a threat or a
        refusal also whom its condition names."""
        if act.code.startswith(_CRITICISM):
            blamed = resolver.blamed(tokens, sources)
            if blamed is not None:
                return blamed
        naming, own = (*act.trigger, act.predicate), act.code.startswith(_SAID)
        targets = resolver.first(tokens, sources, naming, unnamed=unnamed, own=own)
        if act.code.startswith(_THREATENED) and not any(map(_is_told, targets)):
            return resolver.first(conditions(act.predicate, _IF), sources) or targets
        if not targets and act.code.startswith(_OF_WORDS):
            targets = resolver.first(conditions(act.predicate), sources)
            targets = targets or resolver.in_words(tokens if act.code != _VETOING else ())
        return targets

    def _sufferers(self, act: Act) -> list[Token]:
        """Return whom an act may have been done to, the likeliest first."""
        tokens = [t for t in act.targets if not self._is_no_side(t, act)]
        if not act.sources:  # "was placed under arrest in Juba": it was done to the subject
            tokens.sort(key=lambda t: t.dep_ != "nsubjpass")
        return tokens

    def _is_no_side(self, token: Token, act: Act) -> bool:
        """Say whether a phrase says where or why something was done, not to whom."""
        if _only_place(token, act):
            return True
        if act.code.startswith(PROTESTING):
            return token in act.trigger or (_is_cause(token) and not self._names_somebody(token))
        return _is_in_place(token) and bool(self._activities(token, act))

    def _names_somebody(self, token: Token) -> bool:
        inner = (t for t in token.subtree if t.dep_ not in _OUTSIDE_PHRASES)
        return any(is_somebody(t, self._lexicon) for t in inner)

    def _activities(self, token: Token, act: Act) -> list[Token]:
        """Return the talks or meeting that a place behind a preposition is the venue of.

        "pulled out of talks in Doha", "called off a meeting in Kampala".
        """
        above = token.head.head
        named = [above] if above.pos_ == "NOUN" else [*act.trigger, *act.targets]
        if above.pos_ != "NOUN" and above.i != act.predicate.i:
            return []
        return [t for t in named if is_gathering(t, self._lexicon)]

    def _hit(self, act: Act) -> list[Token]:
        """Say what an attack names that may tell whose country was hit.

        "an attack on a convoy in Mali killed three".
        """
        hit = [t for t in act.targets if t.dep_ == "pobj" and t.head.head.dep_ == "nsubj"]
        if act.code.startswith(_VIOLENT):
            armed = [t for t in act.sources if is_armed(t, self._lexicon)]
            hit += [t for a in armed for t in a.subtree if t.dep_ == "pobj" and t.pos_ == "PROPN"]
        return hit

    @staticmethod
    def _in_charge(act: Act, resolver: Resolver) -> list[Party]:
        """Say whose state acted where a passive leaves it unsaid: "was arrested in Laos"."""
        found = arguments(act.predicate)
        chain = [act.predicate, *(c for c in act.predicate.children if c.dep_ == "conj")]
        after = [arguments(verb).prepositions for verb in chain if verb.tag_ == "VBN"]
        tokens = [t for own in after for name in _WHERE for t in own.get(name, [])]
        held = [t for own in after for name in _HELD_IN for t in own.get(name, [])]
        terms = [t for own in after for t in own.get("for", []) if labels.is_time(t)]
        inner = [
            t
            for token in [*tokens, *held, *terms]
            for child in token.children
            if child.dep_ == "prep" and child.lower_ == "in"
            for t in governed(child)
        ]
        left = [t for c in found.clauses for t in arguments(c).objects if c in act.trigger]
        tokens = [*tokens, *left]  # "were told to leave Laos"
        states = [p for token in [*tokens, *inner] for p in [resolver.located(token)] if p]
        return states[:1] if found.passive else []

    @staticmethod
    def _own_state(act: Act, resolver: Resolver) -> list[Party]:
        """Return the state of somebody in office who was arrested, where nothing says by whom.

        "the mayor of Istanbul was detained"; of diplomats and of several it may be another one.
        """
        if not act.code.startswith(_JAILING) or not arguments(act.predicate).passive:
            return []
        held = arguments(act.predicate).objects[:1]
        party = resolver.party_at(held[0]) if held and held[0].tag_ in {"NN", "NNP"} else None
        if party is None or party.actor.role not in _IN_OFFICE or not party.actor.country:
            return []
        return [] if resolver.is_abroad(party.token) else [resolver.state_of(party)]

    def _concerns(
        self, act: Act, source: Party, target: Party | None, entities: Entities, offset: int
    ) -> bool:
        """Say whether an act concerns a country whose sides do not say so.

        Two persons who agree or talk about one ("A and B agreed on Korea"); an armed attack that
        harmed people of one.
        """
        if target is None:
            return False
        if source.kind == "PERSON" == target.kind and act.code.startswith(_SPOKEN):
            topics = [t for t in act.predicate.subtree if t.dep_ == "prep" and t.lower_ in _ABOUT]
            named = [t for prep in topics for t in governed(prep)]
            begins = [offset + t.idx for t in named]
            ends = [offset + t.idx + len(t.text) for t in named]
            return any(entities.country_of(*at) for at in zip(begins, ends, strict=True))
        armed = not source.somebody and is_armed(source.token, self._lexicon)
        return armed and act.code.startswith(_VIOLENT) and target.actor.country is not None

    def _least_worth(
        self, act: Act, source: Party, target: Party | None, *, reported: bool
    ) -> float | None:
        """Return the worth that a row needs to be told; None where it is none at all."""
        if plausibility(act, source, target) < MIN_PLAUSIBILITY:
            return None
        if _political(act, source, target, reported=reported):
            return 0.0 if target is None and _stands_alone(act) else self._least
        if _is_told_of_people(act, source, target):
            return max(self._least, MIN_WORTH_OUTSIDE)
        return None

    def _event(self, item: CoderInput, index: int, row: _Row, after: str | None) -> Event | None:
        act, source, target, place = row.act, row.source, row.target, row.place
        values = row_features(act, source, target, self._lexicon, after=after)
        if worth(values, own_clause=has_main_clause(act.predicate)) < row.least:
            return None
        sure = self._judge(values)
        start, end = item.sentences[index]
        text = item.text[start:end]
        code = self._lexicon.cameo[act.code]
        first = start + min(token.idx for token in act.trigger)
        last = start + max(token.idx + len(token.text) for token in act.trigger)
        base: date | None = item.story.date
        future = act.hypothetical or code.root in {"AGREE", "THREATEN"}
        days = event_days(text, first - start, base, future)
        return Event(
            root=code.root,
            cameo=code.code,
            sentence=text,
            sentence_index=index,
            trigger=item.text[first:last],
            start=first,
            end=last,
            confidence=sure,
            quad_class=code.quad_class,
            goldstein=code.goldstein,
            mode=code.mode,
            source=labels.with_label(source.actor, source.kind),
            target=labels.with_label(target.actor, target.kind) if target else None,
            event_date=days[0] if days else None,
            event_date_end=days[1] if days else None,
            place=place[0] if place else None,
            place_country=place[1] if place else None,
            negated=act.negated,
            hypothetical=act.hypothetical,
            contexts=contexts_of(code, text, act.hypothetical),
        )


def _taken_up(item: CoderInput, chosen: Collection[int]) -> set[int]:
    """Return the sentences that tell no act, but whom "him" of the next one stands for."""
    body = len(item.story.headline)
    return {
        index - 1
        for index in chosen
        if index > 0
        if index - 1 not in chosen and item.sentences[index - 1][0] >= body
        if _OF_SOMEBODY.search(item.text, *item.sentences[index])
    }


def _joined(entities: Entities, start: int, end: int) -> dict[str, str]:
    """Return the words of a sentence that are one name, or the end of one, though "and" joins them.

    Each with the word that the parser is to read there. A place's name whole; of a body's what it
    is of, as its head says what it does.
    """
    found: dict[str, str] = {}
    for placed in entities.within(start, end):
        words, kind = placed.mention.text, placed.entity.kind
        several = _OF_SEVERAL.fullmatch(words)
        if several is not None and kind == "ORG":
            found[several["all"]] = several["first"].split()[-1]
        elif kind in _WHOLE_NAMES and not _JOINING.isdisjoint(words.split()):
            found[words] = _A_STATE
    return found


def _after(row: _Row, earlier: Sequence[_Row]) -> str | None:
    """Say what an act comes after in its sentence: see `row_features`."""
    doers = {identity(other.source) for other in earlier}
    if not row.act.nominal and identity(row.source) in doers:
        return "doer"
    return "others" if earlier else None


def _told_elsewhere(act: Act, resolver: Resolver, sources: Sequence[Party]) -> list[Party]:
    """Return whom an act was done to that names nobody: its place, or where an envoy had been."""
    # Talks that are broken off somewhere are not broken off with the place.
    leaves = act.code.startswith(_LEAVING) and any(p.actor.country for p in sources)
    placed = act.code.startswith(_IN_PLACES) and not (act.code.startswith(HALTING) or leaves)
    found = resolver.places(act.predicate, sources) if placed else []
    if not found and act.code.startswith(_ANSWERING):
        found = resolver.provoking(act.predicate, sources)
    if not found and act.code.startswith(_RECALLING) and any(map(is_possessed, act.trigger)):
        return resolver.other_state(act.predicate, sources)
    return found


def _is_exchange(act: Act) -> bool:
    """Say whether an act is given and taken at once: prisoners, fire or blame that is exchanged."""
    verbs = (t.lemma_.lower() for t in act.trigger if t.pos_ == "VERB")
    nouns = (t.lemma_.lower() for t in act.trigger if t.pos_ == "NOUN")
    return not _EXCHANGING.isdisjoint(verbs) or not _SWAPS.isdisjoint(nouns)


def _agrees_alone(act: Act, targets: Sequence[Party]) -> bool:
    """Say whether somebody agrees to do what is done to nobody of a name or a country.

    Of two who "agreed to free detainees" each agrees with the other, not with the detainees.
    """
    known = any(p.actor.country or p.actor.name or p.political for p in targets)
    agreed = act.predicate.lemma_.lower() == "agree" and act.code.startswith(_OFFERED)
    return agreed and not act.negated and not known


def _stands_alone(act: Act) -> bool:
    """Say whether an act is one by itself, done to nobody in particular: to resign, to mobilize."""
    telling = act.weight >= _TELLING_WEIGHT or act.code.startswith(_TOLD_ALONE)
    return act.code.startswith(_WITHOUT_TARGET) and telling


def _only_place(token: Token, act: Act) -> bool:
    """Say whether a phrase says where talks were held or words said, not with or to whom."""
    return (
        act.code.startswith(_VERBAL_COOPERATION)
        # "pledged to lift the ban on visits by Peruvians"
        and not (act.code.startswith(_EASING) and token.head.lower_ == "on")
        and act.code != _VISITING
        and (_is_in_place(token) or (token.dep_ == "pobj" and token.head.lower_ == "on"))
    )


def _is_in_place(token: Token) -> bool:
    return token.dep_ == "pobj" and token.head.lower_ in {"in", "at", "near", "outside"}


def _is_cause(token: Token) -> bool:
    """Say whether a phrase says what somebody protests for or about: "a strike over wages"."""
    return token.dep_ == "pobj" and token.head.lower_ in {"over", "for", "about", "off"}


def _political(act: Act, source: Party, target: Party | None, *, reported: bool = False) -> bool:
    """Say whether an act is a political event: somebody political acts or is acted upon.

    `reported` says that more than its sides tells it, where nobody among them is political. An act
    that a noun alone names needs both sides; companies make no events among themselves.
    """
    telling = act.weight >= _TELLING_WEIGHT or act.code.startswith(_TOLD_ALONE)
    if act.purpose or (target is None and (act.background or not telling)):
        return False
    if _unknown_to_unknown(act, source, target):
        return False
    if target is not None and _is_business(act, source, target):
        return False
    if act.nominal and act.depth == 0 and act.trigger == (act.predicate,):
        return source.political and target is not None and _suffers(act, target)
    if target is None:
        return source.political
    of_office = act.weight >= _TELLING_WEIGHT and _of_office(act, source, target)
    return reported or of_office or source.political or _of_others(act, source, target)


def _is_told_of_people(act: Act, source: Party, target: Party | None) -> bool:
    """Say whether somebody with a name or an office deals with somebody, in deeds or against him.

    Not in what commerce and private life do as well, nor in crimes. Of two bodies without an office
    it may be business.
    """
    if target is None or act.purpose or act.nominal or not target.somebody:
        return False
    if act.code.startswith((*_BETWEEN_ALL, *_VIOLENT)):
        return False
    roles = {source.actor.role, target.actor.role}
    if roles & _COMMERCIAL:
        return False
    named = source.kind in _ACTING_KINDS or source.political
    return named and (roles != {None} or "PERSON" in {source.kind, target.kind})


def _suffers(act: Act, target: Party) -> bool:
    """Say whether an act that a noun alone names is done to somebody political, or of a country."""
    done = act.code.startswith(_DONE_TO_OTHERS) and target.somebody
    return target.political or (done and _of_a_country(target))


def _of_a_country(party: Party) -> bool:
    return party.actor.country is not None and party.actor.resolved_by not in _GUESSED


def _of_office(act: Act, source: Party, target: Party) -> bool:
    """Say whether somebody known acts on an office, or an office on somebody known or of a country.

    "Dehghan refused a request from 20 MPs", "rivals of the premier will boycott the summit".
    """
    mine, other = source.actor, target.actor
    if mine.role in _COMMERCIAL or other.role in _COMMERCIAL:
        return False
    if act.code.startswith(PROTESTING):
        return source.somebody and mine.role in _PROTESTING
    if mine.role in _OFFICES and other.role in _OFFICES and act.code.startswith(_OF_WORDS):
        return True
    if mine.role in POLITICAL_ROLES:
        return other.name is not None or other.country is not None
    named = mine.name is not None and source.kind in _ACTING_KINDS
    return named and (other.role in _OFFICIAL or other.country is not None)


def _is_business(act: Act, source: Party, target: Party) -> bool:
    """Say whether an act is one among companies, sports and media, or with them."""
    role = target.actor.role
    if role not in _COMMERCIAL or act.code.startswith(_OPPOSING):
        return False
    if role == "MED" and act.code.startswith(_BEYOND_TRADE):
        return False
    return not source.political or act.code.startswith(_BETWEEN_ALL)


def _of_others(act: Act, source: Party, target: Party) -> bool:
    """Say whether an act of somebody who is not political is political by whom it is done to."""
    if (
        source.actor.role == "CIV"
        and act.code.startswith(_OF_A_STATE)
        and not act.code.startswith(_BY_ANYBODY)
    ):
        return False
    if source.actor.role == "MIL" and act.code.startswith(_VIOLENT) and target.somebody:
        return True
    if act.code.startswith(_LEAVING) and not target.political:
        return False
    if source.actor.role in _COMMERCIAL:
        return target.political and act.code.startswith(_OF_WORDS) and act.weight >= _TELLING_WEIGHT
    known = bool(source.actor.name or source.actor.role or source.somebody)
    if target.political:
        return known
    return known and act.code.startswith(_DONE_TO_OTHERS) and _concerns_a_state(source, target)


def _concerns_a_state(source: Party, target: Party) -> bool:
    """Say whether somebody known does something to somebody of a country, or a body of it does."""
    if source.kind == "PERSON" and target.kind == "PERSON":
        return True
    identified = target.actor.country is not None and target.actor.resolved_by not in _GUESSED
    state = source.actor.country is not None and target.somebody
    return identified or state or source.actor.role in {"NGO", "OPP"}


def _unknown_to_unknown(act: Act, source: Party, target: Party | None) -> bool:
    """Say whether neither side is told: ministers who met, police of a guessed country at their
    work.

    Somebody who is only guessed needs somebody to act upon; people without a country or a name who
    met or agreed could be anybody's.
    """
    if target is None:
        return source.actor.resolved_by in _GUESSED and act.code.startswith(_INVESTIGATING)
    guessed = source.actor.resolved_by in _GUESSED and source.kind != "PERSON"
    if guessed and not target.somebody:
        # "Gunmen attacked a tanker off Fujairah": the place tells enough.
        raid = source.actor.role == "REB" and act.code.startswith(_VIOLENT)
        return target.actor.country is None and not (raid and source.actor.resolved_by == "place")
    sides = (source.actor, target.actor)
    return act.code.startswith(_VERBAL_COOPERATION) and not any(
        side.country or side.name for side in sides
    )


def _more_than_anyone(party: Party) -> bool:
    """Say whether somebody is named, of a country by the words, or more than one of the people."""
    actor = party.actor
    own = actor.country is not None and actor.resolved_by not in _GUESSED
    return own or actor.name is not None or actor.role not in {None, "CIV"}


def _is_told(party: Party) -> bool:
    """Say whether somebody is named, or his country is known."""
    return party.actor.country is not None or party.actor.name is not None


def _is_suffered(act: Act, target: Party) -> bool:
    """Say whether a target of a passive is its subject: not what "rainfall was restricted to"."""
    objects = arguments(act.predicate).objects
    stands = [t for item in objects for t in (item, *item.children)]
    return not objects or any(t.i == target.token.i for t in stands)


def _is_with(token: Token) -> bool:
    """Say whether a target is said to be a partner of all doers: "agreed with Chile"."""
    return token.dep_ == "pobj" and token.head.lower_ in {"with", "between", "among"}


def _is_left(party: Party, act: Act) -> bool:
    """Say whether a body or state is what doers left, not each other: "left the bloc ECOWAS"."""
    return act.code.startswith(_RECALLING) and party.political and party.token.dep_ == "dobj"


def _flat(text: str) -> str:
    """Line breaks within a sentence are blanks: same length, so offsets stay."""
    return text.replace("\n", " ").replace("\r", " ").replace("\t", " ")


def _key(party: Party | None) -> str | None:
    return identity(party) if party is not None else None


def _order(event: Event) -> tuple[int, str, str, str]:
    return event.start, event.root, _name(event.source), _name(event.target)


def _name(actor: Actor | None) -> str:
    return f"{actor.country or ''}{actor.name or actor.text}" if actor else ""
