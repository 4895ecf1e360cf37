"""Every form of claim on planted data: against scipy, statsmodels and cases worked out by hand."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import make_record
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from ablate.records import Outcome
from ablate.report import Judgement, Verdict, judge, load_frame, write_report
from ablate.report.evidence import gather
from ablate.report.parts import describe_parts
from ablate.report.wording import notes, sentence
from ablate.spec import Study
from ablate.spec.architecture.summary import summarise

STUDY = """
question: Which forms are there?
baseline:
  architecture: {family: cifar, depth: 8, widths: [4, 8, 16]}
  data: {dataset: digits}
  train: {epochs: 8, lr: 0.05}
grid:
  architecture.shortcut: [none, identity]
  architecture.depth: [56, 8, 20]
seeds: SEEDS
claims:
  - {says: c, metric: METRIC, CLAIM}
"""
ALONG = "where: {architecture.shortcut: none}, along: architecture.depth, expect: rises"
INTERACTION = "interaction: {architecture.depth: [56, 8], architecture.shortcut: [none, identity]}, expect: higher"
EQUAL = "where: {architecture.depth: 20}, compare: {architecture.shortcut: [identity, none]}, expect: equal, margin: 1"
COUNTS = "compare: {architecture.shortcut: [identity, none]}, expect: equal"
Read = Callable[[str], Study]
Values = Mapping[tuple[str, int], Sequence[float]]  # by shortcut and depth, in the order of the seeds


def study_of(read: Read, claim: str, num_seeds: int, metric: str = "train_error") -> Study:
    return read(STUDY.replace("SEEDS", str(num_seeds)).replace("METRIC", metric).replace("CLAIM", claim))


def frame_of(study: Study, values: Values, metric: str = "train_error") -> pd.DataFrame:
    """Results with these values and 5 for every other cell; all trials have finished."""
    frame = load_frame(study, {trial.id: make_record(trial, 5.0) for trial in study.trials})
    keys = zip(frame["architecture.shortcut"], frame["architecture.depth"], frame["seed"], strict=True)
    return frame.assign(**{metric: [float(values[s, d][n]) if (s, d) in values else 5.0 for s, d, n in keys]})


def judged(read: Read, claim: str, values: Values, metric: str = "train_error") -> Judgement:
    num_seeds = max(map(len, values.values())) if values else 3
    study = study_of(read, claim, num_seeds, metric)
    return judge(study, frame_of(study, values))[0]


def plain(*rows: Sequence[float]) -> Values:
    return {("none", depth): row for depth, row in zip((8, 20, 56), rows, strict=True)}


# -- equality


@pytest.mark.parametrize("seed", range(5))
def test_equality_is_tost_as_in_statsmodels(read: Read, seed: int) -> None:
    rng = np.random.default_rng(seed)
    this, that = rng.normal(5, 0.5, 8), rng.normal(5, 0.5, 8)
    found = judged(read, EQUAL, {("identity", 20): this, ("none", 20): that})
    expected = ttost_paired(this, that, -1.0, 1.0)[0]
    assert found.evidence.p_values[0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("differences", "verdict", "said"),
    [
        ([0.1, -0.1, 0.0, 0.05], "supported", "The whole interval lies within ±1 point: equal, by that margin."),
        ([0.9, 1.2, 0.4, 1.1], "inconclusive", "reaches beyond ±1 point, so these seeds do not show"),
        ([3.0, 3.1, 2.9, 3.2], "refuted", "The whole interval lies above the margin of 1 point, against the claim."),
        ([-3.0, -3.1, -2.9, -3.2], "refuted", "below the margin of −1 point, against the claim."),
        ([0.5, 0.5, 0.5], "supported", "equal, by that margin"),
        ([1.5, 1.5, 1.5], "refuted", "against the claim"),
        ([0.5, 0.5], "inconclusive", "fewer than 3 equal ones decide nothing"),
    ],
)
def test_equality_of_planted_differences(read: Read, differences: list[float], verdict: str, said: str) -> None:
    this = [5 + difference for difference in differences]
    found = judged(read, EQUAL, {("identity", 20): this, ("none", 20): [5.0] * len(this)})
    assert str(found.verdict) == verdict
    assert said in sentence(found)


def test_equality_is_decided_by_the_90_percent_interval(read: Read) -> None:
    """Where the 95% interval reaches over the margin, and that of 90% does not."""
    differences = np.array([0.2, 0.9, 0.3, 0.7, 0.4])
    low, high = stats.t.interval(0.95, 4, differences.mean(), stats.sem(differences))
    assert low < 0.9 < high or low < 0.86 < high
    margin = (high + stats.t.interval(0.9, 4, differences.mean(), stats.sem(differences))[1]) / 2
    claim = EQUAL.replace("margin: 1", f"margin: {margin}")
    found = judged(read, claim, {("identity", 20): 5 + differences, ("none", 20): [5.0] * 5})
    assert found.verdict is Verdict.SUPPORTED
    assert "90% interval" in sentence(found)


# -- interaction


def test_an_interaction_is_the_t_test_of_differences_of_differences(read: Read) -> None:
    rng = np.random.default_rng(1)
    values = {
        (s, d): rng.normal(10 + (s == "none") * (d == 56) * 2, 1, 6) for s in ("none", "identity") for d in (8, 56)
    }
    found = judged(read, INTERACTION, values)
    expected = (values["none", 56] - values["identity", 56]) - (values["none", 8] - values["identity", 8])
    assert found.evidence.comparison is not None
    assert found.evidence.comparison.differences == pytest.approx(expected)
    assert found.p == pytest.approx(stats.ttest_1samp(expected, 0).pvalue)


def test_an_interaction_by_hand(read: Read) -> None:
    values = {
        ("none", 56): [60, 62, 64],
        ("identity", 56): [1, 1, 2],
        ("none", 8): [3, 4, 3],
        ("identity", 8): [1, 2, 2],
    }
    found = judged(read, INTERACTION, values)
    assert found.evidence.comparison is not None
    assert found.evidence.comparison.differences == (57.0, 59.0, 61.0)
    assert found.verdict is Verdict.SUPPORTED
    assert sentence(found) == (
        "From shortcut identity to none the training error changes by +60.7 points at depth 56 and by +1.67 points at "
        "depth 8: a difference of +59.0 points (95% interval 54.0 to 64.0, 3 seeds). "
        "The whole interval lies above zero."
    )
    assert [(a.name, b.name) for a, b in found.evidence.pairs] == [
        (f"shortcut=none depth={d}", f"shortcut=identity depth={d}") for d in (56, 8)
    ]


# -- orders


def test_a_monotone_claim_hangs_on_its_weakest_step(read: Read) -> None:
    rng = np.random.default_rng(2)
    rows = [rng.normal(mean, 1, 7) for mean in (5, 7, 20)]
    found = judged(read, ALONG, plain(*rows))
    steps = [stats.ttest_rel(rows[1], rows[0]).pvalue, stats.ttest_rel(rows[2], rows[1]).pvalue]
    assert found.p == pytest.approx(max(steps))
    assert found.verdict is (Verdict.SUPPORTED if max(steps) <= 0.05 else Verdict.INCONCLUSIVE)
    assert found.evidence.comparison is not None
    assert found.evidence.comparison.mean == pytest.approx((rows[1] - rows[0]).mean())
    assert [name for name, _ in describe_parts(found)] == ["from 8 to 20", "from 20 to 56"]


def test_one_step_against_it_refutes_a_monotone_claim_with_bonferroni(read: Read) -> None:
    rows = [[5.0, 5.2, 5.1, 4.9], [9.0, 9.4, 9.1, 9.3], [6.0, 6.5, 6.1, 6.2]]
    found = judged(read, ALONG, plain(*rows))
    assert found.p == pytest.approx(2 * stats.ttest_rel(rows[2], rows[1]).pvalue)
    assert found.verdict is Verdict.REFUTED
    assert "rises at 1 of 2 steps, where shortcut is none; that from 20 to 56 is −3.00 points" in sentence(found)


def test_one_undecided_step_leaves_a_monotone_claim_inconclusive(read: Read) -> None:
    found = judged(read, ALONG, plain([5.0, 5.2, 5.1, 4.9], [5.1, 5.0, 5.3, 4.8], [9.0, 9.4, 9.1, 9.3]))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "the least certain, from 8 to 20, is 0.00 points" in sentence(found)
    assert "so these seeds do not decide" in sentence(found)


def test_along_follows_the_numbers_and_order_what_is_written(read: Read) -> None:
    rows = plain([1.0, 1.1, 1.2, 1.0], [4.0, 4.1, 4.3, 4.0], [9.0, 9.4, 9.1, 9.3])
    assert judged(read, ALONG, rows).verdict is Verdict.SUPPORTED
    order = "where: {architecture.shortcut: none}, order: {architecture.depth: [56, 20, 8]}, expect: "
    assert judged(read, order + "falls", rows).verdict is Verdict.SUPPORTED
    assert judged(read, order + "rises", rows).verdict is Verdict.REFUTED


def test_a_step_needs_its_margin(read: Read) -> None:
    rows = plain([1.0, 1.1, 1.2, 1.0], [4.0, 4.1, 4.3, 4.0], [9.0, 9.4, 9.1, 9.3])
    assert judged(read, ALONG + ", margin: 2", rows).verdict is Verdict.SUPPORTED
    assert judged(read, ALONG + ", margin: 4", rows).verdict is Verdict.REFUTED


def test_an_order_averages_over_the_cells_that_match(read: Read) -> None:
    found = judged(read, "along: architecture.depth, expect: rises", plain([1, 2, 3], [4, 6, 5], [9, 9, 9]))
    first, second = (part.comparison for part in found.evidence.parts)
    assert first is not None
    assert second is not None
    assert first.differences == pytest.approx((1.5, 2.0, 1.0))  # half of the plain nets' steps: the others are flat
    assert second.differences == pytest.approx((2.5, 1.5, 2.0))


# -- thresholds


def test_a_threshold_is_the_one_sample_test_of_its_worst_cell(read: Read) -> None:
    rng = np.random.default_rng(3)
    rows = [rng.normal(mean, 1, 6) for mean in (1, 2, 4)]
    found = judged(read, "where: {architecture.shortcut: none}, below: 5.0", plain(*rows))
    assert found.p == pytest.approx(max(stats.ttest_1samp(row, 5.0).pvalue for row in rows))
    assert len(found.evidence.parts) == 3
    assert not found.evidence.pairs


@pytest.mark.parametrize(
    ("claim", "row", "verdict", "said"),
    [
        ("below: 5", [1.0, 2.0, 1.5], "supported", "depth=56 is 1.50% on average (95% interval 0.26 to 2.74, 3 seeds)"),
        ("below: 5", [9.0, 8.5, 9.1], "refuted", "The whole interval lies above 5.00%, against the claim."),
        ("above: 5", [9.0, 8.5, 9.1], "supported", "The whole interval lies above 5.00%."),
        (
            "above: 5",
            [4.0, 8.5, 9.1],
            "inconclusive",
            "The interval contains 5.00%, so these seeds do not decide; about",
        ),
        ("below: 5", [5.0, 5.0, 5.0], "refuted", "The whole interval lies on 5.00%, against the claim."),
    ],
)
def test_thresholds_of_one_cell(read: Read, claim: str, row: list[float], verdict: str, said: str) -> None:
    where = "where: {architecture.shortcut: none, architecture.depth: 56}, "
    found = judged(read, where + claim, plain(row, row, row))
    assert str(found.verdict) == verdict
    assert said in sentence(found)


def test_a_threshold_says_which_cell_fails_it(read: Read) -> None:
    where = "where: {architecture.shortcut: none}, "
    found = judged(read, where + "below: 5", plain([1.0, 1.1, 1.2], [2.0, 2.1, 2.2], [8.0, 8.1, 8.3]))
    assert found.verdict is Verdict.REFUTED
    assert "below 5.00% in 2 of 3 cells, where shortcut is none; not so, shortcut=none depth=56, has 8.13%" in sentence(
        found
    )


# -- speed


SPEED = "where: {architecture.depth: 20}, compare: {architecture.shortcut: [identity, none]}, expect: lower"


def test_epochs_to_an_error_are_counted_in_the_history(read: Read) -> None:
    study = study_of(read, SPEED, 3, "{epochs_to: {train_error: 20}}")
    errors = {"identity": 1.0, "none": 15.0}
    records = {t.id: make_record(t, errors[str(t.cell.factors["architecture.shortcut"])]) for t in study.trials}
    frame = load_frame(study, records)
    for trial, found in zip(frame["trial"], frame["epochs_to_train_error_20"], strict=True):
        errors_by_epoch = [epoch.train_error for epoch in records[trial].history]
        assert found == next(number for number, error in enumerate(errors_by_epoch, 1) if error <= 20)
    (judgement,) = judge(study, frame)
    assert "With shortcut identity the number of epochs to 20% training error is" in sentence(judgement)


def test_what_is_never_reached_counts_one_epoch_more(read: Read) -> None:
    study = study_of(read, SPEED, 3, "{epochs_to: {train_error: 20}}")
    errors = {"identity": 1.0, "none": 40.0}
    records = {t.id: make_record(t, errors[str(t.cell.factors["architecture.shortcut"])]) for t in study.trials}
    diverged = next(t for t in study.trials if t.cell.name == "shortcut=none depth=20")
    records[diverged.id] = make_record(diverged, 1.0, outcome=Outcome.DIVERGED)
    frame = load_frame(study, records)
    reached = frame.set_index(["cell", "seed"])["epochs_to_train_error_20"]
    assert reached["shortcut=none depth=20"][1:].isna().all()
    (judgement,) = judge(study, frame)
    assert judgement.evidence.comparison is not None
    expected = [reached["shortcut=identity depth=20", seed] - 9 for seed in range(3)]
    assert judgement.evidence.comparison.differences == pytest.approx(expected)
    assert "2 of 6 trials did not get there; they count one epoch more than they had." in notes(judgement)
    assert "1 of 6 trials diverged and count as never reaching it." in notes(judgement)


# -- counts


def test_equal_parameters_need_no_statistics_and_no_records(read: Read) -> None:
    study = study_of(read, COUNTS, 1, "parameters")
    (judgement,) = judge(study, load_frame(study, {}))
    assert judgement.verdict is Verdict.SUPPORTED
    assert (judgement.p, judgement.p_holm, judgement.num_tested) == (None, None, 0)
    size = summarise(study.cells[0].network).parameters
    assert sentence(judgement) == (
        "With shortcut identity the number of parameters is the same as with shortcut none "
        f"({size:,} against {size:,}; as claimed in 3 of 3 cases)."
    )


def test_counts_are_judged_in_every_pair(read: Read) -> None:
    cheaper = "compare: {architecture.depth: [20, 8]}, expect: lower"
    study = study_of(read, cheaper, 1, "multiply_adds")
    (judgement,) = judge(study, load_frame(study, {}))
    assert judgement.verdict is Verdict.REFUTED
    assert "higher than with depth 8" in sentence(judgement)
    assert "That is against the claim." in sentence(judgement)
    rises = study_of(read, "along: architecture.depth, expect: rises", 1, "parameters")
    (judgement,) = judge(rises, load_frame(rises, {}))
    assert judgement.verdict is Verdict.SUPPORTED
    assert sentence(judgement).startswith("Along depth 8, 20, 56 the number of parameters rises at 2 of 2 steps")


# -- all of them


@pytest.mark.parametrize("claim", [ALONG, INTERACTION, EQUAL, "below: 5"])
def test_a_missing_trial_or_a_lone_seed_makes_any_form_not_testable(read: Read, claim: str) -> None:
    study = study_of(read, claim, 3)
    frame = frame_of(study, {})
    frame.loc[frame["seed"] == 2, "outcome"] = "missing"
    (judgement,) = judge(study, frame)
    assert judgement.verdict is Verdict.NOT_TESTABLE
    assert "trials have no result" in sentence(judgement)
    alone = judged(read, claim, {("none", 20): [1.0]})
    assert alone.verdict is Verdict.NOT_TESTABLE
    assert "One seed has no spread" in sentence(alone)


def test_holm_counts_every_claim_that_is_tested_and_no_other(read: Read) -> None:
    study = study_of(read, ALONG, 4)
    (claim,) = study.claims
    counted = replace(claim, metric="parameters")
    study = replace(study, claims=(claim, counted, replace(claim, expect="falls")))
    frame = frame_of(study, plain([5.0, 5.2, 5.1, 4.9], [5.4, 5.9, 5.6, 5.3], [9.0, 9.4, 9.1, 9.3]))
    first, second, third = judge(study, frame)
    assert (first.num_tested, second.p_holm) == (2, None)
    p_values = sorted([(first.p, first.p_holm), (third.p, third.p_holm)])
    assert p_values[0][1] == pytest.approx(2 * p_values[0][0])


def test_a_claim_without_its_cells_says_so(read: Read) -> None:
    study = study_of(read, INTERACTION, 3)
    frame = frame_of(study, {})
    (claim,) = study.claims
    for changed, said in (
        (replace(claim, where={"train.lr": 1}), "No four cells of the study differ"),
        (replace(claim, form="threshold", compare={}, where={"train.lr": 1}), "No cell of the study has the values"),
        (
            replace(claim, form="along", compare={"architecture.depth": (8,)}, expect="rises"),
            "No two cells of the study",
        ),
    ):
        (judgement,) = judge(replace(study, claims=(changed,)), frame)
        assert judgement.verdict is Verdict.NOT_TESTABLE
        assert said in sentence(judgement)
        assert not gather(study, frame, changed).is_matched


def test_every_form_has_its_card_and_its_row(read: Read, tmp_path: Path) -> None:
    claims = dict.fromkeys((ALONG, INTERACTION, EQUAL, "below: 50", "above: 5"), "train_error")
    claims |= {COUNTS: "parameters", SPEED: "{epochs_to: {train_error: 20}}"}
    written = [f"  - {{says: c, metric: {metric}, {claim}}}" for claim, metric in claims.items()]
    study = read(STUDY.replace("SEEDS", "3").partition("  - ")[0] + "\n".join(written))
    records = {trial.id: make_record(trial, 9.0) for trial in study.trials}
    report = write_report(study, records, tmp_path / "report", command="c")
    table = pd.read_csv(tmp_path / "report" / "tables" / "claims.csv")
    assert table["form"].tolist() == ["along", "interaction", "compare", *["threshold"] * 2, *["compare"] * 2]
    assert table["metric"].tolist()[-2:] == ["parameters", "epochs_to_train_error_20"]
    assert pd.read_csv(tmp_path / "report" / "results.csv")["epochs_to_train_error_20"].notna().all()
    page = html.unescape(report.page.read_text())
    for judgement in report.verdicts:
        assert sentence(judgement) in page
        for name, figures in describe_parts(judgement):
            assert f"<li>{name}: {figures}</li>" in page
    assert len(page.split('<ul class="parts">')) == 4
