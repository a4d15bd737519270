"""Entities: the model's names and the lists', resolved and merged."""
