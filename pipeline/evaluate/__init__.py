"""Scores of the enrichment against labelled sets."""
