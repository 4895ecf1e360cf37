"""How far an order is from another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations


def kendall_tau(order: Sequence[int]) -> float:
    """Kendall's rank correlation of a permutation with the ascending order: 1 for the same, -1 for the reverse."""
    pairs = list(combinations(order, 2))
    return sum(1 if first < second else -1 for first, second in pairs) / len(pairs) if pairs else 1.0
