"""The judge of a lake."""
