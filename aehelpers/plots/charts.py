"""Numbers side by side: bars, points joined to a path, tables in colours."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from aehelpers.plots.figure import WIDTH, Figure, axes, wrap
from aehelpers.plots.palette import INK, PALETTE, contrast


def bars(values, ylabel, names=None, xlabel=None, title=None, alt=None):
    """Draws one bar for each value, in the given order: sort the values first if that helps.

    Args:
        values: Finite numbers, `(n,)`.
        ylabel: What the values are, with their unit.
        names: What stands below each bar, `n` short texts or numbers; 1 to `n` by default.
        xlabel: What the bars are.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`.

    Raises:
        ValueError: If `values` are not finite numbers, or `names` are not one for each of them.

    Example:
    >>> print(bars([3.0, 0.5], "KL (nats)", names=["z7", "z1"], xlabel="latent unit").alt)
    Bar chart of KL (nats) by latent unit. z7: 3. z1: 0.5.
    """
    values = np.asarray(values, "float64")
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ValueError(f"values must be finite, of shape (n,). Received shape: {values.shape}")
    names = range(1, len(values) + 1) if names is None else names
    names = [str(name) for name in names]
    if len(names) != len(values):
        raise ValueError(
            f"names must be one for each of the {len(values)} values. Received: {len(names)} names"
        )
    if alt is None:
        alt = f"Bar chart of {ylabel}" + (f" by {xlabel}. " if xlabel else ". ")
        if len(values) <= 30:
            alt += " ".join(f"{name}: {value:.3g}." for name, value in zip(names, values))
        else:
            alt += f"{len(values)} bars from {values.min():.3g} to {values.max():.3g}."
    figure = Figure(WIDTH, 300, alt)
    ax = axes(figure, xlabel or "", ylabel, title)
    ax.grid(visible=False, axis="x")
    ax.bar(range(len(values)), values, color=PALETTE[0], width=0.8)
    step = -(-len(values) // 40)
    ax.set_xticks(range(0, len(values), step), names[::step])
    ax.set_xlim(-0.8, len(values) - 0.2)
    return figure


def path(x, y, names, xlabel, ylabel, title=None, alt=None):
    """Draws points that belong to a sequence, such as one for each beta, joined and named.

    Args:
        x: Positions on the horizontal axis, `(n,)`.
        y: Positions on the vertical axis, `(n,)`.
        names: What stands beside each point, `n` short texts or numbers.
        xlabel: Label of the horizontal axis, with its unit.
        ylabel: Label of the vertical axis, with its unit.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`.

    Raises:
        ValueError: If there is no point, or `x`, `y` and `names` have different lengths.

    Example:
    >>> print(path([25, 5], [80, 150], ["β = 1", "β = 8"], "rate (nats)", "distortion (nats)").alt)
    Points of distortion (nats) against rate (nats), joined. β = 1: (25, 80). β = 8: (5, 150).
    """
    x, y, names = np.asarray(x), np.asarray(y), [str(name) for name in names]
    if x.shape != (len(names),) or y.shape != x.shape or not names:
        raise ValueError(
            "x, y and names must have the same length, 1 or more. "
            f"Received: shapes {x.shape} and {y.shape}, {len(names)} names"
        )
    if alt is None:
        alt = f"Points of {ylabel} against {xlabel}, joined. "
        alt += " ".join(f"{name}: ({a:.3g}, {b:.3g})." for a, b, name in zip(x, y, names))
    figure = Figure(600, 420, alt)
    ax = axes(figure, xlabel, ylabel, title)
    ax.margins(x=0.12, y=0.08)
    ax.plot(x, y, "-o", color=PALETTE[0], linewidth=2, markersize=6)
    for a, b, name in zip(x, y, names):
        ax.annotate(name, (a, b), (7, 4), textcoords="offset points", color=INK)
    return figure


def heatmap(values, rows, columns, ylabel, xlabel, label, title=None, alt=None):
    """Draws a table of numbers, each on a field that is the brighter the larger the number.

    Args:
        values: Numbers, `(len(rows), len(columns))`; NaN where there is none: that field stays
            empty.
        rows: Names of the rows, from top to bottom.
        columns: Names of the columns, from left to right.
        ylabel: What the rows are.
        xlabel: What the columns are.
        label: What the values are, with their unit; stands beside the colour bar.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`.

    Raises:
        ValueError: If `values` are infinite, all NaN, or not one for each row and column.

    Example:
    >>> print(heatmap([[9.4, 20]], ["none"], [0.5, 0.2], "trained on", "tested on", "dB").alt)
    Table of dB. Rows: trained on, columns: tested on. none: 9.4 (0.5), 20.0 (0.2).
    """
    values = np.asarray(values, "float64")
    rows, columns = [str(row) for row in rows], [str(column) for column in columns]
    if values.shape != (len(rows), len(columns)) or not values.size:
        raise ValueError(
            "values must be one for each row and column, of shape "
            f"{(len(rows), len(columns))}. Received shape: {values.shape}"
        )
    if np.isinf(values).any() or np.isnan(values).all():
        raise ValueError(f"values must be finite, or NaN for none. Received: {values.tolist()}")
    if alt is None:
        texts = (
            ", ".join(
                f"{'none' if np.isnan(value) else f'{value:.1f}'} ({column})"
                for value, column in zip(line, columns)
            )
            for line in values
        )
        alt = f"Table of {label}. Rows: {ylabel}, columns: {xlabel}. "
        alt += " ".join(f"{row}: {text}." for row, text in zip(rows, texts))
    figure = Figure(np.clip(240 + 90 * len(columns), 500, WIDTH), 110 + 44 * len(rows), alt)
    ax = axes(figure, xlabel, ylabel, title)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    picture = ax.imshow(values, cmap="viridis", aspect="auto")
    ax.set_xticks(range(len(columns)), [wrap(column, 12) for column in columns])
    ax.set_yticks(range(len(rows)), [wrap(row, 20) for row in rows])
    for (i, j), value in np.ndenumerate(values):
        if np.isnan(value):
            ax.text(j, i, "\N{EN DASH}", ha="center", va="center_baseline", color=INK)
            continue
        ink = "white" if contrast(picture.to_rgba(value)[:3]) > 4.5 else "black"
        ax.text(j, i, f"{value:.1f}", ha="center", va="center_baseline", color=ink)
    bar = figure.colorbar(picture, ax=ax, ticks=MaxNLocator(5))
    bar.outline.set_visible(False)
    bar.ax.tick_params(color="#999999", labelcolor=INK)
    bar.set_label(label, color=INK)
    return figure
