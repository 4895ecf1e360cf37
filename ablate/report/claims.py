"""What a study claims, held against its records.

The rule. Cells are compared that differ in the claim's axis and agree in every other factor. A seed's difference is
the metric of the one minus that of the other, averaged over the matched cells. The verdict rests on the 95% t
interval of the mean difference over seeds and on the two-sided t-test against the margin, corrected by Holm over all
claims of the study:

- supported: the whole interval lies on the claimed side of the margin, and the corrected p is at most 0.05;
- refuted: the whole interval lies on the other side, and the corrected p is at most 0.05;
- inconclusive: anything between;
- not testable: a cell, a trial or the metric is missing, or there are fewer than two seeds.

A diverged trial enters at chance level, for it cannot be left out of a comparison; a failed, stopped or missing one
makes the claim not testable. Where all differences are equal there is no spread to test by: from three seeds on the
value alone decides. The exact sign-flip p is shown but does not decide, as n seeds cannot bring it below 2 / 2^n.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from ablate.records import Outcome
from ablate.report.frame import at_chance, scored
from ablate.report.statistics import ALPHA, Comparison, compare, holm
from ablate.spec.factors import same
from ablate.spec.study import Cell, Claim, Study

MIN_FLAT = 3  # equal differences from fewer seeds decide nothing


class Verdict(StrEnum):
    """What the records say of a claim."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTABLE = "not testable"


@dataclass(frozen=True)
class Evidence:
    """What a claim is judged by: matched pairs of cells (this, that), and their differences by seed."""

    claim: Claim
    pairs: tuple[tuple[Cell, Cell], ...]
    trials: pd.DataFrame  # of the matched cells, diverged ones at chance level
    comparison: Comparison | None

    @property
    def unusable(self) -> pd.DataFrame:
        """The trials without a result that may be compared: missing, failed, stopped."""
        return self.trials[~self.trials["outcome"].isin([Outcome.FINISHED, Outcome.DIVERGED])]

    @property
    def num_diverged(self) -> int:
        """Trials that enter at chance level."""
        return int((self.trials["outcome"] == Outcome.DIVERGED).sum())


@dataclass(frozen=True)
class Judgement:
    """A claim's evidence and verdict; `p_holm` is the t-test's p corrected over `num_tested` claims."""

    evidence: Evidence
    verdict: Verdict
    p_holm: float | None
    num_tested: int

    @property
    def claim(self) -> Claim:
        """The claim judged."""
        return self.evidence.claim


def judge(study: Study, frame: pd.DataFrame) -> tuple[Judgement, ...]:
    """Every claim of the study with its evidence and verdict, in the study's order."""
    frame = at_chance(frame)
    evidence = [gather(study, frame, claim) for claim in study.claims]
    tested = {i: e.comparison.p for i, e in enumerate(evidence) if e.comparison and e.comparison.p is not None}
    corrected = dict(zip(tested, holm(list(tested.values())), strict=True))
    return tuple(
        Judgement(item, _decide(item, corrected.get(i)), corrected.get(i), len(tested))
        for i, item in enumerate(evidence)
    )


def gather(study: Study, frame: pd.DataFrame, claim: Claim) -> Evidence:
    """Match the cells of a claim and take their differences by seed."""
    pairs = match(study, claim)
    trials = frame[frame["cell"].isin({cell.name for pair in pairs for cell in pair})]
    if not pairs or claim.metric not in frame.columns:
        return Evidence(claim, pairs, trials, None)
    values = scored(trials, claim.metric)
    this, that = (np.array([values[pair[side].name] for pair in pairs]) for side in (0, 1))
    differences = (this - that).mean(axis=0)
    known = differences[np.isfinite(differences)]
    return Evidence(claim, pairs, trials, compare(known, threshold(claim)) if len(known) else None)


def match(study: Study, claim: Claim) -> tuple[tuple[Cell, Cell], ...]:
    """The pairs of cells that differ as the claim compares and agree in every other factor."""
    eligible = [cell for cell in study.cells if _has(cell, claim.where)]
    this, that = ({axis: pair[side] for axis, pair in claim.compare.items()} for side in (0, 1))
    partners = {_others(cell, that): cell for cell in eligible if _has(cell, that)}
    found = ((cell, partners.get(_others(cell, this))) for cell in eligible if _has(cell, this))
    return tuple((cell, partner) for cell, partner in found if partner)


def _has(cell: Cell, factors: Mapping[str, Any]) -> bool:
    return all(axis in cell.factors and same(cell.factors[axis]) == same(value) for axis, value in factors.items())


def _others(cell: Cell, compared: Mapping[str, Any]) -> str:
    return same({axis: value for axis, value in cell.factors.items() if axis not in compared})


def threshold(claim: Claim) -> float:
    """The difference at which the claim's side begins: its margin, upwards or downwards."""
    return claim.margin if claim.expect in ("higher", "not-higher") else -claim.margin


def _decide(evidence: Evidence, p_holm: float | None) -> Verdict:
    comparison = evidence.comparison
    if comparison is None or comparison.low is None or len(evidence.unusable):
        return Verdict.NOT_TESTABLE
    too_few = comparison.n < MIN_FLAT if comparison.is_flat else p_holm is None or p_holm > ALPHA
    return Verdict.INCONCLUSIVE if too_few else side(evidence.claim, comparison)


def side(claim: Claim, comparison: Comparison) -> Verdict:
    """Where the interval alone lies: on the claimed side of the margin, on the other, or across it."""
    assert comparison.low is not None
    assert comparison.high is not None
    strict = claim.expect in ("higher", "not-higher")  # the margin itself is not higher, and not lower
    above = comparison.low > comparison.threshold if strict else comparison.low >= comparison.threshold
    below = comparison.high <= comparison.threshold if strict else comparison.high < comparison.threshold
    if not above and not below:
        return Verdict.INCONCLUSIVE
    claimed = above if claim.expect in ("higher", "not-lower") else below
    return Verdict.SUPPORTED if claimed else Verdict.REFUTED
