"""Runs over the lake itself: reprocess, retry."""
