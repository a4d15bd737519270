"""Compaction, clean-up, and moving to another cluster."""
