"""`python -m pipeline.cli`: the same as the command `dateline`."""

from pipeline.cli import main

main()
