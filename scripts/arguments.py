"""Names in command lines: one kind of message for whatever a command does not know."""

import argparse


def add(parser, flag, find, kinds, default):
    """Lets a command take names, and say in a sentence what it doesn't know.

    Args:
        parser: An `argparse.ArgumentParser`.
        flag: Name of the argument, such as `"names"` or `"--only"`.
        find: Function from a word to what the command is to have, which raises `ValueError`.
        kinds: What the names are of, in the plural, for the help.
        default: What the command has if none is named.
    """

    def found(word):
        try:
            return find(word)
        except ValueError as error:
            raise argparse.ArgumentTypeError(error) from None

    parser.add_argument(
        flag,
        nargs="+" if flag.startswith("-") else "*",
        type=found,
        default=default,
        metavar="NAME",
        help=f"{kinds}; all of them by default",
    )


def add_names(parser, flag, known, kinds):
    """Lets a command take names out of a list."""
    known = list(known)

    def find(word):
        if word not in known:
            raise ValueError(f"Expected {kinds} among {', '.join(known)}. Received: {word!r}")
        return word

    add(parser, flag, find, kinds, known)
