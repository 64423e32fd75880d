"""Checks of arguments that every room needs, with the package's one form of message."""

import operator
from numbers import Real


def integer(name, value, least=1, most=None):
    """Returns `value` as an `int` from `least` to `most`, or says what it must be.

    Args:
        name: What the message calls the argument.
        value: What was given; `True` and 2.0 are no integers.
        least: The smallest value that is allowed.
        most: The largest one; `None` for no limit.

    Raises:
        ValueError: If `value` is anything else.

    Example:

    >>> integer("latent_dim", 0)
    Traceback (most recent call last):
        ...
    ValueError: latent_dim must be a positive integer. Received: latent_dim=0
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least or (most is not None and number > most):
        if most is not None:
            wanted = f"an integer from {least} to {most}"
        else:
            wanted = "a positive integer" if least == 1 else f"an integer of at least {least}"
        raise ValueError(f"{name} must be {wanted}. Received: {name}={value!r}")
    return number


def number(name, value, most=None):
    """Returns `value` if it is a finite number from 0 to `most`, or says what it must be.

    Args:
        name: What the message calls the argument.
        value: What was given; NaN and infinity are refused.
        most: The largest value that is allowed; `None` for no limit.

    Raises:
        ValueError: If `value` is anything else.

    Example:

    >>> number("rate", 1.5, most=1)
    Traceback (most recent call last):
        ...
    ValueError: rate must be a number from 0 to 1. Received: rate=1.5
    """
    inside = isinstance(value, Real) and 0 <= value < float("inf")  # NaN is neither
    if not inside or (most is not None and value > most):
        wanted = "a number of at least 0" if most is None else f"a number from 0 to {most}"
        raise ValueError(f"{name} must be {wanted}. Received: {name}={value!r}")
    return value


def integers(name, values):
    """Returns a list of positive integers, or says what it must be.

    Args:
        name: What the message calls the argument.
        values: What was given: a list, a tuple or the like.

    Raises:
        ValueError: If `values` is no such thing, or one of them isn't a positive integer.

    Example:

    >>> integers("sizes", 256)
    Traceback (most recent call last):
        ...
    ValueError: sizes must be a list of positive integers. Received: sizes=256
    """
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        raise ValueError(f"{name} must be a list of positive integers. Received: {name}={values!r}")
    return [integer(f"each of {name}", value) for value in values]


def dictionary(name, value, what):
    """Returns `value` if it is a dictionary, or says what it must be.

    Args:
        name: What the message calls the argument.
        value: What was given.
        what: What the dictionary is for: "from names to images".

    Raises:
        ValueError: If `value` is anything else.

    Example:

    >>> dictionary("rows", [1, 2], "from names to images")
    Traceback (most recent call last):
        ...
    ValueError: rows must be a dictionary from names to images. Received: list
    """
    if not hasattr(value, "items"):
        raise ValueError(f"{name} must be a dictionary {what}. Received: {type(value).__name__}")
    return value
