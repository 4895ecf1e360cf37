"""Time left, from what a run has done so far."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ablate.records import Epoch
from ablate.schedule.forecast import Forecast
from ablate.spec import Study


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def epoch(number: int, seconds: float) -> Epoch:
    return Epoch(epoch=number, lr=0.1, seconds=seconds, train_loss=1.0, train_error=50.0)


def test_time_left_goes_by_cost_not_by_counts(create_study: Callable[..., Study]) -> None:
    small, large = create_study("seeds=1", "train.epochs=10").trials
    clock = Clock()
    forecast = Forecast([small, large], (), {small.id: 10.0, large.id: 90.0}, clock)
    assert forecast.seconds_left is None
    clock.now += 4
    forecast.advance(small.id, epoch(5, 4.0))  # 5 of 100 estimated seconds took 4 real ones
    assert forecast.seconds_left == pytest.approx(4 * 95 / 5)
    assert forecast.num_epochs == (5, 20)


def test_what_was_recorded_before_says_nothing_of_the_pace(create_study: Callable[..., Study]) -> None:
    before, now = create_study("seeds=1", "train.epochs=10").trials
    clock = Clock()
    forecast = Forecast([before, now], {before.id}, {before.id: 50.0, now.id: 50.0}, clock)
    assert forecast.num_epochs == (10, 20)
    assert forecast.seconds_done == 50
    clock.now += 2
    forecast.advance(now.id, epoch(1, 2.0))
    assert forecast.seconds_left == pytest.approx(2 * 45 / 5)


def test_a_trial_that_starts_again_falls_back(create_study: Callable[..., Study]) -> None:
    trial, _ = create_study("seeds=1", "train.epochs=10").trials
    forecast = Forecast([trial], (), {trial.id: 10.0}, Clock())
    forecast.advance(trial.id, epoch(8, 1.0))
    forecast.advance(trial.id, epoch(1, 1.0))
    assert forecast.seconds_done == pytest.approx(1)
