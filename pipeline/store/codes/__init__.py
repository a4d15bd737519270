"""What the codes in a lake's columns mean, as tables."""
