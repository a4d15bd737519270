"""The embedded broker, for the demo and for tests."""
