"""The content of a GraphDef: source, nodes, walks, constants; calls, loops and branches inlined.

`source.read_source` gives the message of any object with a graph, `plain.plain_graph` its nodes and what reads what.
"""
