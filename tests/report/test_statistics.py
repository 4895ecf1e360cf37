"""Every statistic against scipy.stats and statsmodels, on planted data and at its edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from ablate.report.statistics import (
    bootstrap_interval,
    compare,
    holm,
    num_seeds_needed,
    power,
    sign_flip_test,
    summarise,
)

SAMPLES = [np.random.default_rng(n).normal(0.4, 1.3, n) for n in (2, 3, 5, 12)]
errors = st.lists(st.floats(-100, 100, allow_nan=False).map(lambda x: round(x, 2)), min_size=2, max_size=8)


@pytest.mark.parametrize("sample", SAMPLES, ids=len)
@pytest.mark.parametrize("threshold", [0.0, -2.5])
def test_interval_and_p_are_those_of_scipy(sample: np.ndarray, threshold: float) -> None:
    result = compare(sample.tolist(), threshold)
    reference = stats.ttest_1samp(sample, threshold)
    interval = stats.ttest_1samp(sample, 0).confidence_interval(0.95)
    assert result.p == pytest.approx(reference.pvalue, rel=1e-10)
    assert (result.low, result.high) == pytest.approx((interval.low, interval.high), rel=1e-10)
    assert result.effect_size == pytest.approx(sample.mean() / sample.std(ddof=1))


def test_the_paired_test_is_the_test_of_the_differences() -> None:
    this, that = np.random.default_rng(1).normal([[5], [3]], 1, (2, 8))
    assert compare((this - that).tolist()).p == pytest.approx(stats.ttest_rel(this, that).pvalue)


@pytest.mark.parametrize("sample", SAMPLES, ids=len)
def test_sign_flip_is_the_exact_permutation_test(sample: np.ndarray) -> None:
    reference = stats.permutation_test((sample,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert sign_flip_test(sample) == pytest.approx(reference.pvalue)


def test_sign_flip_cannot_go_below_its_smallest_p() -> None:
    assert sign_flip_test(np.array([50.0, 51, 52])) == 0.25
    assert sign_flip_test(np.full(6, 3.0)) == 2 / 64
    assert sign_flip_test(np.zeros(4)) == 1.0


def test_sign_flip_beyond_enumeration_agrees_with_the_t_test() -> None:
    sample = np.random.default_rng(5).normal(0.3, 1, 60)
    assert sign_flip_test(sample) == pytest.approx(stats.ttest_1samp(sample, 0).pvalue, abs=0.02)


def test_bootstrap_is_the_percentile_one_of_scipy() -> None:
    sample = np.random.default_rng(3).exponential(2, 25)
    reference = stats.bootstrap((sample,), np.mean, method="percentile", rng=0).confidence_interval
    assert bootstrap_interval(sample) == pytest.approx((reference.low, reference.high), rel=0.02)
    assert bootstrap_interval(sample) == bootstrap_interval(sample)


def test_few_seeds_have_no_bootstrap_interval() -> None:
    assert compare([1.0, 2, 3, 4]).bootstrap is None
    assert compare([1.0, 2, 3, 4, 6]).bootstrap is not None


@pytest.mark.parametrize("p_values", [[0.03], [0.01, 0.04, 0.03, 0.005], [0.5, 0.02, 0.02, 1.0, 0.0], [0.9, 0.6]])
def test_holm_is_that_of_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1].tolist())


def test_holm_of_nothing_is_nothing() -> None:
    assert holm([]) == []


@pytest.mark.parametrize("effect_size", [0.3, 0.8, 2.0, 18.0])
def test_power_and_seeds_needed_are_those_of_statsmodels(effect_size: float) -> None:
    n = np.arange(2, 20)
    reference = [TTestPower().power(effect_size, count, 0.05, alternative="two-sided") for count in n]
    assert power(effect_size, n) == pytest.approx(np.nan_to_num(reference, nan=1.0), abs=1e-6)
    sample = effect_size + stats.zscore(np.arange(9.0), ddof=1)
    needed = num_seeds_needed(compare(sample.tolist()))
    assert needed is not None
    assert TTestPower().power(effect_size, needed, 0.05) >= 0.8
    assert needed == 2 or TTestPower().power(effect_size, needed - 1, 0.05) < 0.8


def test_equal_differences_have_no_spread_to_test_by() -> None:
    result = compare([0.07, 0.07, 0.07])
    assert result.is_flat
    assert result.p is None
    assert result.effect_size is None
    assert result.low == pytest.approx(result.high) == pytest.approx(0.07)
    assert num_seeds_needed(result) is None


def test_one_difference_has_a_mean_and_nothing_else() -> None:
    result = compare([4.0])
    assert (result.mean, result.std, result.low, result.p) == (4.0, None, None, None)
    with pytest.raises(ValueError, match="at least one"):
        compare([])


@given(errors)
def test_every_comparison_is_consistent(differences: list[float]) -> None:
    result = compare(differences)
    assert result.low is not None
    assert result.high is not None
    assert result.low <= result.mean + 1e-9
    assert result.mean <= result.high + 1e-9
    assert 2 / 2**result.n - 1e-12 <= result.p_sign_flip <= 1
    if result.p is not None and abs(result.p - 0.05) > 1e-6:
        assert (result.p < 0.05) == (not result.low <= 0 <= result.high)


def test_summary_is_that_of_numpy() -> None:
    values = [3.0, 1.0, 2.5, 9.0]
    summary = summarise(values)
    assert summary == summarise(list(values))
    assert (summary.n, summary.median, summary.min, summary.max) == (4, 2.75, 1.0, 9.0)
    assert summary.std == pytest.approx(np.std(values, ddof=1))
    assert summarise([]).mean is None
    assert summarise([1.0]).std is None
