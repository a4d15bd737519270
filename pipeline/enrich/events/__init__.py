"""Events: who did what to whom, coded in PLOVER and CAMEO from the dependency parse.

`EventCoder` is the way in; docs/events.md says what is coded, from what, and how well.
"""

from pipeline.enrich.events.coder import CoderInput, EventCoder, PairCoding
from pipeline.enrich.events.entities import Entities

__all__ = ["CoderInput", "Entities", "EventCoder", "PairCoding"]
