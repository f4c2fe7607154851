"""How many of those who rated a model's answers liked them."""

from math import sqrt

from application.evaluation.bradley_terry import Z95


def wilson(up: int, count: int) -> tuple[float, float, float]:
    """A share and the ends of its 95 % interval (E. B. Wilson, JASA 22, 1927).

    Without any votes there is no share, and the interval says nothing: 0 to 1.
    """
    if count == 0:
        return 0.0, 0.0, 1.0
    share = up / count
    room = Z95 * Z95 / count
    middle = (share + room / 2.0) / (1.0 + room)
    half = Z95 * sqrt(share * (1.0 - share) / count + room / (4.0 * count)) / (1.0 + room)
    return share, max(0.0, middle - half), min(1.0, middle + half)
