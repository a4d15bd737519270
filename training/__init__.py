"""Making the entity models that Dateline ships: `make models`."""
