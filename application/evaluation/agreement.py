"""How far those who judge agree, beyond what chance alone would give."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of `pairs` verdicts on the same things `raw` is the share of equal ones.

    `kappa` is Cohen's; None where chance alone gives full agreement, or there are no pairs.
    """

    pairs: int
    raw: float | None
    kappa: float | None


def cohen(pairs: Mapping[tuple[str, str], int]) -> Agreement:
    """Cohen's kappa of two who judge, without weights, from how often they said what."""
    n = sum(pairs.values())
    if not n:
        return Agreement(0, None, None)
    same = sum(count for (one, other), count in pairs.items() if one == other)
    ones: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for (one, other), count in pairs.items():
        ones[one] += count
        others[other] += count
    alike = sum(ones[each] * others[each] for each in ones)
    if alike == n * n:
        return Agreement(n, same / n, None)
    chance = alike / (n * n)
    return Agreement(n, same / n, (same / n - chance) / (1 - chance))


def krippendorff(items: Iterable[Sequence[Hashable]]) -> float | None:
    """Krippendorff's alpha for names (nominal), with as many verdicts on an item as there are.

    Items with one verdict say nothing. None where there are no pairs, or no difference at all.
    """
    totals: Counter[Hashable] = Counter()
    observed = 0.0
    for verdicts in items:
        m = len(verdicts)
        if m > 1:
            counts = Counter(verdicts)
            totals.update(counts)
            observed += (m * m - sum(n * n for n in counts.values())) / (m - 1)
    n = sum(totals.values())
    expected = n * n - sum(each * each for each in totals.values())
    return 1 - (n - 1) * observed / expected if expected else None
