"""Declarative mappings: which value of a foreign object, row or table is which field of a story."""
