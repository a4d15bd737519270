"""Near-duplicates, and the table of their links."""
