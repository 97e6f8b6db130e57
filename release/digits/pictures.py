"""The pictures of the notebooks: each function draws one, and says in words what it shows, for whoever cannot see it.

There is nothing about networks here. Read it if you wonder how a picture is made.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from netgrader.student import show_figure

__all__ = ["show_regions", "show_what_helps"]

COLOURS = ["tab:blue", "tab:orange", "tab:green"]
LIGHT = ["#d6e6f4", "#fbe3cf", "#d9eed9"]
MARKERS = ["o", "^", "s"]
WHAT_HELPS = {  # by hidden layers and extras: mean and standard deviation of the test accuracy, in percent
    ("1500", ""): (98.25, 0.15),
    ("1500", "decay"): (98.44, 0.04),
    ("128, 128, 128", "decay"): (98.10, 0.09),
    ("256, 256, 256", "decay"): (98.41, 0.07),
    ("512, 512, 512", ""): (98.13, 0.30),
    ("512, 512, 512", "decay"): (98.59, 0.06),
    ("512, 512", "dropout 0.2, decay"): (98.56, 0.06),
    ("512, 512, 512", "batch normalisation, dropout 0.3, decay"): (98.61, 0.05),
    ("1024, 1024", "dropout 0.5, decay"): (98.70, 0.06),
}


def show_regions(points, classes, networks):
    """Show points of two or three classes, and in which regions of the plane each network answers with which class.

    Parameters
    ----------
    points
        Places in the plane, of shape (n, 2).
    classes
        The number of the class of each, 0, 1 or 2, of shape (n,).
    networks
        Functions by title: each takes places of shape (m, 2) and returns the classes that it answers, of shape (m,).
    """
    points, classes = np.asarray(points), np.asarray(classes).astype(int)
    margin = 0.05 * np.ptp(points, axis=0)
    sides = np.linspace(points.min(axis=0) - margin, points.max(axis=0) + margin, 200)
    across, up = np.meshgrid(*sides.T)
    places = np.stack([across.ravel(), up.ravel()], axis=1)

    figure, panels = plt.subplots(1, len(networks), figsize=(4.3 * len(networks), 3.9), sharey=True, squeeze=False)
    told = []
    for panel, (title, answer) in zip(panels.flat, networks.items(), strict=True):
        regions = np.asarray(answer(places)).reshape(across.shape)
        panel.contourf(across, up, regions, levels=[-0.5, 0.5, 1.5, 2.5], colors=LIGHT)
        for number in np.unique(classes):
            of_it = points[classes == number]
            panel.plot(*of_it.T, MARKERS[number], color=COLOURS[number], markersize=4, label=f"class {number}")
        panel.set_title(title)
        right = np.mean(np.asarray(answer(points)) == classes)
        told.append(f"{title}: {100 * right:.0f} percent of the points lie in the region of their class.")
    panels.flat[-1].legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    show_figure(
        figure,
        alt=f"{len(points)} points of {len(np.unique(classes))} classes in a plane, which is coloured by the class that "
        f"a network answers there. {' '.join(told)}",
    )


def show_what_helps():
    """Show how accurate networks with these hidden layers and extras were, as we measured them for notebook 3."""
    means, deviations = np.transpose(list(WHAT_HELPS.values()))
    names = [layers + (f"\n{extras}" if extras else "") for layers, extras in WHAT_HELPS]
    numbers = [f"{mean:.2f} ± {deviation:.2f}" for mean, deviation in WHAT_HELPS.values()]
    figure, axes = plt.subplots(figsize=(8.5, 5.2))
    axes.errorbar(means, range(len(means)), xerr=2 * deviations, fmt="o", capsize=3)
    axes.axvline(98.5, color="tab:green", linestyle="--", label="98.5 %")
    axes.set_yticks(range(len(means)), names)
    axes.invert_yaxis()
    right = axes.secondary_yaxis("right")
    right.set_yticks(range(len(means)), numbers)
    right.set_ylabel("mean ± standard deviation")
    axes.set_xlabel("test accuracy in percent, with the range of 19 in 20 runs")
    axes.grid(axis="x", color="gainsboro")
    axes.legend(loc="lower left")
    rows = "; ".join(f"{name}: {number}".replace("\n", ", ") for name, number in zip(names, numbers, strict=True))
    show_figure(figure, alt=f"Test accuracies in percent by hidden layers and extras, with a line at 98.5. {rows}.")
