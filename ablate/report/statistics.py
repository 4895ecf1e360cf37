"""Statistics of paired differences: intervals, exact tests, correction for several claims, seeds still needed.

A difference is one seed's metric in one cell minus the same seed's metric in another; a comparison rests on the n
differences of n seeds. The distributions come from `scipy.special`, which imports in a third of the time of
`scipy.stats`; the tests hold every function here against `scipy.stats` and `statsmodels`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.special import nctdtr, stdtr, stdtrit

Array = npt.NDArray[np.float64]

LEVEL = 0.95  # of every interval
ALPHA = 1 - LEVEL
POWER = 0.8  # asked of `num_seeds_needed`
MAX_EXACT = 16  # seeds up to which all 2^n sign patterns are enumerated
NUM_RESAMPLES = 9_999  # of the bootstrap, and of the sign-flip test beyond MAX_EXACT
MIN_BOOTSTRAP = 5  # fewer differences than this resample to an interval that is far too narrow
MAX_SEEDS = 1_000  # `num_seeds_needed` looks no further


@dataclass(frozen=True)
class Summary:
    """The seeds of one cell and metric; `std` is the sample deviation (n - 1), None below two values."""

    n: int
    mean: float | None
    std: float | None
    median: float | None
    min: float | None
    max: float | None


@dataclass(frozen=True)
class Comparison:
    """n paired differences, and what they say about their mean being `threshold`.

    `low` and `high` bound the t interval; p-values are two-sided. None where n is too small, and for `p` and
    `effect_size` also where all differences are equal, so that there is no spread to measure them by.
    """

    differences: tuple[float, ...]
    threshold: float
    mean: float
    std: float | None
    low: float | None
    high: float | None
    bootstrap: tuple[float, float] | None
    effect_size: float | None  # Cohen's d of paired data: mean / std
    p: float | None  # t-test
    p_sign_flip: float

    @property
    def n(self) -> int:
        """Number of pairs."""
        return len(self.differences)

    @property
    def is_flat(self) -> bool:
        """All differences are equal: the interval has no width."""
        return self.n > 1 and not self.std


def summarise(values: Sequence[float]) -> Summary:
    """n, mean, sample deviation, median and range of the values."""
    data = np.asarray(values, float)
    if not len(data):
        return Summary(0, None, None, None, None, None)
    std = float(data.std(ddof=1)) if len(data) > 1 else None
    return Summary(len(data), float(data.mean()), std, float(np.median(data)), float(data.min()), float(data.max()))


def compare(differences: Sequence[float], threshold: float = 0.0) -> Comparison:
    """Everything known about the mean of paired differences, tested against `threshold`.

    Raises:
        ValueError: there is no difference at all.
    """
    data = np.asarray(differences, float)
    if not len(data):
        raise ValueError("a comparison needs at least one difference, got none")
    mean, std = float(data.mean()), _spread(data)
    low, high = t_interval(data) if std is not None else (None, None)
    return Comparison(
        differences=tuple(data.tolist()),
        threshold=threshold,
        mean=mean,
        std=std,
        low=low,
        high=high,
        bootstrap=bootstrap_interval(data) if std and len(data) >= MIN_BOOTSTRAP else None,
        effect_size=mean / std if std else None,
        p=t_test(data - threshold) if std else None,
        p_sign_flip=sign_flip_test(data - threshold),
    )


def _spread(data: Array) -> float | None:
    """The sample deviation; exactly 0 where it is only rounding, so that equal differences are seen as equal."""
    if len(data) < 2:
        return None
    std = float(data.std(ddof=1))
    return std if std > 1e-12 * max(1.0, float(np.abs(data).max())) else 0.0


def t_interval(data: Array, level: float = LEVEL) -> tuple[float, float]:
    """Student's interval for the mean."""
    half = float(stdtrit(len(data) - 1, (1 + level) / 2)) * _standard_error(data)
    return float(data.mean()) - half, float(data.mean()) + half


def t_test(data: Array) -> float:
    """Two-sided p of Student's one-sample test of a zero mean, which for differences is the paired test."""
    return float(2 * stdtr(len(data) - 1, -abs(data.mean() / _standard_error(data))))


def _standard_error(data: Array) -> float:
    return float(data.std(ddof=1)) / float(np.sqrt(len(data)))


def sign_flip_test(data: Array) -> float:
    """Two-sided p of the sign-flip test of symmetry about zero (Fisher 1935, The Design of Experiments, sec. 21).

    Exact up to 16 differences, where the smallest possible p is 2 / 2^n: 0.25 for three seeds, 0.0625 for five.
    """
    if len(data) <= MAX_EXACT:
        signs = np.array(list(product((-1.0, 1.0), repeat=len(data))))
        return float(np.mean(_reaches(signs @ data, data)))
    signs = np.random.default_rng(0).choice((-1.0, 1.0), (NUM_RESAMPLES, len(data)))
    return float((np.sum(_reaches(signs @ data, data)) + 1) / (NUM_RESAMPLES + 1))


def _reaches(sums: Array, data: Array) -> npt.NDArray[np.bool_]:
    """Which sums lie as far from zero as the observed one, rounding allowed for."""
    observed = abs(float(data.sum()))
    return np.asarray(np.abs(sums) >= observed - 1e-9 * max(1.0, observed))


def bootstrap_interval(data: Array, level: float = LEVEL) -> tuple[float, float]:
    """Percentile bootstrap interval for the mean, with fixed random numbers (Efron 1979)."""
    picks = np.random.default_rng(0).integers(0, len(data), (NUM_RESAMPLES, len(data)))
    low, high = np.quantile(data[picks].mean(axis=1), ((1 - level) / 2, (1 + level) / 2))
    return float(low), float(high)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment: the family-wise error rate over all the p-values stays at alpha (Holm 1979)."""
    order = np.argsort(np.asarray(p_values, float), kind="stable")
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = highest
    return adjusted


def num_seeds_needed(comparison: Comparison) -> int | None:
    """Seeds for which the two-sided t-test would have 80% power, were the mean and spread seen the true ones.

    None where the mean lies on the threshold, there is no spread, or a thousand seeds would not do.
    """
    distance = abs(comparison.mean - comparison.threshold)
    if not comparison.std or not distance:
        return None
    n = np.arange(2, MAX_SEEDS + 1)
    enough = np.flatnonzero(power(distance / comparison.std, n) >= POWER)
    return int(n[enough[0]]) if len(enough) else None


def power(effect_size: float, n: npt.NDArray[np.int64]) -> Array:
    """Power of the two-sided t-test of n differences at ALPHA, by the noncentral t distribution."""
    critical = stdtrit(n - 1, 1 - ALPHA / 2)
    shift = effect_size * np.sqrt(n)
    found = 1 - nctdtr(n - 1, shift, critical) + nctdtr(n - 1, shift, -critical)
    return np.nan_to_num(np.asarray(found), nan=1.0)  # undefined only where it is 1 to many digits
