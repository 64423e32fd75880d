"""Writes the playground as one page that needs neither a kernel nor a network.

python -m scripts.playground [--to playground.html]
"""

import argparse
from pathlib import Path

from scripts import course

MOST = 2_000_000  # bytes, so that it can be sent by mail


def write(path):
    """Writes the page; returns its size in bytes."""
    from aehelpers import widgets

    size = widgets.playground().save(path).stat().st_size
    if size > MOST:
        raise ValueError(f"The page must have at most {MOST:,} bytes. Received: {size:,}")
    return size


def main(argv=None):
    """Writes the page and says so."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=course.ROOT / "playground.html", metavar="FILE")
    args = parser.parse_args(argv)
    size = write(args.to)
    print(f"{args.to}: {size / 1e6:.1f} MB. Open it in a browser.")


if __name__ == "__main__":
    main()
