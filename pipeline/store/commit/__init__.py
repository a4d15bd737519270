"""Writing to the lake: data files, the tables' logs, the commit protocol."""
