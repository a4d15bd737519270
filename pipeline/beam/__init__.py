"""The edge to Apache Beam: the graph, its steps, and how it is run."""
