"""Print the network in a file, and its faults: ``graphread FILE``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from graphread import read_network
from graphread.graph.source import GraphError

__all__ = ["main"]

CONTROL = dict.fromkeys([*range(10), *range(11, 32), *range(127, 160)], "\N{REPLACEMENT CHARACTER}")
"""Control characters except line feed, which a terminal would obey: names in a graph may contain any."""


def main(arguments: list[str] | None = None) -> int:
    """Print the network in a file; return 1 if it has faults, and 2 if the file contains no graph."""
    parser = argparse.ArgumentParser(
        prog="graphread", description="Say which network is in a file, and what is wrong with it."
    )
    parser.add_argument(
        "file",
        type=Path,
        help="a GraphDef or MetaGraphDef of TensorFlow, binary or text, such as model.pb or model.pbtxt",
    )
    asked = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # does not silence all lines of TensorFlow's import
    try:
        network = read_network(asked.file)
    except GraphError as error:
        sys.stderr.write(f"{error}\n".translate(CONTROL))
        return 2
    sys.stdout.write(f"{network}\n".translate(CONTROL))
    return int(bool(network.faults))


if __name__ == "__main__":
    sys.exit(main())
