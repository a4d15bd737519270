"""A deterministic simulation of all that writes, keeps and reads a lake (`make simulate`)."""
