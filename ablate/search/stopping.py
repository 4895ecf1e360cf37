"""When poor trainings of a search are given up: successive halving and the median rule.

Both are the rules of Ray Tune's ASHAScheduler and MedianStoppingRule, with one difference: a training is held against
the settings of earlier batches only, not against whatever happens to run beside it. So its cutoffs are known before it
starts. It needs no word from the others, whether they are trained in one process or on many machines; and a search
decides the same with and without Ray, at any concurrency, and when it is repeated.

Only a search uses them: in a comparison, every trial is trained to its end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import fmean, median

from ablate.search.sampled import Sampled
from ablate.spec.study.search import Search
from ablate.spec.study.study import Stopping

REDUCTION = 4  # of successive halving: one in so many goes on from each rung (Li et al. 2020; Ray Tune's default)


def create_stopping(search: Search, earlier: Sequence[Sampled]) -> Stopping | None:
    """The cutoffs for the next batch; None where there are none yet."""
    courses = [course for one in earlier if (course := one.course(search.metric))]
    if search.scheduler == "none" or not courses:
        return None
    cut = _halve if search.scheduler == "asha" else _take_median
    cutoffs = tuple((epoch, value) for epoch, value in cut(courses, search.grace_epochs) if math.isfinite(value))
    return Stopping(search.metric, cutoffs) if cutoffs else None


def _halve(courses: Sequence[Sequence[float]], grace: int) -> Iterator[tuple[int, float]]:
    """At epochs grace, 4 grace, 16 grace, ...: be among the best quarter of those that came so far.

    Li et al. 2020, A System for Massively Parallel Hyperparameter Tuning, Algorithm 2, in the form that stops trainings
    instead of pausing them.
    """
    rung = grace
    while reached := sorted(min(course[:rung]) for course in courses if len(course) >= rung):
        yield rung, reached[math.ceil(len(reached) / REDUCTION) - 1]
        rung *= REDUCTION


def _take_median(courses: Sequence[Sequence[float]], grace: int) -> Iterator[tuple[int, float]]:
    """At every epoch: be no worse than the median of the others' means up to there (Golovin et al. 2017, Vizier)."""
    epoch = grace
    while reached := [fmean(course[:epoch]) for course in courses if len(course) >= epoch]:
        yield epoch, median(reached)
        epoch += 1
