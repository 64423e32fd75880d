"""Lines over an axis: losses over epochs, and any others."""

import itertools

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator

from aehelpers._check import dictionary
from aehelpers.plots.figure import SHARPNESS, WIDTH, Figure, axes
from aehelpers.plots.palette import INK, PALETTE, dark_enough


def curves(
    histories,
    ylabel="loss (nats per image)",
    metric="loss",
    title=None,
    alt=None,
):
    """Draws loss curves: training solid, validation dashed, each named at its end.

    Args:
        histories: What `model.fit` returned, or its `history` dictionary; or a dictionary from
            names to several of them.
        ylabel: Label of the vertical axis, with its unit.
        metric: Which of the recorded numbers to draw, together with its `val_` partner.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`.

    Raises:
        ValueError: If there is nothing to draw.

    Example:
    >>> print(curves({"loss": [200.0, 120.0], "val_loss": [150.0, 110.0]}).alt)
    Line chart of loss (nats per image) against epoch. training: from 200 at 1 to 120 at 2. \
validation: from 150 at 1 to 110 at 2.
    """
    histories = getattr(histories, "history", histories)
    dictionary("histories", histories, "of what fit returned, or that itself")
    several = not any(np.ndim(values) for values in histories.values())
    if not several or not histories:
        histories = {"": histories}
    lines, labels = [], []
    for (name, history), colour in zip(histories.items(), itertools.cycle(PALETTE)):
        history = getattr(history, "history", history)
        dictionary(f"histories[{name!r}]", history, "from names to numbers, or what fit returned")
        if not len(history.get(metric, ())):
            raise ValueError(
                f"Each history must hold {metric!r} of at least one epoch. "
                f"Received numbers of epochs: { {k: len(v) for k, v in history.items()} }"
            )
        for key, kind, style in [(metric, "training", "-"), (f"val_{metric}", "validation", "--")]:
            if key in history:
                full = f"{name}, {kind}" if several else kind
                epochs = np.arange(1, len(history[key]) + 1)
                lines.append((full, epochs, history[key], colour, style))
        if several:
            labels.append((name, *lines[-1][1:4]))
    key = several and any(style == "--" for *_, style in lines)
    return _lines(lines, labels, "epoch", ylabel, None, title, alt, key=key)


def line(x, ys, xlabel, ylabel, logx=False, references=None, title=None, alt=None):
    """Draws one or more lines, each named at its end.

    Args:
        x: Positions, `(n,)`, such as latent sizes; or a dictionary from the names of lines to
            positions of their own.
        ys: Dictionary from the names of lines to their values, `(n,)`.
        xlabel: Label of the horizontal axis, with its unit.
        ylabel: Label of the vertical axis, with its unit.
        logx: Whether equal factors are equally far apart on the horizontal axis.
        references: Dictionary from names to values that are drawn as horizontal lines.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`.

    Raises:
        ValueError: If there is nothing to draw, or a line has another length than `x`.

    Example:
    >>> line([2, 4, 8], {"PCA": [38, 28, 19]}, "latent units", "squared error").alt
    'Line chart of squared error against latent units. PCA: from 38 at 2 to 19 at 8.'
    """
    dictionary("ys", ys, "from the names of lines to their values")
    dictionary("references", references or {}, "from names to values")
    xs = x if isinstance(x, dict) else dict.fromkeys(ys, x)
    positions = {name: len(values) for name, values in xs.items()}
    lengths = {name: len(y) for name, y in ys.items()}
    if not ys or positions != lengths or 0 in lengths.values():
        raise ValueError(
            "ys must hold at least one line of as many values as x has positions, "
            f"{positions}. Received lengths: {lengths}"
        )
    lines = [
        (name, xs[name], y, c, "-") for (name, y), c in zip(ys.items(), itertools.cycle(PALETTE))
    ]
    points = None if isinstance(x, dict) else x
    return _lines(lines, (), xlabel, ylabel, references, title, alt, points=points, logx=logx)


def _lines(lines, labels, xlabel, ylabel, references, title, alt, key=False, points=(), logx=False):
    """Draws `lines`, tuples (name, x, y, colour, style), and names what `labels` holds at its end.

    Without labels, every line gets its own. Few `points` are marked, and are the ticks;
    with `None` the lines' own are marked. A line that ends early is named above its end. What is no
    number is left out, and told in a sentence.
    """
    references = references or {}
    gaps = [gap for gap in map(_gap, lines) if gap]
    if gaps:
        lines, labels = [_finite(line) for line in lines], [_finite(label) for label in labels]
        lines, labels = [[each for each in part if len(each[1])] for part in (lines, labels)]
    if alt is None:
        alt = f"Line chart of {ylabel} against {xlabel}."
        for name, x, y, *_ in lines:
            alt += f" {name}: from {y[0]:.4g} at {x[0]:g} to {y[-1]:.4g} at {x[-1]:g}"
            for word, i in (("lowest", int(np.argmin(y))), ("highest", int(np.argmax(y)))):
                if y[i] not in (y[0], y[-1]):
                    alt += f", {word} {y[i]:.4g} at {x[i]:g}"
            alt += "."
        for name, y in references.items():
            alt += f" Horizontal line: {name} at {y:.4g}."
        alt += "".join(f" {gap}." for gap in gaps)
    figure = Figure(WIDTH, 380, alt)
    ax = axes(figure, xlabel, ylabel, title)
    ax.margins(x=0.02)
    if gaps:
        ax.text(0.01, 0.02, "\n".join(gaps), transform=ax.transAxes, color=INK)
    if not lines:
        return figure
    if logx:
        ax.set_xscale("log")
    few = points is not None and 0 < len(points) <= 12
    for _, x, y, colour, style in lines:
        marker = "o" if few or (points is None and len(x) <= 12) or len(x) == 1 else None
        ax.plot(x, y, style, color=colour, linewidth=2, marker=marker, markersize=5)
    for y in references.values():
        ax.axhline(y, color="#777777", linewidth=1, linestyle=":")
    if few:
        ax.set_xticks(points, [f"{point:g}" for point in points])
        ax.xaxis.set_minor_locator(NullLocator())
    elif not logx:
        ticks = {"integer": True, "min_n_ticks": 1} if xlabel == "epoch" else {}
        ax.xaxis.set_major_locator(MaxNLocator(**ticks, steps=[1, 2, 5, 10]))
    if key:
        styles = {"training": "-", "validation": "--"}
        handles = [Line2D([], [], color=INK, linestyle=style) for style in styles.values()]
        ax.legend(handles, styles, frameon=False, labelcolor=INK, loc="upper right")
    right = ax.get_xlim()[1]
    ends = [(name, x[-1], y[-1], dark_enough(colour)) for name, x, y, colour, *_ in labels or lines]
    ends += [(f"{name} ({y:g})", right, y, "#666666") for name, y in references.items()]
    # Only the layout tells how far apart the names are; they change its width, not its height.
    figure.draw_without_rendering()
    pixels = ax.transData.transform([(x, y) for _, x, y, _ in ends])
    places = ax.transAxes.inverted().transform(pixels)
    early = places[:, 0] < places[: len(ends) - len(references), 0].max() - 0.1
    heights = iter(_spread(places[~early, 1], 15 * SHARPNESS / ax.bbox.height))
    for (name, x, y, colour), before_the_others in zip(ends, early):
        if before_the_others:
            ax.annotate(name, (x, y), (4, 5), textcoords="offset points", color=colour)
            continue
        ax.annotate(
            name,
            (x, y),
            (1.025, next(heights)),
            textcoords="axes fraction",
            va="center",
            color=colour,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 0.7,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (0, 0.5),
            },
        )
    return figure


def _gap(line):
    """Returns a sentence for what is no number in a line, or an empty text."""
    name, x, y = line[:3]
    bad = np.flatnonzero(~np.isfinite(np.asarray(y, "float64")))
    if not len(bad):
        return ""
    if bad[0] + len(bad) == len(y):
        return f"{name}: no number from {x[bad[0]]:g} on"
    return f"{name}: no number at {len(bad)} of {len(y)} places"


def _finite(line):
    """Returns a line, or a label, without what is no number."""
    name, x, y, *rest = line
    x, y = np.asarray(x), np.asarray(y, "float64")
    return name, x[np.isfinite(y)], y[np.isfinite(y)], *rest


def _spread(positions, gap):
    """Moves positions apart until neighbours keep the gap, each group around its own middle."""
    order = np.argsort(positions)
    groups = []
    for position in np.asarray(positions)[order]:
        groups.append([position])
        while len(groups) > 1:
            below, above = groups[-2:]
            if np.mean(above) - np.mean(below) >= gap * (len(below) + len(above)) / 2:
                break
            groups[-2:] = [below + above]
    spread = np.empty(len(order))
    spread[order] = np.concatenate(
        [np.mean(g) + gap * (np.arange(len(g)) - (len(g) - 1) / 2) for g in groups]
    )
    return spread
