"""What reading costs: a GraphDef without running anything, the whole command, and further graphs in a lab that runs.

Seconds of processor time beside those of importing NumPy and TensorFlow, since a machine's own speed goes into both.
``python research/bench/reader.py`` prints a table.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 5
GRAPH = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow.compat.v1 as tf
with tf.Graph().as_default() as graph:
    x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
    w1 = tf.Variable(tf.glorot_uniform_initializer()([784, 1500]))
    w2 = tf.Variable(tf.glorot_uniform_initializer()([1500, 10]))
    b1, b2 = tf.Variable(tf.zeros([1500])), tf.Variable(tf.zeros([10]))
    z = tf.nn.relu(x @ w1 + b1) @ w2 + b2
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z))
    tf.train.AdamOptimizer(0.001).minimize(loss)
open(sys.argv[1], "wb").write(graph.as_graph_def().SerializeToString())
"""
LAB = """
import sys, time
began = time.process_time()
import tensorflow
imported = time.process_time() - began
from graphread.lab.local import LocalLab
from netgrader import read_network
content, lab = open(sys.argv[1], "rb").read(), LocalLab()
seconds = []
for _ in range(4):
    began = time.process_time()
    read_network(content, exercise="two_layer_network", lab=lab)
    seconds.append(time.process_time() - began)
print(imported, seconds[0], sorted(seconds[1:])[1])
"""


def processor_seconds(*command: str) -> float:
    """What a process and its children spent, as the median of some rounds."""
    found = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found)


def reading(content: bytes) -> float:
    """Seconds for one GraphDef, nothing run, in a process that has read before."""
    from netgrader import read_network  # what is measured

    seconds = []
    for _ in range(2 * ROUNDS):
        began = time.process_time()
        read_network(content, exercise="two_layer_network", lab=None)
        seconds.append(time.process_time() - began)
    return statistics.median(seconds)


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.pb"
        subprocess.run([sys.executable, "-c", GRAPH, str(path)], check=True, capture_output=True)
        netgrader = str(Path(sys.executable).with_name("netgrader"))
        read = [netgrader, "read", str(path), "--exercise", "two_layer_network"]
        numpy = processor_seconds(sys.executable, "-c", "import numpy")
        rows = {
            "a GraphDef, nothing run": reading(path.read_bytes()),
            "importing NumPy, for comparison": numpy,
            "the command, nothing run": processor_seconds(*read, "--static", "--json", "-"),
        }
        done = subprocess.run([sys.executable, "-c", LAB, str(path)], check=True, capture_output=True, text=True)
        imported, first, further = map(float, done.stdout.split())
        rows["importing TensorFlow"] = imported
        rows["the first graph with experiments"] = first
        rows["each further graph in a running lab"] = further
    sys.stdout.write("| reading | processor seconds | in imports of NumPy |\n|---|---|---|\n")
    for name, seconds in rows.items():
        sys.stdout.write(f"| {name} | {seconds:.3f} | {seconds / numpy:.2f} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
