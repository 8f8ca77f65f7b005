"""How advice writes its numbers: no more digits than are known, and as people write them."""

SMALL = 1e-2  # below it a power of ten is easier to read
SUFFIXES = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}


def digits(value: float) -> float:
    """A number to the two digits that it is known to.

    >>> digits(5.4772e-06)
    5.5e-06
    """
    return float(f"{value:.1e}")


def rate(value: float) -> str:
    """A learning rate as people write it.

    >>> rate(2e-05), rate(0.0018), rate(0.1)
    ('2e-5', '1.8e-3', '0.1')
    """
    if value >= SMALL:
        return f"{value:g}"
    mantissa, exponent = f"{value:.3e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def size(count: float) -> str:
    """A number of parameters as models carry it.

    >>> size(125e6), size(7e9)
    ('125M', '7B')
    """
    suffix, of = next((item for item in reversed(SUFFIXES.items()) if count >= item[1]), ("", 1.0))
    return f"{count / of:.3g}{suffix.upper()}"
