"""Language, entities, places, region and events of a story."""
