"""Say which network is in a file, and what is wrong with it: ``graphread FILE``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from graphread import read_network
from graphread.graph.source import GraphError

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Print the network in a file; return 1 where something is wrong with it, and 2 where there is none."""
    parser = argparse.ArgumentParser(
        prog="graphread", description="Say which network is in a file, and what is wrong with it."
    )
    parser.add_argument(
        "file",
        type=Path,
        help="a GraphDef or MetaGraphDef of TensorFlow, binary or text, such as model.pb or model.pbtxt",
    )
    parser.add_argument("--json", action="store_true", help="write JSON")
    asked = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what TensorFlow says when it is imported
    try:
        network = read_network(asked.file)
    except GraphError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{json.dumps(network.as_json(), indent=2) if asked.json else network}\n")
    return int(bool(network.faults))


if __name__ == "__main__":
    sys.exit(main())
