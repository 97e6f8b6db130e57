"""Write ``descriptors.binpb``, the protobuf descriptors for `graphread.graph.nodes`.

``python scripts/make_descriptors.py`` extracts them from the installed TensorFlow. The wire format of GraphDef is stable; the
file needs an update only when TensorFlow adds a field that the reader should know.
"""

from __future__ import annotations

from pathlib import Path

from google.protobuf import descriptor_pb2

DESCRIPTORS = Path(__file__).parents[1] / "packages/graphread/src/graphread/graph/descriptors.binpb"


def main() -> None:
    """Collect the file of MetaGraphDef and its dependencies, dependencies first, and write them."""
    from tensorflow.core.protobuf import meta_graph_pb2  # noqa: PLC0415 - takes seconds, and only this script needs it

    files = descriptor_pb2.FileDescriptorSet()
    seen: set[str] = set()

    def add(file: object) -> None:
        name = file.name  # type: ignore[attr-defined]
        if name in seen:
            return
        seen.add(name)
        for dependency in file.dependencies:  # type: ignore[attr-defined]
            add(dependency)
        file.CopyToProto(files.file.add())  # type: ignore[attr-defined]

    add(meta_graph_pb2.DESCRIPTOR)
    DESCRIPTORS.write_bytes(files.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
