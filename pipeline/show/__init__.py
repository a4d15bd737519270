"""One story for a reader's eyes: found in the lake, its entities and events marked.

`find` reads, `terminal` and `page` render; nothing here writes to the lake.
"""
