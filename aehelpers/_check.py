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
