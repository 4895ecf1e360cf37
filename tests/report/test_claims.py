"""Planted effects get the verdicts they deserve; what is missing, diverged or flat is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from conftest import make_record, planted

from ablate.records import Outcome, Record
from ablate.report import Verdict, judge, load_frame
from ablate.report.wording import notes, sentence
from ablate.spec import Study
from ablate.spec.study.study import Claim

TWO_CELLS = """
question: Is one lower?
baseline:
  architecture: {family: cifar, depth: 8, block: basic, shortcut: identity}
  data: {dataset: digits}
grid: {architecture.shortcut: [none, identity]}
seeds: SEEDS
claims:
  - {says: c, metric: train_error, compare: {architecture.shortcut: [none, identity]}, expect: EXPECT, margin: MARGIN}
"""
Read = Callable[[str], Study]


def pair_study(read: Read, expect: str, seeds: int = 3, margin: float = 0.0) -> Study:
    text = TWO_CELLS.replace("SEEDS", str(seeds)).replace("EXPECT", expect).replace("MARGIN", str(margin))
    return read(text)


def with_differences(study: Study, differences: list[float]) -> dict[str, Record]:
    """Records whose train errors differ, `none` minus `identity`, by exactly these numbers, seed by seed."""
    found = {}
    for trial in study.trials:
        error = 20.0 + (differences[trial.seed] if trial.cell.factors["architecture.shortcut"] == "none" else 0)
        record = make_record(trial, error)
        found[trial.id] = record.model_copy(update={"final": record.final | {"train_error": error}})
    return found


@pytest.mark.parametrize(
    ("expect", "margin", "differences", "verdict"),
    [
        ("higher", 0, [5, 6, 5.5], "supported"),
        ("higher", 5, [15, 16, 15.5], "supported"),
        ("higher", 20, [15, 16, 15.5], "refuted"),
        ("higher", 0, [-5, -6, -5.5], "refuted"),
        ("higher", 0, [5, -6, 5.5], "inconclusive"),
        ("lower", 0, [-5, -6, -5.5], "supported"),
        ("lower", 0, [5, 6, 5.5], "refuted"),
        ("lower", 10, [-5, -6, -5.5], "refuted"),
        ("not-higher", 1, [0.1, -0.1, 0], "supported"),
        ("not-higher", 1, [5, 6, 5.5], "refuted"),
        ("not-higher", 0, [0.1, -0.1, 0], "inconclusive"),
        ("not-lower", 1, [0.1, -0.1, 0], "supported"),
        ("not-lower", 1, [-5, -6, -5.5], "refuted"),
        ("not-lower", 0, [5, 6, 5.5], "supported"),
        ("not-higher", 0, [0, 0, 0], "supported"),
        ("higher", 0, [0, 0, 0], "refuted"),
        ("lower", 0, [0, 0, 0], "refuted"),
        ("higher", 0, [2, 2, 2], "supported"),
        ("higher", 0, [2, 2], "inconclusive"),
        ("higher", 0, [2], "not testable"),
    ],
)
def test_verdict_of_planted_differences(
    read: Read, expect: str, margin: float, differences: list[float], verdict: str
) -> None:
    study = pair_study(read, expect, len(differences), margin)
    (judgement,) = judge(study, load_frame(study, with_differences(study, differences)))
    assert str(judgement.verdict) == verdict
    assert judgement.evidence.comparison is not None
    assert judgement.evidence.comparison.differences == pytest.approx(differences)


def test_the_depth_study(study: Study, records: Mapping[str, Record]) -> None:
    verdicts = [str(judgement.verdict) for judgement in judge(study, load_frame(study, records))]
    assert verdicts == ["supported", "supported", "refuted", "inconclusive"]


def test_cells_are_matched_on_every_other_factor(study: Study, records: Mapping[str, Record]) -> None:
    shortcuts = judge(study, load_frame(study, records))[2]
    matched = [(this.name, that.name) for this, that in shortcuts.evidence.pairs]
    assert matched == [(f"shortcut=identity depth={d}", f"shortcut=none depth={d}") for d in (8, 20, 56)]
    assert "Averaged over 3 matched pairs of cells." in notes(shortcuts)


def test_a_pooled_difference_is_the_mean_over_pairs_within_a_seed(study: Study, records: Mapping[str, Record]) -> None:
    shortcuts = judge(study, load_frame(study, records))[2]
    by_name = {(t.cell.name, t.seed): records[t.id].final["test_error"] for t in study.trials}
    expected = [
        np.mean(
            [by_name[f"shortcut=identity depth={d}", s] - by_name[f"shortcut=none depth={d}", s] for d in (8, 20, 56)]
        )
        for s in study.seeds
    ]
    assert shortcuts.evidence.comparison is not None
    assert shortcuts.evidence.comparison.differences == pytest.approx(expected)


@pytest.mark.parametrize("outcome", [None, Outcome.FAILED, Outcome.STOPPED])
def test_a_trial_without_result_makes_a_claim_not_testable(
    study: Study, records: dict[str, Record], outcome: Outcome | None
) -> None:
    trial = next(t for t in study.trials if t.cell.name == "shortcut=none depth=56")
    del records[trial.id]
    if outcome:
        records[trial.id] = make_record(trial, 70, outcome=outcome)
    judgements = judge(study, load_frame(study, records))
    assert [str(j.verdict) for j in judgements] == ["not testable", "supported", "not testable", "inconclusive"]
    assert f"1 of its 6 trials have no result (1 {outcome or 'missing'}). So far:" in sentence(judgements[0])


def test_diverged_trials_count_at_chance_level(study: Study, records: dict[str, Record]) -> None:
    trial = next(t for t in study.trials if t.cell.name == "shortcut=none depth=56")
    records[trial.id] = make_record(trial, 70, outcome=Outcome.DIVERGED)
    judgement = judge(study, load_frame(study, records))[0]
    assert judgement.verdict is Verdict.SUPPORTED
    assert "1 of 6 trials diverged and count at chance level." in notes(judgement)
    shallow = next(t for t in study.trials if t.cell.name == "shortcut=none depth=8" and t.seed == trial.seed)
    assert judgement.evidence.comparison is not None
    difference = 90.0 - (records[shallow.id].final["train_error"] or 0)  # ten classes
    assert judgement.evidence.comparison.differences[0] == pytest.approx(difference)


def test_holm_makes_a_lone_finding_inconclusive(read: Read) -> None:
    study = pair_study(read, "higher", 5)
    study = replace(study, claims=(*study.claims, *(replace(study.claims[0], metric="val_loss"),) * 3))
    differences = [0.9, 3.7, 1.4, 0.7, 2.3]
    alone = judge(replace(study, claims=study.claims[:1]), load_frame(study, with_differences(study, differences)))
    among = judge(study, load_frame(study, with_differences(study, differences)))
    assert alone[0].verdict is Verdict.SUPPORTED
    assert among[0].verdict is Verdict.INCONCLUSIVE
    assert "not after Holm's correction for 4 claims" in sentence(among[0])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metric": "top5_error"}, "The records have no top5 error."),
        ({"where": {"architecture.shortcut": "gate"}}, "No two cells of the study differ"),
        ({"where": {"train.lr": 0.1}}, "No two cells of the study differ"),
    ],
)
def test_what_cannot_be_tested_is_said(
    study: Study, records: Mapping[str, Record], changes: dict[str, object], said: str
) -> None:
    study = replace(study, claims=(replace(study.claims[0], **changes),))  # type: ignore[arg-type]
    (judgement,) = judge(study, load_frame(study, records))
    assert judgement.verdict is Verdict.NOT_TESTABLE
    assert said in sentence(judgement)


def test_an_inconclusive_claim_says_how_many_seeds_would_do(study: Study, records: Mapping[str, Record]) -> None:
    text = sentence(judge(study, load_frame(study, records))[3])
    assert "these seeds do not decide; about" in text


def test_true_is_not_one(read: Read) -> None:
    text = TWO_CELLS.replace("SEEDS", "2").replace("EXPECT", "lower").replace("MARGIN", "0")
    study = read(text.replace("architecture.shortcut: [none, identity]", "train.nesterov: [true, false]"))
    claims = [Claim("c", "train_error", {"train.nesterov": pair}, "lower") for pair in ((True, False), (1, 0))]
    records = {trial.id: make_record(trial, planted(trial.cell)) for trial in study.trials}
    known, unknown = judge(replace(study, claims=tuple(claims)), load_frame(study, records))
    assert len(known.evidence.pairs) == 1
    assert not unknown.evidence.pairs


@pytest.mark.slow
@pytest.mark.parametrize("num_claims", [1, 4])
def test_null_studies_are_rarely_decided(read: Read, num_claims: int) -> None:
    """1,000 studies without any effect: at most 5% have a claim that is supported or refuted, whatever its number."""
    study = pair_study(read, "higher", 5)
    base = load_frame(study, with_differences(study, [0.0] * 5))
    metrics = ["train_error", "val_error", "test_error", "train_loss"][:num_claims]
    study = replace(study, claims=tuple(replace(study.claims[0], metric=metric) for metric in metrics))
    noise = np.random.default_rng(0)
    decided = 0
    for _ in range(1_000):
        frame = base.assign(**{metric: noise.normal(10, 2, len(base)) for metric in metrics})
        decided += any(j.verdict in (Verdict.SUPPORTED, Verdict.REFUTED) for j in judge(study, frame))
    assert decided <= 50 + 2 * 6.9  # two binomial deviations above 5%
