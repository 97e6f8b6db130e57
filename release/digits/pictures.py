"""The pictures of the notebooks: each function draws one, and describes it in words (alt text).

This file contains nothing about networks. Read it if you wonder how a picture is made.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator

from netgrader.student import show_figure

__all__ = [
    "show_accuracies",
    "show_activations",
    "show_batch_normalisation",
    "show_cross_entropy",
    "show_descent",
    "show_digits",
    "show_dropout",
    "show_gradients",
    "show_losses",
    "show_mistakes",
    "show_regions",
    "show_softmax",
    "show_stencils",
    "show_sweep",
    "show_walks",
    "show_what_helps",
]

COLOURS = ["tab:blue", "tab:orange", "tab:green"]
LIGHT = ["#d6e6f4", "#fbe3cf", "#d9eed9"]
MARKERS = ["o", "^", "s"]
WHAT_HELPS = {  # by hidden layers and extras: mean and standard deviation of the validation accuracy, in percent
    ("1500", ""): (98.26, 0.23),
    ("1500", "decay"): (98.37, 0.03),
    ("128, 128, 128", "decay"): (98.05, 0.04),
    ("256, 256, 256", "decay"): (98.18, 0.14),
    ("512, 512, 512", ""): (97.70, 0.51),
    ("512, 512, 512", "decay"): (98.35, 0.06),
    ("512, 512", "dropout 0.2, decay"): (98.42, 0.08),
    ("512, 512, 512", "batch normalisation, dropout 0.3, decay"): (98.59, 0.09),
    ("1024, 1024", "dropout 0.5, decay"): (98.46, 0.07),
}


CHANCE = 0.005
"""Accuracies in a short sweep that differ by less may belong to equally good networks."""


def need(right, what, found):
    """Raise a ValueError with the expected and the given value, unless `right`."""
    if not right:
        raise ValueError(f"{what}, and here it is {found}")


def show_digits(images, titles, columns=5, what="Images of digits", size=1.2):
    """Show images in rows of `columns` images, each with its title above it.

    Parameters
    ----------
    images
        Of shape (n, 28, 28).
    titles
        One for each image, such as its label; may be empty.
    columns
        The number of images in a row.
    what
        The picture in a few words (alt text).
    size
        The width of an image, in inches.
    """
    rows = -(-len(images) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(columns * size, 1.1 * rows * size), squeeze=False)
    for panel in panels.flat:
        panel.axis("off")
    for panel, image, title in zip(panels.flat, images, titles, strict=False):
        panel.imshow(image, cmap="gray_r")
        panel.set_title(title, fontsize=11 if len(str(title)) < 3 else 9)
    figure.tight_layout()
    words = ", ".join(str(title).replace("\n", ", ") for title in titles if title != "")
    show_figure(figure, alt=f"{what}. The titles, row by row: {words}.")


def show_descent(loss, path):
    """Show a loss over its only weight, with steps: rows of (weight, loss), of shape (steps + 1, 2)."""
    figure, axes = plt.subplots(figsize=(7, 3.6))
    grid = np.linspace(-0.5, 4.5, 100)
    axes.plot(grid, loss(grid), color="silver", label="loss")
    axes.plot(path[:, 0], path[:, 1], "o-", color="tab:blue", markersize=5, label="where each step led")
    axes.set(xlabel="w", ylabel="loss")
    axes.legend()
    show_figure(
        figure,
        alt=f"A valley, the loss over w. {len(path) - 1} steps lead from w = {path[0, 0]:.2f} to w = {path[-1, 0]:.2f}, "
        f"the first of a length of {abs(path[1, 0] - path[0, 0]):.2f}, the last of {abs(path[-1, 0] - path[-2, 0]):.2f}.",
    )


def show_walks(*rates, n_steps=12):
    """Show gradient descent on w² from w = -1 at each rate: its steps, and the loss after each."""
    figure, panels = plt.subplots(
        2, len(rates), figsize=(2.5 * len(rates), 4.8), sharey=True, squeeze=False, layout="constrained"
    )
    grid = np.linspace(-1.7, 1.7, 100)
    said = []
    for rate, (valley, curve) in zip(rates, panels.T, strict=True):
        places = -((1 - 2 * rate) ** np.arange(n_steps + 1))  # a step leads from w to w - rate * 2w
        losses = places**2
        valley.plot(grid, grid**2, color="silver")
        valley.plot(places, losses, "o-", color="tab:blue", markersize=4)
        valley.set(title=f"rate {rate:g}", xlabel="w", xlim=(-1.7, 1.7), ylim=(-0.1, 2.9))
        curve.plot(losses, "o-", color="tab:orange", markersize=4)
        curve.set(xlabel="step")
        way = "on one side of the valley" if rate <= 0.5 else "from side to side"
        said.append(f"at {rate:g} the walk goes {way}, and the loss after it is {losses[-1]:.2g}")
    for panel in panels[:, 0]:
        panel.set_ylabel("loss")
    show_figure(
        figure,
        alt=f"The same valley, the loss w² over w, once for each rate, with {n_steps} steps from w = -1; below each the "
        f"loss after each step: {'; '.join(said)}.",
    )


def show_activations(z, relu, sigmoid):
    """Show two activation functions of the sum `z`, side by side."""
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), sharex=True)
    axes[0].plot(z, relu)
    axes[0].set(title="ReLU: max(z, 0)", xlabel="z", ylabel="h")
    axes[1].plot(z, sigmoid)
    axes[1].set(title="sigmoid: 1 / (1 + exp(−z))", xlabel="z")  # noqa: RUF001 (as formulas are written)
    for panel in axes:
        panel.grid(color="gainsboro")
    show_figure(
        figure,
        alt=f"Two activation functions from z = {z[0]:g} to {z[-1]:g}. ReLU is 0 for negative z and then rises with slope 1. "
        "The sigmoid rises smoothly from nearly 0 to nearly 1 and is one half at z = 0.",
    )


def show_softmax(logits, probabilities):
    """Show the logits of ten digits as bars, next to their softmax."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 2.8))
    axes[0].bar(range(10), logits, color="tab:orange")
    axes[0].set(title="logits", xticks=range(10), xlabel="digit")
    axes[0].axhline(0, color="black", linewidth=0.8)
    axes[1].bar(range(10), probabilities, color="tab:blue")
    axes[1].set(title="probabilities", xticks=range(10), xlabel="digit", ylim=(0, 1))
    listed = [", ".join(f"{value:.2f}" for value in values) for values in (logits, probabilities)]
    show_figure(
        figure,
        alt=f"Two bar charts over the digits 0 to 9. Left the logits: {listed[0]}. "
        f"Right what softmax makes of them, all positive: {listed[1]}.",
    )


def show_cross_entropy(p, loss):
    """Show the loss over the probability `p` of the right digit."""
    figure, axes = plt.subplots(figsize=(6, 3))
    axes.plot(p, loss)
    axes.plot(0.1, -np.log(0.1), "o", color="tab:red")
    axes.annotate("knows nothing: 2.30", (0.1, 2.3), xytext=(0.2, 3), arrowprops={"arrowstyle": "->"})
    axes.set(xlabel="probability given to the right digit", ylabel="cross-entropy", ylim=(0, 6))
    axes.grid(color="gainsboro")
    show_figure(
        figure,
        alt="Cross-entropy over the probability given to the right digit. It falls from far above 6 near 0, through 2.30 at "
        "one tenth, to 0 at 1: being sure of the wrong digit is punished most.",
    )


def show_stencils(weights):
    """Show the weights of ten neurons, shape (784, 10), as pictures: blue positive, red negative."""
    what = "W1 must have the shape (784, 10), a column of weights for each neuron"
    need(np.shape(weights) == (784, 10), what, f"of the shape {np.shape(weights)}")
    limit = np.quantile(np.abs(weights), 0.95)  # a few weights are larger; they get the darkest color
    figure, axes = plt.subplots(2, 5, figsize=(10, 4.6), layout="constrained")
    for digit, panel in enumerate(axes.flat):
        stencil = weights[:, digit].reshape(28, 28)
        picture = panel.imshow(stencil, cmap="RdBu", vmin=-limit, vmax=limit)
        panel.set_title(digit)
        panel.axis("off")
    figure.colorbar(picture, ax=axes, label="weight", shrink=0.8)
    show_figure(
        figure,
        alt="The weights of the ten neurons as ten pictures of 28 by 28 pixels, blue for positive, red for negative. After "
        "training, that for 0 is usually a faint blue ring around a dark red centre; in that for 1 a blue stroke stands "
        "upright in the middle. The others are less clear: blotches where ink is typical for the digit, and for no other, or "
        "where it must not be. Along the border, where there is never ink, the weights are as random as they began.",
    )


def show_regions(points, classes, networks):
    """Show points of two or three classes, and the region of each class for each network.

    Parameters
    ----------
    points
        Positions in the plane, of shape (n, 2).
    classes
        The class of each point, 0, 1 or 2, of shape (n,).
    networks
        Functions by title: each takes positions of shape (m, 2) and returns their classes, of shape (m,).
    """
    points, classes = np.asarray(points), np.asarray(classes).astype(int)
    margin = 0.05 * np.ptp(points, axis=0)
    sides = np.linspace(points.min(axis=0) - margin, points.max(axis=0) + margin, 200)
    across, up = np.meshgrid(*sides.T)
    places = np.stack([across.ravel(), up.ravel()], axis=1)
    if not isinstance(networks, dict):
        raise TypeError('put the functions in a dict by their titles, such as {"mine": ask}')
    answers = {title: [_answered(title, ask, where) for where in (places, points)] for title, ask in networks.items()}

    figure, panels = plt.subplots(1, len(networks), figsize=(4.3 * len(networks), 3.9), sharey=True, squeeze=False)
    told = []
    for panel, (title, (regions, at_points)) in zip(panels.flat, answers.items(), strict=True):
        panel.contourf(across, up, regions.reshape(across.shape), levels=[-0.5, 0.5, 1.5, 2.5], colors=LIGHT)
        for number in np.unique(classes):
            of_it = points[classes == number]
            panel.plot(*of_it.T, MARKERS[number], color=COLOURS[number], markersize=4, label=f"class {number}")
        panel.set_title(title)
        right = np.mean(at_points == classes)
        told.append(f"{title}: {100 * right:.0f} percent of the points are in the region of their class.")
    panels.flat[-1].legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    show_figure(
        figure,
        alt=f"{len(points)} points of {len(np.unique(classes))} classes in a plane, which is coloured by the class that "
        f"a network answers there. {' '.join(told)}",
    )


def _answered(title, ask, places):
    """Return a function's class at each place; a probability counts as the nearer of 0 and 1."""
    if not callable(ask):
        raise TypeError(
            f"“{title}” must be a function (its name without brackets), not of the kind {type(ask).__name__}"
        )
    found = ask(places)
    if found is None or np.size(found) != len(places):
        what = "None, as without a return" if found is None else f"an array of shape {np.shape(found)}"
        raise ValueError(
            f"“{title}” is to return a class for each place, of shape ({len(places)},), and returned {what}"
        )
    return np.rint(np.reshape(found, -1).astype(float))


def show_sweep(sweep, best):
    """Show a sweep's accuracies over a logarithmic learning-rate axis, and the `best` rate."""
    what = "sweep must be a dict with an accuracy for each rate, such as {0.001: 0.94, 0.003: 0.95}"
    need(isinstance(sweep, dict), what, f"a {type(sweep).__name__}")
    rates, top = sorted(sweep), max(sweep.values())
    figure, axes = plt.subplots(figsize=(7, 3.4))
    axes.axhspan(top - CHANCE, top + CHANCE, color="gainsboro", label=f"the best ± {CHANCE}: may be chance")
    axes.semilogx(rates, [sweep[rate] for rate in rates], "o-", label="after a short training")
    axes.axvline(best, color="tab:green", linestyle="--", label=f"best: {best:g}")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set(xlabel="learning rate", ylabel="test accuracy")
    axes.grid(color="whitesmoke")
    axes.legend()
    points = ", ".join(f"{sweep[rate]:.3f} at {rate:g}" for rate in rates)
    near = ", ".join(f"{rate:g}" for rate in rates if sweep[rate] >= top - CHANCE)
    show_figure(
        figure,
        alt=f"Test accuracy over the learning rate, a logarithmic axis: {points}. Within {CHANCE} of the best: {near}.",
    )


def show_losses(curves):
    """Show the losses of training steps, a smoothed curve (15 steps) for each title, on a log axis."""
    figure, axes = plt.subplots(figsize=(7, 3.6))
    ends = []
    for (title, losses), style in zip(curves.items(), ["--", "-", ":", "-."], strict=False):
        smoothed = np.convolve(losses, np.ones(15) / 15, mode="valid")
        axes.semilogy(smoothed, style, label=title, linewidth=2)
        ends.append(f"{title} begins at {smoothed[0]:.2g} and ends at {smoothed[-1]:.2g}")
    axes.axhline(-np.log(0.1), color="silver", zorder=0)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    axes.set(xlabel="training step", ylabel="training loss")
    axes.legend(title="learning rate")
    show_figure(figure, alt=f"Smoothed curves of the loss over the training steps. {'; '.join(ends)}.")


def show_accuracies(curves):
    """Show accuracies after each epoch, a curve for each title: training solid, test dashed."""
    for title, accuracies in curves.items():
        need(len(accuracies) > 0, f"“{title}” must have an accuracy for each epoch", "empty")
    figure, axes = plt.subplots(figsize=(7, 3.6))
    colours = {}
    for title, accuracies in curves.items():
        network, _, images = title.rpartition(", ")
        colour, marker = colours.setdefault(network, (COLOURS[len(colours) % 3], MARKERS[len(colours) % 3]))
        style = "--" if images == "test" else "-"
        axes.plot(range(1, len(accuracies) + 1), accuracies, f"{marker}{style}", color=colour, label=title)
    axes.set(xlabel="epoch", ylabel="accuracy", xticks=range(1, max(map(len, curves.values())) + 1))
    axes.grid(color="gainsboro")
    axes.legend()
    ends = "; ".join(f"{title}: {accuracies[0]:.3f} to {accuracies[-1]:.3f}" for title, accuracies in curves.items())
    show_figure(figure, alt=f"Accuracy after each epoch, the first and the last. {ends}.")


def show_gradients(images, largest, each):
    """Show ten images, each next to the gradients of the largest output and of the ten outputs.

    Parameters
    ----------
    images
        One of each digit, of shape (10, 28, 28).
    largest
        The gradient of the largest output for each image, of shape (10, 784).
    each
        The gradients of the ten outputs, of shape (10, 10, 784): by output, then by image.
    """
    shapes = f"of the shapes {np.shape(largest)} and {np.shape(each)}"
    need(
        np.size(each) == 10 * np.size(largest) == 78_400, "largest must be one tensor shaped as X, and each ten", shapes
    )
    largest, each = np.reshape(largest, (10, -1)), np.reshape(each, (10, 10, -1))  # also accepts a list of one
    gradients = np.concatenate([largest[np.newaxis], each]).reshape(11, 10, 28, 28)
    scales = np.abs(gradients).max(axis=(0, 2, 3))
    colouring = plt.cm.RdBu.with_extremes(bad="white")  # nan
    tile = 30  # pixels, with a margin
    grid = np.ones((10 * tile, 12 * tile, 3))
    for row, image in enumerate(images):
        shown = [plt.cm.gray_r(image / 255), *colouring(0.5 + gradients[:, row] / (2 * scales[row] or 1))]
        for column, colours in enumerate(shown):
            grid[row * tile + 1 :, column * tile + 1 :][:28, :28] = colours[..., :3]
    figure, axes = plt.subplots(figsize=(12, 10.4))
    axes.imshow(grid)
    axes.set_xticks(tile * (np.arange(12) + 0.5), ["digit", "largest", *range(10)])
    axes.set_yticks(tile * (np.arange(10) + 0.5), [f"±{scale:.0e}" for scale in scales])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    strength = np.abs(each).max(axis=2).T  # one row per image, one column per output
    strong = [np.flatnonzero(outputs > outputs.max() / 5) for outputs in strength]
    named = [", ".join(map(str, outputs)) for outputs in strong]
    columns = "; ".join(f"{digit}: {those}" for digit, those in enumerate(named))
    show_figure(
        figure,
        alt="A grid of twelve columns and a row for each digit from 0 to 9: the digit, the gradient of the largest output, "
        f"and those of the ten outputs. Among the ten, those at least a fifth as strong as the strongest of their row: "
        f"{columns}. The largest gradient in a row is between {min(scales):.0e} and {max(scales):.0e}.",
    )


def show_dropout(rate=0.5, n_steps=2_000, seed=51):
    """Show ten neurons with dropout: two training steps, use, and what the next neuron receives.

    Parameters
    ----------
    rate
        The fraction silenced in training, on average; at least 0 and less than 1.
    n_steps
        The number of training steps whose sums are counted.
    seed
        The seed of the random numbers.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate is the share that is silenced, at least 0 and less than 1, and not {rate:g}")
    random = np.random.default_rng(seed)
    outputs = np.array([0.6, 1.5, 0.9, 0.4, 1.2, 1.7, 0.5, 1.0, 1.4, 0.8])  # the sum is 10
    left = random.random((n_steps, len(outputs))) >= rate
    passed = outputs * left / (1 - rate)

    figure, panels = plt.subplots(1, 4, figsize=(12, 3.6), width_ratios=[1, 1, 1, 1.4], layout="constrained")
    shown = {"training, one step": passed[0], "training, the next step": passed[1], "in use": outputs}
    told = []
    for panel, (title, values) in zip(panels, shown.items(), strict=False):
        silent = np.flatnonzero(values == 0)
        for number, value in enumerate(values):
            line = {"color": "tab:blue", "linewidth": 2 * value} if value else {"color": "silver", "linestyle": ":"}
            panel.plot([0, 1], [number, 4.5], zorder=1, **line)
            panel.text(-0.12, number, f"{value:.1f}" if value else "0", ha="right", va="center")
        panel.scatter(
            [0] * len(values),
            range(len(values)),
            s=130,
            zorder=2,
            edgecolor="tab:blue",
            color=["tab:blue" if value else "white" for value in values],
        )
        panel.scatter([0] * len(silent), silent, s=60, marker="x", color="tab:red", zorder=3)
        panel.scatter([1], [4.5], s=260, color="tab:orange", zorder=2)
        panel.text(1.15, 4.5, f"{values.sum():.1f}", va="center")
        panel.set(xlim=(-0.5, 1.5), ylim=(9.8, -0.8))
        panel.set_title(f"{title}:\n{len(silent)} of {len(values)} are silent")
        panel.axis("off")
        told.append(f"{title}: {len(silent)} of {len(values)} are silent, the next neuron gets {values.sum():.1f}.")
    sums, bare = passed.sum(axis=1), (outputs * left).sum(axis=1)
    bins = np.linspace(0, max(sums.max(), outputs.sum() + 1), 31)
    panels[3].hist(bare, bins, color="silver", label="if not enlarged")
    panels[3].hist(sums, bins, color="tab:orange", alpha=0.6, label=f"enlarged by 1 / {1 - rate:g}")
    panels[3].axvline(outputs.sum(), color="black", linestyle="--", label="in use")
    panels[3].set(yticks=[], xlabel="what the next neuron gets")
    panels[3].set_title(f"{n_steps:,} training steps:\non average {sums.mean():.1f}, not enlarged {bare.mean():.1f}")
    panels[3].legend(fontsize=8)
    show_figure(
        figure,
        alt=f"Ten neurons and one that gets their sum, silenced ones crossed out. {' '.join(told)} Over {n_steps:,} training "
        f"steps it gets {sums.mean():.1f} on average, and would get {bare.mean():.1f} if what is left were not enlarged.",
    )


def show_batch_normalisation(images, n_steps=300, batch_size=64, seed=3):
    """Show the inputs of three neurons before and after batch normalization, and its moving averages.

    Parameters
    ----------
    images
        Of shape (n, number of inputs); the neurons have random weights, as before training.
    n_steps
        The number of minibatches for the averages.
    batch_size
        The number of images in each.
    seed
        The seed of the random numbers.
    """
    random = np.random.default_rng(seed)
    weights = random.normal(0, 1, (images.shape[1], 3)) * [0.04, 0.12, 0.25]
    batches = images[random.integers(len(images), size=(n_steps, batch_size))] @ weights
    means, variances = batches.mean(axis=1), batches.var(axis=1)
    wanted = images.mean(axis=0) @ weights
    shown = int(np.argmax(np.abs(wanted)))  # the neuron whose averages move most

    figure, (before, after, averages, use) = plt.subplots(1, 4, figsize=(13, 3.4), layout="constrained")
    names = [f"neuron {number}" for number in (1, 2, 3)]
    normalised = (batches[0] - means[0]) / np.sqrt(variances[0])
    for panel, values, title in (
        (before, batches[0], "what enters three neurons,\none minibatch"),
        (after, normalised, "in training: normalised\nby this minibatch"),
    ):
        panel.hist(values, 12, color=COLOURS, label=names)
        panel.set_title(title)
        panel.set_yticks([])
        panel.legend(fontsize=8)

    averages.plot(means[:, shown], ".", color=LIGHT[shown], label="mean of the minibatch")
    arrived, collected = [], {}
    for momentum, line in ((0.9, ":"), (0.99, "-")):
        path = np.array(
            [moving_average(part[:, shown], start, momentum) for part, start in ((means, 0), (variances, 1))]
        )
        collected[momentum] = path
        averages.plot(path[0], line, color="black", label=f"moving average, {momentum}")
        arrived.append(f"{momentum}: {path[0][min(10, n_steps - 1)]:.2f} after 10 steps, {path[0][-1]:.2f} in the end")
    averages.axhline(wanted[shown], color="tab:red", linestyle="--", label="mean of all images")
    averages.set(xlabel="training step")
    averages.set_title(f"the averages for use,\n{names[shown]}")
    averages.legend(fontsize=8)

    values, said = images[:2000] @ weights[:, shown], []
    for step, colour in ((10, "silver"), (n_steps, COLOURS[shown])):
        mean, variance = collected[0.99][:, min(step, n_steps) - 1]
        in_use = (values - mean) / np.sqrt(variance)
        use.hist(in_use, 30, color=colour, alpha=0.7, label=f"averages of {step} steps")
        said.append(f"by those of {step} steps its values have the mean {in_use.mean():.1f}")
    use.margins(y=0.3)
    use.set_yticks([])
    use.set_title(f"in use: normalised by the\naverages (0.99), {names[shown]}")
    use.legend(fontsize=8, loc="upper left")
    spread = "; ".join(f"{m:.1f} and {v**0.5:.1f}" for m, v in zip(means[0], variances[0], strict=True))
    show_figure(
        figure,
        alt=f"What enters three neurons in a minibatch has the means and deviations {spread}; normalised, 0 and 1 for all. "
        f"The mean of all images is {wanted[shown]:.2f} for {names[shown]}, whose moving averages begin at 0 and are, by "
        f"momentum, {'; '.join(arrived)}. Normalised by the averages (0.99), {', '.join(said)}.",
    )


def moving_average(values, start, momentum):
    """Return the moving average with this momentum after each of `values`."""
    found = []
    for value in values:
        start = momentum * start + (1 - momentum) * value
        found.append(start)
    return found


def show_what_helps():
    """Show the accuracies that we measured for networks with these hidden layers and extras."""
    means, deviations = np.transpose(list(WHAT_HELPS.values()))
    names = [layers + (f"\n{extras}" if extras else "") for layers, extras in WHAT_HELPS]
    numbers = [f"{mean:.2f} ± {deviation:.2f}" for mean, deviation in WHAT_HELPS.values()]
    figure, axes = plt.subplots(figsize=(8.5, 5.2))
    axes.errorbar(means, range(len(means)), xerr=2 * deviations, fmt="o", capsize=3)
    axes.set_yticks(range(len(means)), names)
    axes.invert_yaxis()
    right = axes.secondary_yaxis("right")
    right.set_yticks(range(len(means)), numbers)
    right.set_ylabel("mean ± standard deviation")
    axes.set_xlabel("validation accuracy in percent, with the range of 19 in 20 runs")
    axes.grid(axis="x", color="gainsboro")
    rows = "; ".join(f"{name}: {number}".replace("\n", ", ") for name, number in zip(names, numbers, strict=True))
    show_figure(figure, alt=f"Validation accuracies in percent by hidden layers and extras. {rows}.")


def show_mistakes(percent, n_weights):
    """Show the percentage of misread test images, next to the networks of notebooks 1 and 2."""
    networks = ["one layer\n7,850 numbers", "two layers\n1.2 million", f"yours\n{n_weights / 1e6:.1f} million"]
    mistakes = [7.5, 2.2, percent]
    figure, axes = plt.subplots(figsize=(6.5, 2.6))
    bars = axes.barh(networks, mistakes, color=["tab:orange", "tab:blue", "tab:green"])
    axes.bar_label(bars, fmt="%.2f %%", padding=4)
    axes.set(xlabel="test images read wrongly, in percent", xlim=(0, 1.15 * max(mistakes)))
    axes.invert_yaxis()
    show_figure(
        figure,
        alt="Three bars, the percentage of test images read wrongly: one layer 7.5, two layers 2.2, "
        f"yours {mistakes[-1]:.2f}.",
    )
