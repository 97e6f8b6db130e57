"""What is in a GraphDef: its source, nodes and walks, constants, and calls, loops and branches written out.

`source.read_source` gives the message of whatever holds a graph, `plain.plain_graph` its nodes and what reads what.
"""
