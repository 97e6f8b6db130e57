"""What the drawing pad costs for 784-1500-10: making it, bytes, Chromium.

``python -m research.bench.widgets`` prints a table. Milliseconds are medians; beside them stands how often NumPy could
answer for the pad's network in that time, since a machine's own speed goes into both.
"""

from __future__ import annotations

import itertools
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np

WIDTHS = (784, 1_500, 10)
ROUNDS = 30
MEDIAN = """
function median(work) {
  const taken = [];
  for (let round = 0; round < 60; round++) {
    const begun = performance.now();
    work();
    taken.push(performance.now() - begun);
  }
  return taken.sort((a, b) => a - b)[Math.floor(taken.length / 2)];
}
"""
ANSWERS = """
const network = document.querySelector('.draw-pad').network, pixels = Float64Array.from(arguments[0]);
return [median(() => network.scores(pixels)), median(() => network.gradient(pixels, 3))];
"""


def made() -> tuple[object, float]:
    """The pad of a network as it begins, and the processor seconds that it took."""
    import tensorflow.compat.v1 as tf

    from netgrader.checks.context import Dataset
    from netgrader.data import load_data
    from netgrader.judges.pads import pad_of
    from netgrader.reader.lab.local import LocalLab
    from netgrader.student.graphs import export_graph
    from tests.datasets import DATA, DIGITS

    (x_train, y_train), (x_test, y_test) = load_data(DIGITS, DATA)
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, WIDTHS[0]])
        value = x
        for number, width in enumerate(WIDTHS[1:]):
            weights = tf.get_variable(f"weights_{number}", [WIDTHS[number], width])
            value = tf.matmul(tf.nn.relu(value), weights) + tf.get_variable(f"bias_{number}", [width])
        start = tf.global_variables_initializer()
    with tf.Session(graph=graph) as session:
        session.run(start)
        evidence = export_graph(SimpleNamespace(graph=graph, X=x, logits=value), session)
    data, lab, seconds = Dataset(DIGITS, x_train, y_train, x_test, y_test), LocalLab(), []
    for _ in range(3):
        begun = time.process_time()
        pad = pad_of(lab, evidence, data)
        seconds.append(time.process_time() - begun)
    lab.close()
    return pad, statistics.median(seconds)


def in_numpy(random: np.random.Generator) -> float:
    """Milliseconds for one answer of the same network in NumPy, 32 bits."""
    tables = [random.standard_normal(sizes).astype(np.float32) for sizes in itertools.pairwise(WIDTHS)]
    image, taken = random.random((1, WIDTHS[0])).astype(np.float32), []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        _ = np.maximum(image @ tables[0], 0) @ tables[1]
        taken.append(1_000 * (time.perf_counter() - begun))
    return statistics.median(taken)


def in_chromium(html: str, measured: str, *arguments: object) -> tuple[float, float]:
    """Milliseconds for two things that a script measures in a page."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    from tests.browser.conftest import FLAGS

    options = Options()
    options.binary_location = shutil.which("chromium")
    for flag in FLAGS:
        options.add_argument(flag)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(html, encoding="utf-8")
        driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            driver.get(page.as_uri())
            first, second = driver.execute_script(MEDIAN + measured, *arguments)
        finally:
            driver.quit()
    return first, second


def main() -> int:
    """Measure and print."""
    from netgrader.drawing_pad import pad_html, script, style
    from tests.datasets import DIGITS

    random = np.random.default_rng(1)
    pad, seconds = made()
    html = pad_html(pad.network, pad.frame, DIGITS, pad.tried)
    head = "<!DOCTYPE html><meta charset=utf-8>"
    page = f"{head}<style>{style()}</style>{html}<script>{script()}</script>"
    numpy = in_numpy(random)
    weights = json.dumps(msgspec.to_builtins(pad.network))
    rows = [
        ("making its data, processor seconds", f"{seconds:.2f}", ""),
        ("weights in the page, bytes", f"{len(weights):,}", ""),
        ("script and style, bytes", f"{len(script()) + len(style()):,}", ""),
    ]
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        sys.stderr.write("No rows of Chromium, which is not here: apt-get install chromium chromium-driver\n")
    else:
        answer, slopes = in_chromium(page, ANSWERS, random.random(WIDTHS[0]).tolist())
        rows.append(("an answer in Chromium, milliseconds", f"{answer:.1f}", f"{answer / numpy:.1f}"))
        rows.append(("the ink for and against, milliseconds", f"{slopes:.1f}", f"{slopes / numpy:.1f}"))
    sys.stdout.write("| pad, 784-1500-10 | | in answers of NumPy |\n|---|---|---|\n")
    for name, figure, ratio in rows:
        sys.stdout.write(f"| {name} | {figure} | {ratio} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
