"""How often verdicts err: 1,000 studies each without the effect that a claim is about, and with one of known size.

The counts that come out are in docs/statistics.md, with the command that gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import make_record

from ablate.report import Verdict, judge, load_frame
from ablate.report.statistics import power
from ablate.spec import Study

STUDY = """
question: How often is it wrong?
baseline:
  architecture: {family: cifar, depth: 8, widths: [4, 8, 16]}
  data: {dataset: digits}
grid:
  architecture.shortcut: [none, identity]
  architecture.depth: [8, 20, 56]
seeds: SEEDS
claims: [CLAIMS]
"""
NUM_STUDIES = 1_000
MOST = 50 + 2 * 6.9  # two binomial deviations above 5%
SPEED = "epochs_to_train_error_20"
Read = Callable[[str], Study]
Means = Mapping[tuple[str, int], float]  # by shortcut and depth; 10 for all others

PAIR = "compare: {architecture.shortcut: [none, identity]}, where: {architecture.depth: 20}, expect: "
PLAIN = "where: {architecture.shortcut: none}, "
ORDER = PLAIN + "order: {architecture.depth: [8, 20, 56]}, expect: rises"
CORNERS = "interaction: {architecture.depth: [56, 8], architecture.shortcut: [none, identity]}, expect: higher"
# the claim, and the true means of a study in which it only just fails to hold
NULLS: dict[str, tuple[str, Means]] = {
    "compare": (PAIR + "higher", {}),
    "compare with a margin": (PAIR + "higher, margin: 3", {("none", 20): 13}),
    "compare, not-higher": (PAIR + "not-higher, margin: 1", {("none", 20): 11}),
    "compare, equal": (PAIR + "equal, margin: 2", {("none", 20): 12}),
    "interaction": (CORNERS, {("none", 56): 18, ("identity", 56): 13, ("none", 8): 15}),
    "along, no effect": (PLAIN + "along: architecture.depth, expect: rises", {}),
    "along, one step lacking": (PLAIN + "along: architecture.depth, expect: rises", {("none", 56): 40}),
    "order, one step lacking": (ORDER, {("none", 56): 40}),
    "below, one cell": (PLAIN.replace("none", "none, architecture.depth: 20") + "below: 10", {}),
    "below, one cell of three": (PLAIN + "below: 10", {("none", 8): 1, ("none", 20): 2}),
    "above, one cell of three": (PLAIN + "above: 10", {("none", 8): 30, ("none", 20): 40}),
    "epochs to an error": (PAIR + "lower", {}),
}


def study_of(read: Read, num_seeds: int, *claims: str) -> Study:
    written = (f"{{says: c, metric: train_error, {claim}}}" for claim in claims)
    return read(STUDY.replace("SEEDS", str(num_seeds)).replace("CLAIMS", ", ".join(written)))


def draws(study: Study, means: Means, seed: int = 0) -> Iterator[pd.DataFrame]:
    """Studies whose cells have these true means, and a deviation of 1 between seeds."""
    base = load_frame(study, {trial.id: make_record(trial, 10.0) for trial in study.trials})
    keys = zip(base["architecture.shortcut"], base["architecture.depth"], strict=True)
    true = np.array([means.get(key, 10.0) for key in keys])
    rng = np.random.default_rng(seed)
    for _ in range(NUM_STUDIES):
        yield base.assign(train_error=true + rng.normal(0, 1, len(base)))


def count(study: Study, means: Means, *verdicts: Verdict) -> int:
    """Of a thousand such studies, those with any claim of these verdicts."""
    return sum(any(one.verdict in verdicts for one in judge(study, frame)) for frame in draws(study, means))


@pytest.mark.slow
@pytest.mark.parametrize("form", NULLS)
def test_a_claim_that_fails_to_hold_is_supported_in_at_most_5_percent(
    read: Read, form: str, record_property: Callable[[str, object], None]
) -> None:
    claim, means = NULLS[form]
    study = study_of(read, 5, claim)
    if form == "epochs to an error":
        (one,) = study.claims
        study = replace(study, claims=(replace(one, metric="epochs_to", reach=("train_error", 20.0)),))
        frames = (frame.assign(**{SPEED: frame["train_error"].round()}) for frame in draws(study, means))
        supported = sum(judge(study, frame)[0].verdict is Verdict.SUPPORTED for frame in frames)
    else:
        supported = count(study, means, Verdict.SUPPORTED)
    record_property("supported", supported)
    print(f"\n{form}: {supported} of {NUM_STUDIES:,} supported")
    assert supported <= MOST


@pytest.mark.slow
def test_studies_of_many_false_claims_have_any_supported_in_at_most_5_percent(read: Read) -> None:
    claims = [PAIR + "higher", CORNERS, PAIR + "equal, margin: 0.001", ORDER, PLAIN + "above: 10"]
    supported = count(study_of(read, 5, *claims), {}, Verdict.SUPPORTED)
    print(f"\nfive claims of a study: {supported} of {NUM_STUDIES:,} have any supported")
    assert supported <= MOST


@pytest.mark.slow
@pytest.mark.parametrize("form", ["along, no effect", "below, one cell", "interaction", "compare, equal"])
def test_a_claim_that_only_just_holds_is_refuted_in_at_most_5_percent(read: Read, form: str) -> None:
    claim, means = NULLS[form]
    refuted = count(study_of(read, 5, claim), means, Verdict.REFUTED)
    print(f"\n{form}: {refuted} of {NUM_STUDIES:,} refuted")
    assert refuted <= MOST


@pytest.mark.slow
@pytest.mark.parametrize("num_seeds", [3, 5, 10])
@pytest.mark.parametrize(
    ("form", "claim", "means", "deviation"),
    [
        ("compare", PAIR + "higher", {("none", 20): 12}, np.sqrt(2)),
        ("interaction", CORNERS, {("none", 56): 12.5}, 2.0),
        ("above", PLAIN.replace("none", "none, architecture.depth: 20") + "above: 10", {("none", 20): 11.2}, 1.0),
    ],
)
def test_power_is_as_computed(
    read: Read, form: str, claim: str, means: Means, deviation: float, num_seeds: int
) -> None:
    effect = max(means.values()) - 10
    expected = float(power(effect / deviation, np.array([num_seeds]))[0])
    found = count(study_of(read, num_seeds, claim), means, Verdict.SUPPORTED) / NUM_STUDIES
    print(f"\n{form}, {num_seeds} seeds: {found:.3f} supported, power {expected:.3f}")
    assert found == pytest.approx(expected, abs=3 * np.sqrt(expected * (1 - expected) / NUM_STUDIES))
