"""What is in a GraphDef: its source, nodes and walks, constants, and calls, loops and branches written out."""
