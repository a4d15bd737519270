"""Events: who did what to whom, coded in PLOVER and CAMEO from the dependency parse.

`coder_of` gives the coder that the configuration names, `EventCoder` is Dateline's own;
docs/events.md says what it codes, from what, and how well.
"""

from pipeline.enrich.events.coder import EventCoder, PairCoding
from pipeline.enrich.events.entities import Entities
from pipeline.enrich.events.protocol import Coder, CoderInput
from pipeline.enrich.events.registry import coder_of

__all__ = ["Coder", "CoderInput", "Entities", "EventCoder", "PairCoding", "coder_of"]
