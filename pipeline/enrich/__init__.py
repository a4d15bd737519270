"""Language, entities, places, region and events of a story."""

from pipeline.enrich.enricher import MAX_CHARS, Enricher

__all__ = ["MAX_CHARS", "Enricher"]
