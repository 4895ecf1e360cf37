"""How long jobs take on several processes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.schedule.makespan import makespan


@pytest.mark.parametrize(
    ("jobs", "num_processes", "seconds"),
    [
        ([], 3, 0),
        ([5, 3, 2], 1, 10),
        ([5, 3, 2], 2, 5),  # 5 | 3 2
        ([2, 3, 5], 2, 7),  # 2 5 | 3: the longest last costs time
        ([4, 4, 4], 2, 8),  # not 12 / 2
        ([1, 1], 8, 1),
    ],
)
def test_by_hand(jobs: list[float], num_processes: int, seconds: float) -> None:
    assert makespan(jobs, num_processes) == seconds


@given(jobs=st.lists(st.integers(0, 1000), min_size=1, max_size=40), num_processes=st.integers(1, 8))
def test_it_keeps_grahams_bound(jobs: list[int], num_processes: int) -> None:
    """Graham 1966: at most 2 - 1/m times the best, and the best is no less than the mean load and the longest job."""
    best = max(sum(jobs) / num_processes, *jobs)
    assert best <= makespan(jobs, num_processes) + 1e-9
    assert makespan(jobs, num_processes) <= (2 - 1 / num_processes) * best + 1e-9
