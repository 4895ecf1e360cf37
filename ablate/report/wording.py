"""Verdicts in plain language: what was compared, what came out, and why that is the verdict."""

from __future__ import annotations

from ablate.report.claims import Judgement, Verdict
from ablate.report.evidence import Evidence
from ablate.report.findings import absolute, find_out, is_decided, name_of
from ablate.report.inequality import MIN_FLAT, Part
from ablate.report.notation import p_value, quantity
from ablate.report.statistics import ALPHA, Comparison, num_seeds_needed
from ablate.spec.study.study import Claim


def sentence(judgement: Judgement) -> str:
    """The finding and the reason for its verdict."""
    if problem := _problem(judgement):
        return problem
    return f"{find_out(judgement)} {_reason(judgement)}".strip()


def _problem(judgement: Judgement) -> str:
    evidence, claim = judgement.evidence, judgement.claim
    comparison = evidence.comparison
    if not evidence.is_matched:
        return _unmatched(claim)
    if claim.is_exact:
        return ""
    if claim.column not in evidence.trials.columns:
        return f"The records have no {name_of(claim)}."
    num_unusable = len(evidence.unusable)
    if num_unusable:
        so_far = f" So far: {find_out(judgement)}" if _has_figures(evidence) else ""
        counts = evidence.unusable["outcome"].value_counts().sort_index()
        listed = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        return f"{num_unusable} of its {len(evidence.trials)} trials have no result ({listed}).{so_far}"
    if comparison is None:
        return f"The records have no {name_of(claim)} to compare."
    return "" if comparison.n > 1 else "One seed has no spread: at least two are needed, three or more advised."


def _has_figures(evidence: Evidence) -> bool:
    """Whether a claim of one part has more than one seed so far."""
    several = len(evidence.parts) > 1 and evidence.claim.expect != "equal"
    return not several and evidence.comparison is not None and evidence.comparison.n > 1


def _unmatched(claim: Claim) -> str:
    if claim.form == "threshold":
        return "No cell of the study has the values that this claim is about."
    number = "four" if claim.form == "interaction" else "two"
    return f"No {number} cells of the study differ as this claim compares and agree in everything else."


def _reason(judgement: Judgement) -> str:
    comparison, part = judgement.evidence.comparison, judgement.evidence.decisive
    if judgement.claim.is_exact:
        return "" if judgement.verdict is Verdict.SUPPORTED else "That is against the claim."
    assert part is not None
    assert comparison is not None
    if is_decided(judgement):
        return _decided(judgement, part, comparison)
    if judgement.p is None:
        return f"All {comparison.n} differences are equal; fewer than {MIN_FLAT} equal ones decide nothing."
    return _undecided(judgement, part, comparison)


def _undecided(judgement: Judgement, part: Part, comparison: Comparison) -> str:
    claim, p = judgement.claim, p_value(judgement.p)
    if judgement.p is not None and judgement.p <= ALPHA:
        return (
            f"Alone the evidence would decide, but not after Holm's correction for {judgement.num_tested} claims "
            f"(p = {p_value(judgement.p_holm)}, above {ALPHA:g})."
        )
    if comparison.p is not None and comparison.p <= ALPHA and not judgement.evidence.leans_towards:
        num_parts = len(judgement.evidence.parts)
        return f"Alone that would refute the claim, but not corrected for its {num_parts} parts (p = {p})."
    if claim.expect == "equal":
        return f"The interval reaches beyond {_margins(claim)}, so these seeds do not show that they are equal."
    return f"The interval contains {_line(claim, part)}, so these seeds do not decide{_needed(comparison)}."


def _decided(judgement: Judgement, part: Part, comparison: Comparison) -> str:
    claim = judgement.claim
    if judgement.verdict is Verdict.SUPPORTED and claim.expect == "equal":
        return f"The whole interval lies within {_margins(claim)}: equal, by that margin."
    distance = comparison.mean - comparison.threshold
    place = "above" if distance > 0 else "below" if distance < 0 else "on"
    against = "" if judgement.verdict is Verdict.SUPPORTED else ", against the claim"
    return f"The whole interval lies {place} {_line(claim, part)}{against}."


def _line(claim: Claim, part: Part) -> str:
    if claim.form == "threshold":
        return absolute(claim, part.bound.value)
    return f"the margin of {quantity(part.bound.value, claim.metric)}" if claim.margin else "zero"


def _margins(claim: Claim) -> str:
    return f"±{quantity(claim.margin, claim.metric)}"


def _needed(comparison: Comparison) -> str:
    needed = num_seeds_needed(comparison)
    if needed is None or needed <= comparison.n:
        return ""
    return f"; about {needed} would, were this the true difference (80% power)"


def notes(judgement: Judgement) -> list[str]:
    """What a reader must know beside the verdict: diverged trials, averaging, tests without power."""
    evidence, part = judgement.evidence, judgement.evidence.decisive
    comparison = evidence.comparison
    found = []
    if part and len(part.cells) > 1:
        group = {1: "cells", 4: "groups of four cells"}.get(len(part.corners), "pairs of cells")
        found.append(f"Averaged over {len(part.cells)} matched {group}.")
    if evidence.num_diverged and not judgement.claim.is_exact:
        counted = "count as never reaching it" if judgement.claim.reach else "count at chance level"
        found.append(f"{evidence.num_diverged} of {len(evidence.trials)} trials diverged and {counted}.")
    if num_short := _num_unreached(evidence):
        found.append(
            f"{num_short} of {len(evidence.trials)} trials did not get there; they count one epoch more than they had."
        )
    if comparison and comparison.n > 1 and comparison.is_flat:
        found.append("All differences are equal, so the interval has no width and there is no t-test.")
    return found


def _num_unreached(evidence: Evidence) -> int:
    claim, trials = evidence.claim, evidence.trials
    if not claim.reach or claim.column not in trials.columns:
        return 0
    return int((trials[claim.column].isna() & (trials["outcome"] == "finished")).sum())
