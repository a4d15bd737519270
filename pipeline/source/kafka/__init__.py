"""Records from Kafka topics, and records published to them."""
