"""The reader: what network is this graph, and what is wrong with it."""
