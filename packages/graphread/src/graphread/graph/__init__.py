"""Parse a GraphDef: source, nodes, walks, constants; inline calls, resolve loops and branches.

`source.read_source` returns the message of any object with a graph, `plain.plain_graph` its nodes and edges.
"""
