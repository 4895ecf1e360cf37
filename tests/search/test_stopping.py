"""Cutoffs worked out by hand."""

from __future__ import annotations

import pytest
from played_searches import CreateStudy, create_record, play

from ablate.records import Outcome
from ablate.search.sampled import Sampled
from ablate.search.stopping import create_stopping
from ablate.spec import Trial
from ablate.spec.study.search import Search


def sampled(search: Search, course: list[float]) -> Sampled:
    """A setting with such validation errors."""
    point = next(iter(search.points))
    from ablate.spec.study.cells import read_cell

    cell, _ = read_cell(search.points[point].document, point, {})
    assert cell
    trial = Trial(cell, 0)
    return Sampled({}, trial, create_record(trial, course))


COURSES = [[80, 60, 50, 40, 30], [70, 65, 60, 55, 50], [90, 80, 70, 60, 50], [85, 50, 45, 42, 41]]
CASES = [
    # one in four goes on: the best of four at epochs 1 and 4; at epoch 4 the lowest errors so far are 40 55 60 42
    ("asha", 1, COURSES, ((1, 70.0), (4, 40.0))),
    # two of five
    ("asha", 1, [*COURSES, [75.0]], ((1, 75.0), (4, 40.0))),
    # rungs at 3, 12, ...: 50 60 70 45
    ("asha", 3, COURSES, ((3, 45.0),)),
    # the lowest so far counts, not the last
    ("asha", 2, [[40, 60], [50, 55]], ((2, 40.0),)),
    # means up to epoch 2: 70 67.5 85 67.5; their median is 68.75. Epoch 1: 70 80 85 90 -> 82.5
    ("median", 1, [c[:2] for c in COURSES], ((1, 82.5), (2, 68.75))),
    ("median", 2, [c[:2] for c in COURSES], ((2, 68.75),)),
    # those that were given up count as far as they came: 70 80 90 -> 80; 65 67.5 -> 66.25 ...
    ("median", 1, [[80, 50], [90], [70, 65]], ((1, 80.0), (2, 66.25))),
]


@pytest.mark.parametrize(("scheduler", "grace", "courses", "cutoffs"), CASES)
def test_cutoffs(
    create_study: CreateStudy,
    scheduler: str,
    grace: int,
    courses: list[list[float]],
    cutoffs: tuple[tuple[int, float], ...],
) -> None:
    search = create_study(f"search.scheduler={scheduler}", f"search.grace_epochs={grace}").search
    assert search
    stopping = create_stopping(search, [sampled(search, course) for course in courses])
    assert stopping
    assert stopping.cutoffs == cutoffs


def test_nothing_is_stopped_before_there_is_anything_to_compare_with(create_study: CreateStudy) -> None:
    search = create_study("search.scheduler=asha").search
    assert search
    assert create_stopping(search, []) is None


@pytest.mark.parametrize("scheduler", ["asha", "median"])
def test_only_what_is_worse_is_given_up(create_study: CreateStudy, scheduler: str) -> None:
    """The higher the learning rate the worse: whatever is worse than the cutoff ends, and nothing else."""
    study = create_study(f"search.scheduler={scheduler}", "search.trials=24")
    _, searches = play(study, lambda trial: [90 * trial.cell.train.lr] * trial.cell.train.epochs)
    outcomes = []
    for one in searches[0].sampled:
        assert one.record
        error, stopping = 90 * one.setting["train.lr"], one.trial.stopping
        worse = stopping is not None and any(error > cutoff for epoch, cutoff in stopping.cutoffs if epoch < 8)
        assert (one.record.outcome is Outcome.STOPPED) == worse
        outcomes.append(one.record.outcome)
    assert outcomes[:4] == [Outcome.FINISHED] * 4
    assert outcomes.count(Outcome.STOPPED) >= 6
    assert searches[0].chosen is min(searches[0].sampled, key=lambda one: one.setting["train.lr"])
