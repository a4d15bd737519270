"""Scores of the enrichment against labelled sets."""

from pipeline.evaluate.run import evaluate
from pipeline.evaluate.speed import speed

__all__ = ["evaluate", "speed"]
