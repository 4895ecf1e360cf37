"""What a study claims, held against its records. The rule is in docs/statistics.md; in short:

- supported: the evidence lies on the claimed side of the margin, and its p, corrected by Holm over all claims of the
  study, is at most 0.05;
- refuted: the same on the other side;
- inconclusive: anything between;
- not testable: a cell, a trial or the metric is missing, or there are fewer than two seeds.

A diverged trial enters at chance level, for it cannot be left out of a comparison; a failed, stopped or missing one
makes the claim not testable. Where all differences are equal there is no spread to test by: from three seeds on the
value alone decides. The exact sign-flip p is shown but does not decide, as n seeds cannot bring it below 2 / 2^n.
What is counted, not measured, is judged by its value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from ablate.report.evidence import Evidence, gather
from ablate.report.frame import at_chance
from ablate.report.inequality import MIN_FLAT
from ablate.report.statistics import ALPHA, holm
from ablate.spec.study.study import Claim, Study


class Verdict(StrEnum):
    """What the records say of a claim."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTABLE = "not testable"


@dataclass(frozen=True)
class Judgement:
    """A claim's evidence and verdict; `p_holm` is its p corrected over `num_tested` claims."""

    evidence: Evidence
    verdict: Verdict
    p: float | None
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
    tested = {place: p for place, one in enumerate(evidence) if (p := _p(one)) is not None}
    corrected = dict(zip(tested, holm(list(tested.values())), strict=True))
    return tuple(
        Judgement(one, _decide(one, corrected.get(place)), tested.get(place), corrected.get(place), len(tested))
        for place, one in enumerate(evidence)
    )


def _p(evidence: Evidence) -> float | None:
    """None where nothing is tested: for counts, without results, and without any spread."""
    if evidence.claim.is_exact or not evidence.is_testable or evidence.is_flat:
        return None
    return min(evidence.p_values)


def _decide(evidence: Evidence, p_holm: float | None) -> Verdict:
    exact = evidence.claim.is_exact and evidence.is_matched
    if not exact and not evidence.is_testable:
        return Verdict.NOT_TESTABLE
    num_seeds = [part.comparison.n for part in evidence.parts if part.comparison]
    decided = exact or (min(num_seeds) >= MIN_FLAT if p_holm is None else p_holm <= ALPHA)
    if not decided:
        return Verdict.INCONCLUSIVE
    return Verdict.SUPPORTED if evidence.leans_towards else Verdict.REFUTED
