"""Bytes to text, text to paragraphs, dates in text."""
