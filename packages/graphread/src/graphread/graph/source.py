"""Load a graph from a ``tf.Graph``, message, bytes or file, always as one MetaGraphDef."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf import message as protobuf_message
from google.protobuf import text_format

from graphread.graph.nodes import Message, message, meta_graph_def
from graphread.text import SentenceError, Text

if TYPE_CHECKING:
    from collections.abc import Sequence


class LargestGraph:
    """Size limits of a graph."""

    MAX_BYTES = 256_000_000
    MAX_TEXT_BYTES = 16_000_000
    """For protobuf's text format, which is parsed in Python: 10 seconds."""
    MAX_NODES = 100_000
    MAX_FUNCTIONS = 2_000


_OP = re.compile(r"[A-Za-z_][A-Za-z0-9_.\\/>-]*\Z")


class GraphError(SentenceError):
    """The input is not a readable graph; the message is a sentence."""


class EmptyGraphError(GraphError):
    """The graph has no operation."""


def require_at_most(count: int, most: int, sentence: Text) -> None:
    """Raise a `GraphError` with this sentence if `count` exceeds `most`."""
    if count > most:
        raise GraphError(sentence)


def read_source(source: object) -> Message:
    """Read a graph from a ``tf.Graph``, a GraphDef or MetaGraphDef, their bytes, or a file's path.

    Returns a MetaGraphDef of the reader's own descriptor pool; for a bare GraphDef, one without collections. Raises a
    `GraphError` if there is no graph, or if it exceeds the limits.
    """
    content = _content(source)
    size = len(content)
    require_at_most(
        size,
        LargestGraph.MAX_BYTES,
        Text(
            "The graph has {count:,} bytes; at most {max_bytes:,} are read.",
            count=size,
            max_bytes=LargestGraph.MAX_BYTES,
        ),
    )
    if not content.strip():
        raise GraphError(Text("The graph is empty: there is nothing in it."))
    meta = _parse(content, _FORMS[isinstance(source, str | Path)])
    graph = meta.graph_def
    if not graph.node:
        raise EmptyGraphError(Text("The graph is empty: it has no operation."))
    nodes = len(graph.node) + sum(len(function.node_def) for function in graph.library.function)
    require_at_most(
        nodes,
        LargestGraph.MAX_NODES,
        Text(
            "The graph has {nodes:,} operations; at most {max_nodes:,} are read.",
            nodes=nodes,
            max_nodes=LargestGraph.MAX_NODES,
        ),
    )
    functions = len(graph.library.function)
    require_at_most(
        functions,
        LargestGraph.MAX_FUNCTIONS,
        Text(
            "The graph has {count:,} functions; at most {max_functions:,} are read.",
            count=functions,
            max_functions=LargestGraph.MAX_FUNCTIONS,
        ),
    )
    return meta


def _content(source: object) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if isinstance(source, str | Path):
        return _file(Path(source))
    if hasattr(source, "as_graph_def") and hasattr(source, "get_all_collection_keys"):
        return _from_graph(source)
    if hasattr(source, "SerializeToString"):
        try:
            return bytes(source.SerializeToString())
        except (ValueError, TypeError, protobuf_message.EncodeError) as error:
            raise GraphError(Text("The message given as a graph cannot be serialised.")) from error
    raise GraphError(
        Text(
            "A {kind} is not a graph: a tf.Graph, a GraphDef, a MetaGraphDef or a file is.",
            kind=type(source).__name__,
        )
    )


def _file(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(LargestGraph.MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or Text("its name is impossible")
        raise GraphError(
            Text("The file {path!r} cannot be read: {reason}.", path=str(path)[:200], reason=reason)
        ) from error


def _from_graph(graph: Any) -> bytes:
    """Serialize a ``tf.Graph`` with the collections that describe training, loops and branches."""
    meta = meta_graph_def()
    try:
        meta.graph_def.ParseFromString(graph.as_graph_def().SerializeToString())
    except (ValueError, protobuf_message.Error) as error:
        raise GraphError(Text("The graph is too large to be serialised.")) from error
    for key in ("trainable_variables", "cond_context", "while_context"):
        for item in graph.get_collection(key):
            # Skip items that have no message or refuse to give it, as a resource variable does outside its graph.
            with suppress(ValueError, TypeError, AttributeError, NotImplementedError, RuntimeError), graph.as_default():
                content = item.to_proto().SerializeToString()
                meta.collection_def[key].bytes_list.value.append(content)
    return bytes(meta.SerializeToString())


def _parse(content: bytes, forms: Sequence[_Form]) -> Message:
    for name, parse, holds_graph in forms:
        parsed = _attempt(name, parse, content)
        if parsed is not None and holds_graph(parsed) and _plausible(parsed):
            return parsed
    raise GraphError(next(sentence for starts, sentence in _OTHER_BYTES if content.startswith(starts)))


def _of_bytes(name: str, content: bytes) -> Message:
    return message(name).FromString(content)


def _of_text(name: str, content: bytes) -> Message:
    sentence = Text("It is not a graph in binary form, and too large for one as text: at most {most:,} bytes are read.")
    require_at_most(len(content), LargestGraph.MAX_TEXT_BYTES, sentence.format(most=LargestGraph.MAX_TEXT_BYTES))
    return text_format.Parse(content.decode(), message(name)())


_Form = tuple[str, Callable[[str, bytes], Message], Callable[[Message], bool]]
#: Message types to try for bytes, in which format, and the evidence required: other bytes parse as a graph by chance.
_BINARY: tuple[_Form, ...] = (
    ("GraphDef", _of_bytes, lambda meta: bool(meta.graph_def.node)),
    ("MetaGraphDef", _of_bytes, lambda meta: bool(meta.HasField("graph_def"))),
    (
        "GraphDef",
        _of_bytes,
        lambda meta: bool(meta.graph_def.HasField("versions") or meta.graph_def.HasField("library")),
    ),
)
_TEXT: tuple[_Form, ...] = (
    ("GraphDef", _of_text, lambda meta: bool(meta.graph_def.node)),
    ("MetaGraphDef", _of_text, lambda meta: bool(meta.HasField("graph_def"))),
)
#: Formats by whether the source is a file: parsing text is slow, so bytes of a submission are never parsed as text.
_FORMS = {False: _BINARY, True: (*_BINARY, *_TEXT)}
#: Prefixes of other bytes, and the sentence for each.
_OTHER_BYTES = (
    ((b"\x0a", b"\x12", b"\x1a", b"\x22"), Text("The bytes begin like a graph but are cut off or damaged.")),
    ((b"\x89HDF",), Text("An .h5 file is not read: load it with Keras and save it as .keras, or export it.")),
    ((b"",), Text("The bytes are not a graph: neither a GraphDef nor a MetaGraphDef, binary or text.")),
)


def _attempt(name: str, parse: Callable[[str, bytes], Message], content: bytes) -> Message | None:
    """Return the bytes as a MetaGraphDef, parsed as a message of this name; None if they are not one."""
    try:
        parsed = parse(name, content)
    except (protobuf_message.DecodeError, text_format.ParseError, ValueError, RecursionError, OverflowError):
        return None
    return parsed if name == "MetaGraphDef" else _wrapped(parsed)


def _plausible(meta: Message) -> bool:
    """Whether every node has a name and a syntactically valid op."""
    return all(node.name and _OP.match(node.op) for node in meta.graph_def.node)


def _wrapped(graph: Message) -> Message:
    meta = meta_graph_def()
    meta.graph_def.CopyFrom(graph)
    return meta
