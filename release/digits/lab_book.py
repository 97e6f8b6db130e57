"""The lab book of notebook 3: a list of your runs, kept in a file and drawn side by side.

Grading skips all of it, and the file is not submitted.
"""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from netgrader.student import show_figure, skipped_in_grading

__all__ = ["forget", "read", "record", "show"]

FILE = Path(".ipynb_checkpoints", "netgrader-lab-book.json")  # in Jupyter's own folder, which is not submitted
COLUMNS = ["what was tried", "runs", "epochs", "seconds", "training, %", "validation, %", "deviation of validation"]


def read():
    """Return all runs, the latest last: dicts with ``what, seed, seconds, training, validation, loss``."""
    runs = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else []
    return [run for run in runs if "validation" in run]  # older lab books used the test images


def record(what, seed, seconds, *, training, validation, loss):
    """Add a run to the file. It replaces an earlier run with the same description and seed.

    Parameters
    ----------
    what
        What you tried, in your own words.
    seed
        The seed of all random numbers of the run.
    seconds
        The duration of the run.
    training, validation, loss
        Lists of the accuracy on the training images and on the validation images, and of the loss, after each epoch.
    """
    curves = {"training": training, "validation": validation, "loss": loss}
    run = {"what": what, "seed": seed, "seconds": round(seconds, 1)}
    run |= {name: [round(float(value), 6) for value in values] for name, values in curves.items()}
    before = read()
    others = [one for one in before if (one["what"], one["seed"]) != (what, seed)]
    _write([*others, run])
    replaced = " It replaces the earlier run with this description and seed." if others != before else ""
    share = f"{100 * run['validation'][-1]:.2f} % of the validation images"
    print(f"\r{what}, seed {seed}: {share} in {seconds:.0f} seconds.{replaced}")


def forget(what):
    """Remove all runs with this description."""
    _write([run for run in read() if run["what"] != what])


@skipped_in_grading
def show():
    """Draw all runs side by side, and print a table that you can copy into an answer."""
    networks = {}
    for run in read():
        networks.setdefault(run["what"], []).append(run)
    if networks:
        _draw(networks)
        _print_table([COLUMNS, *(_row(what, runs) for what, runs in networks.items())])
    else:
        print("Your lab book is empty.")


def _write(runs):
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(runs, indent=1), encoding="utf-8")


def _row(what, runs):
    """Return the row of a network: means over its runs, standard deviation of the validation accuracies."""
    training, validation = ([100 * run[name][-1] for run in runs] for name in ("training", "validation"))
    seconds = np.mean([run["seconds"] for run in runs])
    deviation = f"{np.std(validation, ddof=1):.2f}" if len(validation) > 1 else ""
    epochs, means = len(runs[0]["validation"]), [np.mean(training), np.mean(validation)]
    numbers = [f"{epochs}", f"{seconds:.0f}", *(f"{mean:.2f}" for mean in means)]
    return [what.replace("|", "/"), f"{len(runs)}", *numbers, deviation]


def _print_table(rows):
    """Print rows as a Markdown table with columns of equal width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    for row in rows:
        print("|", " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)), "|")


def _draw(networks):
    """Draw final accuracies with mean and standard deviation, and all curves, in one color per network."""
    figure, panels = plt.subplots(1, 3, figsize=(10, 2.4 + 0.25 * len(networks)), layout="constrained")
    final, accuracy, loss = panels
    for row, runs in enumerate(networks.values()):
        color = f"C{row % 10}"
        last = [100 * run["validation"][-1] for run in runs]
        deviation = np.std(last, ddof=1) if len(last) > 1 else None
        final.plot(last, [row] * len(last), "|", color=color)
        final.errorbar(np.mean(last), row, xerr=deviation, fmt="o", capsize=4, color=color)
        for run in runs:
            epochs = np.arange(len(run["validation"])) + 1
            looks = {"color": color, "lw": 1, "ms": 2 if len(epochs) > 1 else 9, "alpha": 0.6}
            accuracy.plot(epochs, 100 * np.array(run["validation"]), ".-", **looks)
            accuracy.plot(epochs, 100 * np.array(run["training"]), ".:", **looks)
            loss.plot(epochs, run["loss"], ".-", **looks)
    names = [what if len(what) < 35 else f"{what[:33]}…" for what in networks]
    of_networks = [Line2D([], [], color=f"C{row % 10}") for row in range(len(names))]
    of_images = [Line2D([], [], color="gray", linestyle=style) for style in ("-", ":")]
    accuracy.legend(of_images, ["validation", "training"], fontsize=8, loc="lower right")
    for text in loss.legend(of_networks, names, fontsize=8, loc="upper right").get_texts():
        text.set_parse_math(False)
    final.set_yticks(range(len(names)), names, parse_math=False)
    final.set_ylim(len(names) - 0.5, -0.5)
    final.grid(axis="x", color="gainsboro")
    final.set_title("validation accuracy, %")
    accuracy.set(title="accuracy, %", xlabel="epoch")
    loss.set(title="training loss", xlabel="epoch")
    for panel in (accuracy, loss):
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    show_figure(
        figure,
        alt="Your runs side by side: validation accuracies with mean and deviation, and curves over the epochs. "
        "The table below has the numbers.",
    )
