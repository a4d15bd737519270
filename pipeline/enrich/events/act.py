"""One act that a sentence names, and what the modality of its predicate makes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.enrich.events.code_sets import code_set
from pipeline.enrich.events.event_lexicon import EventLexicon
from pipeline.enrich.events.modality import modality
from pipeline.enrich.events.syntax import Token, is_infinitive

if TYPE_CHECKING:
    from spacy.tokens import Doc


@dataclass(frozen=True, slots=True)
class Act:
    """An act as a sentence names it: code, predicate, who (tokens) did it to whom (tokens).

    `targets` is in order of preference, `trigger` are the words that name the act. `weight` says
    how specific the frame was, `depth` how many operators were applied.
    """

    code: str
    predicate: Token
    sources: tuple[Token, ...]
    targets: tuple[Token, ...]
    trigger: tuple[Token, ...]
    weight: int
    consumed: frozenset[int]
    depth: int = 0
    negated: bool = False
    hypothetical: bool = False
    nominal: bool = False

    @property
    def doc(self) -> Doc:
        """The parsed text that the act was found in."""
        return self.predicate.doc

    @property
    def background(self) -> bool:
        """Whether the act only dates another one: "after X did …"."""
        return self.predicate.dep_ == "advcl" and any(
            child.dep_ in {"mark", "advmod", "prep"} and child.lower_ in _DATING
            for child in self.predicate.children
        )

    @property
    def purpose(self) -> bool:
        """Whether the act is only what another one was meant for: "to help rebuild"."""
        return self.predicate.dep_ in {"advcl", "acl"} and is_infinitive(self.predicate)

    @property
    def shared(self) -> bool:
        """Whether the act is said to be between others than its doers ("between the two")."""
        return any(
            token.dep_ == "pobj" and token.head.lower_ in {"between", "among"}
            for token in self.targets
        )


def finished(act: Act, lexicon: EventLexicon) -> Act | None:
    """Return the act under the modality of its own predicate; None where that leaves no act."""
    held = modality(act.predicate)
    code: str | None = act.code
    negated = act.negated
    hypothetical = act.hypothetical or held.conditional
    cooperative = act.code.startswith(COOPERATIVE)
    if held.will and held.negated:
        code = lexicon.apply("refuse", act.code)
    elif held.will:
        intended = lexicon.apply("intent", act.code)
        code, hypothetical = intended, intended != act.code or hypothetical
    elif held.negated and cooperative and (held.possible or act.code.startswith(_GRANTING)):
        code = lexicon.apply("refuse", act.code)
    elif held.negated:
        negated = True
    elif held.possible or is_infinitive(act.predicate):
        # An infinitive that no verb passes on says what was meant, needed or feared.
        hypothetical = True
    if code is None:
        return None
    return replace(act, code=code, negated=negated, hypothetical=hypothetical)


_DATING = frozenset({"after", "before", "since", "when", "while", "as", "until", "once"})
COOPERATIVE = code_set("cooperative")
PROTESTING = code_set("protesting")
HALTING = code_set("halting")
_GRANTING = code_set("granting")
