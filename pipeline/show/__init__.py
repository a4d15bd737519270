"""One story for a reader's eyes: found in the lake, its entities and events marked.

`find_story` reads, `terminal` and `page` render; nothing here writes to the lake.
"""

from pipeline.show.find import Shown, find_story

__all__ = ["Shown", "find_story"]
