"""The six steps, one transform a file. Their logic is in `pipeline.job` and below."""
