"""Pictures of codes: maps of two numbers, arrows on them, what each unit does."""

import itertools

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.ticker import MaxNLocator

from aehelpers._check import dictionary
from aehelpers.plots.figure import SHARPNESS, WIDTH, Figure, axes, count, tidy
from aehelpers.plots.palette import INK, PALETTE, contrast


def latent_map(z, y, title=None, alt=None, names=("z1", "z2")):
    """Draws two-dimensional codes in the colours of their digits, and the digits on top.

    Args:
        z: Codes, `(n, 2)`; a few thousand make the clearest picture.
        y: Class of each code, `(n,)`, integers from 0 to 9.
        title: Title of the figure.
        alt: Description in words; written from the content by default.
        names: Of the two axes.

    Returns:
        A `Figure`. The numbers on badges stand at the medians of their classes, moved aside where
        they would cover one another.

    Raises:
        ValueError: If `z` is not finite, of shape `(n, 2)`, or `y` is not one class from 0 to 9 for
            each code, or `names` are not two.

    Example:
    >>> print(latent_map(np.eye(2), [3, 8]).alt)
    Scatter plot of 2 two-dimensional codes, z2 against z1, by class. Medians of the classes: \
3 at (1, 0); 8 at (0, 1).
    """
    z, y = _map(z, y)
    if isinstance(names, str) or np.shape(names) != (2,):
        raise ValueError(f"names must be two, one for each axis. Received: {names!r}")
    medians = _medians(z, y)
    if alt is None:
        places = (f"{c} at ({m[0]:.3g}, {m[1]:.3g})" for c, m in medians.items())
        across, up = names
        alt = f"Scatter plot of {len(z):,} two-dimensional codes, {up} against {across}, by class. "
        alt += f"Medians of the classes: {'; '.join(places)}."
    figure = Figure(580, 560, alt)
    ax = axes(figure, *names, title)
    # Drawn in one go and in the given order, so that no class covers all the others.
    colours = np.array(PALETTE)[y]
    ax.scatter(*z.T, s=6, c=colours, linewidths=0)
    ax.set_aspect("equal", adjustable="datalim")
    _badges(figure, ax, medians)
    return figure


def arrows(z, y, stations, title=None, alt=None):
    """Draws where codes go, as arrows over a pale map of all the codes.

    Args:
        z: Codes of the map, `(n, 2)`.
        y: Class of each of them, `(n,)`, integers from 0 to 9.
        stations: Dictionary from at least two names to codes, `(m, 2)` each: an arrow leads from
            each station to the next.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure` with a panel for each stage, all over the same map.

    Raises:
        ValueError: If `z` or a station is not finite, of shape `(n, 2)`, the stations are not at
            least two of the same length, or `y` is not one class for each of `z`.

    Example:
    >>> print(arrows(np.eye(2), [3, 8], {"clean": [[0, 1]], "noisy": [[3, 5]]}).alt)
    Map of 2 two-dimensional codes, with 1 arrow from clean to noisy, 5 long in the mean.
    """
    z, y = _map(z, y)
    names = list(dictionary("stations", stations, "from names to codes"))
    stations = [_plane(place, f"stations[{name!r}]") for name, place in stations.items()]
    if len(stations) < 2 or len({len(place) for place in stations}) > 1:
        raise ValueError(
            "stations must be at least two sets of as many codes. Received: "
            f"{ {name: len(place) for name, place in zip(names, stations)} }"
        )
    stages = list(zip(itertools.pairwise(names), itertools.pairwise(stations)))
    if alt is None:
        alt = f"Map of {len(z):,} two-dimensional codes, with "
        alt += ", then ".join(
            f"{count(len(a), 'arrow')} from {start} to {end}, "
            f"{np.linalg.norm(b - a, axis=1).mean():.2g} long in the mean"
            for (start, end), (a, b) in stages
        )
        alt += "."
    width, height = np.ptp(np.concatenate([z, *stations]), axis=0)
    shape = np.clip(height / width, 0.5, 1.5) if width else 1.5  # of a panel
    figure = Figure(WIDTH, int(shape * (WIDTH - 60) / len(stages)) + 80 + 25 * bool(title), alt)
    if title:
        figure.suptitle(title, x=0.01, ha="left", size=11, weight="bold", color=INK)
    panels = figure.subplots(1, len(stages), sharex=True, sharey=True, squeeze=False)[0]
    for ax, ((start, end), (a, b)) in zip(panels, stages):
        tidy(ax, "z1", "z2" if ax is panels[0] else "")
        ax.set_title(f"{start} to {end}", size=10, color=INK)
        ax.scatter(*z.T, s=6, c=np.array(PALETTE)[y], alpha=0.25, linewidths=0)
        style = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.004}
        ax.quiver(*a.T, *(b - a).T, color=INK, zorder=2.5, headwidth=4.5, **style)
        ax.scatter(*a.T, s=12, c=INK, zorder=2.5)
        ax.update_datalim(np.concatenate(stations))
        ax.set_aspect("equal", adjustable="box")
    for ax in panels:
        _badges(figure, ax, _medians(z, y), clear=np.concatenate(stations))
    return figure


def histograms(z, normal=False, title=None, alt=None):
    """Draws a histogram of each latent unit, over the same values and each to its own height.

    Args:
        z: Codes, `(n, latent_dim)`.
        normal: Whether the density of the standard normal distribution N(0, 1) is drawn over each.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`.

    Raises:
        ValueError: If `z` is not a finite array of the shape `(n, latent_dim)`.

    Example:
    >>> print(histograms(np.array([[0.0, 1.0], [2.0, 3.0]])).alt)
    Histograms of 2 latent units over 2 codes. Means from 1 to 2, standard deviations from 1 to 1.
    """
    z = np.asarray(z, "float64")
    if z.ndim != 2 or not z.size or not np.isfinite(z).all():
        raise ValueError(f"z must be finite, of shape (n, latent_dim). Received shape: {z.shape}")
    n, units = z.shape
    means, deviations = z.mean(axis=0), z.std(axis=0)
    if alt is None:
        alt = f"Histograms of {count(units, 'latent unit')} over {count(n, 'code')}"
        alt += ", each under the density of N(0, 1). " if normal else ". "
        alt += f"Means from {means.min():.2g} to {means.max():.2g}, "
        alt += f"standard deviations from {deviations.min():.2g} to {deviations.max():.2g}."
    # One set of axes for all, in which each unit has a cell 1 wide and 1 high.
    columns = min(8, units)
    rows = -(-units // columns)
    low, high = z.min(), z.max()
    if normal:
        low, high = min(low, -3.5), max(high, 3.5)
    elif low == high:
        low, high = low - 0.5, high + 0.5

    def across(values):
        return 0.05 + 0.9 * (np.asarray(values) - low) / (high - low)

    edges = np.linspace(low, high, 41)
    grid = np.linspace(low, high, 101)
    density = np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi)
    figure = Figure(WIDTH, 50 + 85 * rows + 25 * bool(title), alt)
    ax = axes(figure, "value of the unit", "", title)
    outlines = []
    for i, unit in enumerate(z.T):
        left, bottom = i % columns, -1 - i // columns
        heights = np.histogram(unit, edges, density=True)[0]
        scale = 0.72 / max(heights.max(), density.max() if normal else 0)
        steps = scale * np.concatenate([[0], np.repeat(heights, 2), [0]])
        outlines.append(np.stack([left + across(np.repeat(edges, 2)), bottom + steps], axis=1))
        ax.hlines(bottom, left + 0.05, left + 0.95, color="#bbbbbb", linewidth=0.8)
        ax.text(left + 0.05, bottom + 0.92, f"z{i + 1}", va="top", size=9, color=INK)
        if normal:
            ax.plot(left + across(grid), bottom + scale * density, color=INK, linewidth=1)
    ax.add_collection(PolyCollection(outlines, facecolors=PALETTE[0], edgecolors="none"))
    ticks = MaxNLocator(3).tick_values(low, high)
    ticks = ticks[(across(ticks) > 0.04) & (across(ticks) < 0.9)]
    last = units - columns * (rows - 1)
    places = np.arange(last)[:, None] + across(ticks)
    names = [f"{tick:g}".replace("-", "\N{MINUS SIGN}") for tick in ticks]
    ax.set_xticks(places.ravel(), names * last)
    ax.set_yticks([])
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.set(xlim=(0, columns), ylim=(-rows, 0))
    return figure


def gaussians(panels, names=None, title=None, alt=None):
    """Draws Gaussian densities over a latent unit, panel beside panel, each with N(0, 1) in grey.

    Args:
        panels: Dictionary from the name of a panel to its means and its standard deviations, two
            sequences of the same length, one Gaussian for each entry.
        names: What the Gaussians are, as many as the first panel has.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`. The vertical axis ends at a density of 2: sharper peaks are cut off.

    Raises:
        ValueError: If there is no panel, or means and deviations don't belong together.

    Example:
    >>> print(gaussians({"far": ([-1, 1], [0.1, 0.1])}).alt)
    Densities of Gaussians over one latent unit, beside N(0, 1). \
far: mean -1, deviation 0.1; mean 1, deviation 0.1.
    """
    dictionary("panels", panels, "from names to means and deviations")
    panels = {str(name): np.array(pair, "float64") for name, pair in panels.items()}
    if not panels or any(
        p.ndim != 2 or len(p) != 2 or not (p[1] > 0).all() for p in panels.values()
    ):
        raise ValueError(
            "panels must hold at least one pair of means and positive deviations of the same "
            f"length. Received: {panels}"
        )
    if alt is None:
        alt = "Densities of Gaussians over one latent unit, beside N(0, 1)."
        for name, (means, deviations) in panels.items():
            each = (f"mean {m:.2g}, deviation {d:.2g}" for m, d in zip(means, deviations))
            alt += f" {name}: {'; '.join(each)}."
    z = np.linspace(-3, 3, 301)
    figure = Figure(WIDTH, 230 + 25 * bool(title), alt)
    if title:
        figure.suptitle(title, x=0.01, ha="left", size=11, weight="bold", color=INK)
    for ax, (name, pair) in zip(
        np.atleast_1d(figure.subplots(1, len(panels), sharey=True)), panels.items()
    ):
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.spines["bottom"].set_color("#999999")
        ax.tick_params(color="#999999", labelcolor=INK)
        ax.set(xlim=(-3, 3), ylim=(0, 2), yticks=[], xticks=[-2, 0, 2])
        ax.set_title(name, size=10, color=INK)
        ax.set_xlabel("z", color=INK)
        ax.fill_between(z, np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi), color="#dddddd", linewidth=0)
        for i, (mean, deviation) in enumerate(pair.T):
            density = np.exp(-(((z - mean) / deviation) ** 2) / 2) / (
                deviation * np.sqrt(2 * np.pi)
            )
            colour, style = PALETTE[i % len(PALETTE)], ("-", "--")[i % 2]
            ax.plot(z, density, style, color=colour, linewidth=2)
    if names is not None:
        style = {"frameon": False, "labelcolor": INK, "ncols": len(names)}
        figure.legend(figure.axes[0].lines, names, loc="outside upper right", **style)
    return figure


def _plane(z, name="z"):
    """Returns codes as a finite array `(n, 2)`."""
    z = np.asarray(z)
    if z.ndim != 2 or z.shape[1] != 2 or not z.size or not np.isfinite(z).all():
        raise ValueError(f"{name} must be finite, of shape (n, 2). Received shape: {z.shape}")
    return z


def _map(z, y):
    """Returns two-dimensional codes and their classes, checked."""
    z, y = _plane(z), np.asarray(y)
    if y.shape != z.shape[:1] or not np.isin(y, range(len(PALETTE))).all():
        raise ValueError(
            f"y must be one integer from 0 to 9 for each of the {len(z)} codes. "
            f"Received: shape {y.shape}, values such as {np.unique(y)[-3:]}"
        )
    return z, y.astype(int)


def _medians(z, y):
    return {c: np.median(z[y == c], axis=0) for c in np.unique(y)}


def _badges(figure, ax, medians, clear=()):
    """Draws the classes' numbers at their medians, moved aside where they would cover something.

    They cover neither one another nor the points of the plane in `clear`.
    """
    figure.draw_without_rendering()
    clear = ax.transData.transform(np.reshape(clear, (-1, 2)))
    places = ax.transData.transform(list(medians.values()))
    places = _push_apart(places, 26 * SHARPNESS, clear, 18 * SHARPNESS)
    for c, place in zip(medians, ax.transData.inverted().transform(places)):
        ink = "white" if contrast(PALETTE[c]) > 4 else "black"
        ax.scatter(*place, s=300, c=PALETTE[c], edgecolors="white", linewidths=1.5, zorder=3)
        style = {"ha": "center", "va": "center_baseline", "size": 12, "weight": "bold"}
        ax.text(*place, str(c), color=ink, **style)


def _push_apart(places, gap, clear, gap_clear, rounds=50):
    """Moves points of the plane, `(n, 2)`, apart until (nearly) all keep the gaps.

    Args:
        places: The points that are moved, `(n, 2)`.
        gap: How far apart they come to lie.
        clear: Points that stay, `(m, 2)`.
        gap_clear: How far from these.
        rounds: Number of rounds, each of which moves all that lie too close.

    Returns:
        Array `(n, 2)`.
    """
    # A little turn each, so that points in the same place have a direction to part in.
    turn = np.arange(len(places))
    places = places + 0.01 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    for _ in range(rounds):
        for stays in clear:
            apart = places - stays
            distance = np.linalg.norm(apart, axis=-1, keepdims=True)
            places = places + apart / distance * np.maximum(gap_clear - distance, 0)
        apart = places[:, None] - places
        distance = np.linalg.norm(apart, axis=-1, keepdims=True) + np.eye(len(places))[..., None]
        places = places + (apart / distance * np.maximum(gap - distance, 0) / 2).sum(axis=1)
    return places
