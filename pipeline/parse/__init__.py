"""Wire formats to stories: `parse_record` and `parse_batch`.

Bytes go in, stories and rejects come out; no byte sequence raises. One module a format stands in
`pipeline.parse.formats`, tried in the order of the table in `pipeline.parse.sniff`.
"""

from pipeline.parse.limits import DEFAULT_LIMITS, ParseLimits
from pipeline.parse.portions import parse_batch
from pipeline.parse.record import parse_record

__all__ = ["DEFAULT_LIMITS", "ParseLimits", "parse_batch", "parse_record"]
