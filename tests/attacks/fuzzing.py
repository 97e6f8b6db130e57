"""A mutation fuzzer for readers of untrusted input; ``make fuzz MINUTES=n`` runs it for longer.

Valid inputs are mutated at random, as bytes and as structures. A reader may only accept or refuse them in its documented way.
Anything else is reported with the seed that reproduces it.
"""

from __future__ import annotations

import copy
import itertools
import json
import shutil
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

import netgrader
from graphread.graph.nodes import meta_graph_def
from graphread.lab import LabError
from graphread.lab.allow import accept
from graphread.text import SentenceError
from netgrader.evidence import BadEvidence, EvidenceLimits, EvidenceWriter, GraphEvidence, read_evidence, read_npy
from netgrader.grading.archives import ArchiveLimits, unpack
from netgrader.grading.folders import KINDS, choose
from netgrader.grading.restore import identify, restore
from netgrader.grading.submission import UnreadableError, parse_notebook
from netgrader.judges.log import BadTrainingLog, read_training_log
from tests.datasets import DIGITS
from tests.texts import english

Target = Callable[[bytes, Path], None]

LIMITS = EvidenceLimits(manifest_bytes=200_000, graph_bytes=2_000_000, array_bytes=2_000_000, total_bytes=8_000_000)
INTERESTING = (0, 1, 2, 4, 7, 8, 16, 31, 32, 64, 100, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**63 - 1)
OPS = ("Softmax", "Relu", "PyFunc", "While", "", "Sum", "Const", "Placeholder")
WORDS = (b"[", b"]", b"{", b"}", b'"', b"NaN", b"null", b"-1", b"1e999", b"\\ud800", b"\x00", b"\xff", b"../", b"true")


def mutate(content: bytes, random: Random) -> bytes:
    """Change some bytes: flip, insert, remove, repeat, or put something in that breaks readers."""
    made = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 3, 8))):
        at, size = random.randrange(len(made) + 1), random.choice((1, 1, 2, 4, 8, 60))
        match random.randrange(7):
            case 0 if made:
                made[at % len(made)] ^= 1 << random.randrange(8)
            case 1:
                made[at:at] = random.randbytes(size)
            case 2:
                del made[at : at + size]
            case 3:
                made[at:at] = made[at : at + size] * random.choice((1, 2, 50))
            case 4:
                number = random.choice(INTERESTING).to_bytes(8, random.choice(("little", "big")))
                made[at : at + 8] = number[: random.choice((1, 2, 4, 8))]
            case 5:
                made[at : at + random.choice((0, 1))] = random.choice(WORDS)
            case _:
                made = made[:at] if random.random() < 0.3 else made
    return bytes(made[:4_000_000])


def mutate_json(content: bytes, random: Random) -> bytes:
    """Change what stands in a JSON text: swap, drop or replace values, or change its bytes."""
    try:
        value = json.loads(content) if random.random() < 0.7 else None
    except (ValueError, RecursionError):  # its bytes were changed before
        value = None
    if not isinstance(value, dict | list) or not value:
        return mutate(content, random)
    for _ in range(random.choice((1, 2, 4))):
        places = list(_places(value))
        holder, key = random.choice(places)
        other, place = random.choice(places)
        strange = (None, True, -1, 10**30, 1.5, "", "x" * 5000, [], {}, [[]], {"": None}, "\ud800")
        holder[key] = random.choice((*strange, copy.deepcopy(other[place])))
    try:
        return json.dumps(value).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):  # it came to hold itself
        return content


def _places(value: Any) -> Any:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def mutate_graph(content: bytes, random: Random) -> bytes:  # noqa: C901, PLR0912  (a list of changes)
    """Change a graph: inputs, ops, names and attributes of its nodes, or its bytes."""
    if random.random() < 0.3:
        return mutate(content, random)
    meta = meta_graph_def()
    try:
        meta.ParseFromString(content)
    except DecodeError:  # its bytes were changed before
        return mutate(content, random)
    nodes = meta.graph_def.node
    if not nodes:
        return mutate(content, random)
    for _ in range(random.choice((1, 1, 2, 5))):
        node, other = random.choice(nodes), random.choice(nodes)
        match random.randrange(9):
            case 0 if node.input:
                output = random.choice(("", ":1", ":99", ":-1", ":x"))
                node.input[random.randrange(len(node.input))] = other.name + output
            case 1 if node.input:
                del node.input[random.randrange(len(node.input))]
            case 2:
                node.input.append(random.choice((other.name, "^" + other.name, "", ":", "^", "nowhere", "a:b:c")))
            case 3:
                node.op = random.choice((other.op, *OPS))
            case 4:
                node.name = random.choice((other.name, "", "^x", "x:0", "\u202e", "a" * 3000))
            case 5 if node.attr:
                del node.attr[random.choice(list(node.attr))]
            case 6 if other.attr:
                key = random.choice(list(other.attr))
                node.attr[key].CopyFrom(other.attr[key])
            case 7 if "shape" in node.attr:
                for dim in node.attr["shape"].shape.dim:
                    dim.size = random.choice((0, -1, -5, 1, 2**40))
            case _ if "value" in node.attr:
                tensor = node.attr["value"].tensor
                tensor.tensor_content = mutate(tensor.tensor_content[:200], random)
                tensor.dtype = random.choice((0, 1, 3, 7, 20, 99))
    return meta.SerializeToString()


# ---- good inputs ---------------------------------------------------------------------------------------------------------


@cache
def arrays() -> tuple[bytes, ...]:
    import io

    found = []
    for array in (np.arange(6.0).reshape(2, 3), np.zeros((0, 4), ">f4"), np.array(True), np.arange(9, dtype=np.uint8)):
        stream = io.BytesIO()
        np.lib.format.write_array(stream, array)
        found.append(stream.getvalue())
    return tuple(found)


@cache
def graphs() -> tuple[bytes, ...]:
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 784], name="X"), tf.placeholder(tf.float32, [None, 10], name="Y")
        w1, b1 = (tf.get_variable(name, shape) for name, shape in (("w1", [784, 20]), ("b1", [20])))
        w2, b2 = (tf.get_variable(name, shape) for name, shape in (("w2", [20, 10]), ("b2", [10])))
        logits = tf.identity(tf.nn.relu(x @ w1 + b1) @ w2 + b2, name="logits")
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits), name="loss")
        tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1)), tf.float32), name="accuracy")
        tf.train.AdamOptimizer(0.003).minimize(loss, name="train_op")
        return (tf.train.export_meta_graph(graph=graph).SerializeToString(),)


PARTS = {name: f"{name}:0" for name in ("X", "Y", "logits", "loss", "accuracy")} | {"train_op": "train_op"}


@cache
def manifests() -> tuple[bytes, ...]:
    with tempfile.TemporaryDirectory() as folder:
        out = EvidenceWriter(folder, "check")
        out.fact("f", {"a": [1, 2.5, None, "x"], "b": True})
        out.array("a", np.arange(4.0))
        out.array("l", np.arange(256) / 255, ("given", np.arange(256, dtype=np.uint8)))
        out.graph("g", GraphEvidence(b"graph", PARTS, {"k:0": np.float32(1)}, {"w": np.zeros((2, 2))}, {"rate": 0.1}))
        out.close()
        return (Path(folder, "manifest.json").read_bytes(),)


@cache
def skeletons() -> tuple[Any, ...]:
    from netgrader.which_course import find_course

    assignment = find_course(Path(__file__)).assignment("digits")
    return tuple(assignment.skeleton(name) for name in assignment.notebooks)


@cache
def notebooks() -> tuple[bytes, ...]:
    """The release's, without what stands in text cells: code is what they are known by."""
    found = []
    for path in sorted((Path(__file__).parents[2] / "release" / "digits").glob("*.ipynb")):
        notebook = json.loads(path.read_bytes())
        for cell in notebook["cells"]:
            cell["source"] = cell["source"] if cell["cell_type"] == "code" else cell["source"][:1]
        found.append(json.dumps(notebook).encode())
    return tuple(found)


@cache
def archives() -> tuple[bytes, ...]:
    import io

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("digits/1_one_layer.ipynb", "{}" * 50)
        out.writestr("digits/helper.py", "x = 1\n" * 20)
    return (stream.getvalue(),)


# ---- readers, each with the ways in which it may refuse ------------------------------------------------------------------


def read_array(content: bytes, _: Path) -> None:
    try:
        read_npy(content)
    except BadEvidence:
        return


def read_folder(content: bytes, folder: Path) -> None:
    (folder / "manifest.json").write_bytes(content)
    (folder / "0.npy").write_bytes(arrays()[0])
    (folder / "1.npy").write_bytes(arrays()[0])
    (folder / "2.pb").write_bytes(b"graph")
    (folder / "3.npy").write_bytes(arrays()[2])
    (folder / "4.npy").write_bytes(arrays()[1])
    try:
        evidence = read_evidence(folder, {"given": np.arange(256, dtype=np.uint8)}, LIMITS)
        read_training_log(evidence, DIGITS)
    except (BadEvidence, BadTrainingLog):
        return


def read_graph(content: bytes, _: Path) -> None:
    try:
        netgrader.read_network(content, PARTS, "two_layer_network", lab=None).as_json()
    except SentenceError:
        return


def accept_graph(content: bytes, _: Path) -> None:
    meta = meta_graph_def()
    try:
        meta.ParseFromString(content)
    except DecodeError:  # what protobuf cannot read never gets to the allow-list
        return
    try:
        accept(meta)
    except LabError:
        return


def read_submission(content: bytes, _: Path) -> None:
    try:
        notebook = parse_notebook(content)
    except UnreadableError:
        return
    skeleton = identify(notebook, skeletons())
    if skeleton is not None:
        restored = restore(notebook, skeleton)
        json.dumps([[cell.source for cell in restored.cells], english(restored.notes)]).encode()


def read_archive(content: bytes, folder: Path) -> None:
    path = folder / "work.zip"
    path.write_bytes(content)
    try:
        with zipfile.ZipFile(path) as opened:
            entries = [(one.filename, place) for place, one in enumerate(opened.infolist()) if not one.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError):  # said by whoever reads the names in it
        return
    (folder / "there").mkdir(exist_ok=True)
    try:
        unpack(path, choose(entries, KINDS), folder / "there", "work.zip", ArchiveLimits(file=100_000, total=200_000))
    except UnreadableError:
        return


@dataclass(frozen=True)
class Fuzzed:
    """A reader, good inputs for it, and how they are changed."""

    read: Target
    inputs: Callable[[], tuple[bytes, ...]]
    change: Callable[[bytes, Random], bytes] = mutate


TARGETS = {
    "arrays": Fuzzed(read_array, arrays),
    "evidence": Fuzzed(read_folder, manifests, mutate_json),
    "graphs": Fuzzed(read_graph, graphs, mutate_graph),
    "allow-list": Fuzzed(accept_graph, graphs, mutate_graph),
    "notebooks": Fuzzed(read_submission, notebooks, mutate_json),
    "archives": Fuzzed(read_archive, archives),
}


@dataclass
class Report:
    """How many inputs were tried, and what went wrong: seed and traceback."""

    tried: int = 0
    slowest: float = 0.0
    wrong: dict[int, str] = field(default_factory=dict)


def fuzz(target: Fuzzed, seeds: range | itertools.count[int], seconds: float = 1e9) -> Report:
    """Try inputs by seed until the time is over; stops at ten that go wrong."""
    target.inputs()  # importing what makes them takes its time
    report, deadline = Report(), time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="netgrader-fuzz-") as name:
        folder = Path(name)
        for seed in seeds:
            if time.monotonic() > deadline or len(report.wrong) >= 10:
                break
            random = Random(seed)  # noqa: S311
            content = random.choice(target.inputs())
            for _ in range(random.choice((1, 1, 1, 3))):
                content = target.change(content, random) if content else content
            begin = time.monotonic()
            try:
                target.read(content, folder)
            except Exception:  # noqa: BLE001  (this is what is looked for)
                report.wrong[seed] = traceback.format_exc(limit=-4)
            report.slowest = max(report.slowest, time.monotonic() - begin)
            report.tried += 1
            shutil.rmtree(folder / "scratch", ignore_errors=True)
    return report
