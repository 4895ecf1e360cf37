"""Verdicts in plain language: what was compared, what came out, and why that is the verdict."""

from __future__ import annotations

from ablate.report.claims import MIN_FLAT, Evidence, Judgement, Verdict, side
from ablate.report.notation import axis_name, decimal, interval, level, metric_name, p_value, quantity, unit, written
from ablate.report.statistics import ALPHA, Comparison, num_seeds_needed
from ablate.spec.study import Claim


def sentence(judgement: Judgement) -> str:
    """The finding and the reason for its verdict."""
    evidence = judgement.evidence
    if problem := _problem(evidence):
        return problem
    assert evidence.comparison is not None
    return f"{_finding(evidence.claim, evidence.comparison)} {_reason(judgement, evidence.comparison)}"


def _problem(evidence: Evidence) -> str:
    claim, comparison = evidence.claim, evidence.comparison
    if not evidence.pairs:
        return "No two cells of the study differ as this claim compares and agree in everything else."
    if claim.metric not in evidence.trials.columns:
        return f"The records have no {metric_name(claim.metric)}."
    num_unusable = len(evidence.unusable)
    if num_unusable:
        so_far = f" So far: {_finding(claim, comparison)}" if comparison and comparison.n > 1 else ""
        counts = evidence.unusable["outcome"].value_counts().sort_index()
        listed = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        return f"{num_unusable} of its {len(evidence.trials)} trials have no result ({listed}).{so_far}"
    if comparison is None:
        return f"The records have no {metric_name(claim.metric)} to compare."
    return "" if comparison.n > 1 else "One seed has no spread: at least two are needed, three or more advised."


def _finding(claim: Claim, comparison: Comparison) -> str:
    this, that = (_levels(claim, number) for number in (0, 1))
    where = " and ".join(f"{axis_name(axis)} is {written(value)}" for axis, value in claim.where.items())
    name, size = metric_name(claim.metric), decimal(abs(comparison.mean))
    if not comparison.mean:
        found = f"With {this} the {name} is on average the same as with {that}"
    elif not float(size):
        found = f"With {this} the {name} differs by less than 0.01 {unit(claim.metric)} from that with {that}"
    else:
        direction = "higher" if comparison.mean > 0 else "lower"
        found = f"With {this} the {name} is {f'{size} {unit(claim.metric)}'.strip()} {direction} than with {that}"
    found += f", where {where}" if where else ""
    return f"{found} (95% interval {interval(comparison.low, comparison.high)}, {comparison.n} seeds)."


def _levels(claim: Claim, number: int) -> str:
    return " and ".join(level(axis, pair[number]) for axis, pair in claim.compare.items())


def _reason(judgement: Judgement, comparison: Comparison) -> str:
    claim = judgement.claim
    line = f"the margin of {quantity(comparison.threshold, claim.metric)}" if claim.margin else "zero"
    if judgement.verdict in (Verdict.SUPPORTED, Verdict.REFUTED):
        distance = comparison.mean - comparison.threshold
        place = "above" if distance > 0 else "below" if distance < 0 else "on"
        against = "" if judgement.verdict is Verdict.SUPPORTED else ", against the claim"
        return f"The whole interval lies {place} {line}{against}."
    if comparison.is_flat:
        return f"All {comparison.n} differences are equal; fewer than {MIN_FLAT} equal ones decide nothing."
    if side(claim, comparison) is not Verdict.INCONCLUSIVE:
        corrected = p_value(judgement.p_holm)
        return (
            f"Alone the interval would decide, but not after Holm's correction for {judgement.num_tested} claims "
            f"(p = {corrected}, above {ALPHA:g})."
        )
    return f"The interval contains {line}, so these seeds do not decide{_needed(comparison)}."


def _needed(comparison: Comparison) -> str:
    needed = num_seeds_needed(comparison)
    if needed is None or needed <= comparison.n:
        return ""
    return f"; about {needed} would, were this the true difference (80% power)"


def notes(judgement: Judgement) -> list[str]:
    """What a reader must know beside the verdict: diverged trials, averaging, tests without power."""
    evidence, comparison = judgement.evidence, judgement.evidence.comparison
    found = []
    if len(evidence.pairs) > 1:
        found.append(f"Averaged over {len(evidence.pairs)} matched pairs of cells.")
    if evidence.num_diverged:
        found.append(f"{evidence.num_diverged} of {len(evidence.trials)} trials diverged and count at chance level.")
    if comparison and comparison.n > 1 and comparison.is_flat:
        found.append("All differences are equal, so the interval has no width and there is no t-test.")
    return found
