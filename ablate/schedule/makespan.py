"""How long a list of jobs takes on several processes, each of which takes the next job when it is free."""

from __future__ import annotations

import heapq
from collections.abc import Iterable


def makespan(seconds: Iterable[float], num_processes: int) -> float:
    """Seconds until the last job ends, the jobs taken in their order (list scheduling; Graham 1966)."""
    free = [0.0] * num_processes  # when each process is
    for job in seconds:
        heapq.heapreplace(free, free[0] + job)
    return max(free)
