"""The six steps: the four that call the job in one file, and what brings the ticks to them.

Their logic is in `pipeline.job` and below.
"""
