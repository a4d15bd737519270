"""The snippets of the pages on tools, each in a process of its own, on one lake."""
