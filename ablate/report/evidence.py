"""What a claim rests on: the cells it puts against each other, and what their seeds say of every part of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ablate.records import Outcome
from ablate.report.frame import scored
from ablate.report.inequality import Bound, Part
from ablate.report.statistics import Comparison, compare
from ablate.spec.architecture.summary import summarise
from ablate.spec.study.contrasts import Contrast, contrasts, match_factors
from ablate.spec.study.study import Cell, Claim, Study

Values = Mapping[str, Sequence[float]]  # the metric of every cell, in the order of the seeds


@dataclass(frozen=True)
class Evidence:
    """What a claim is judged by: its parts, and the trials behind them, diverged ones at chance level."""

    claim: Claim
    parts: tuple[Part, ...]
    trials: pd.DataFrame

    @property
    def is_matched(self) -> bool:
        """Whether the study has cells for every part."""
        return bool(self.parts) and all(part.cells for part in self.parts)

    @property
    def is_testable(self) -> bool:
        """Whether every part has at least two seeds, and no trial is without a result."""
        known = [part.comparison for part in self.parts if part.comparison and part.comparison.n > 1]
        return self.is_matched and len(known) == len(self.parts) and not len(self.unusable)

    @property
    def is_flat(self) -> bool:
        """Whether no part has any spread to test by."""
        return all(part.comparison is not None and part.comparison.is_flat for part in self.parts)

    @cached_property
    def p_values(self) -> tuple[float, float]:
        """The p-value for the claim and that against it: two-sided, but TOST's own for it.

        All parts must hold, so for the claim the largest counts as it is (the intersection-union test; Berger 1982);
        against it the smallest, times the number of parts (Bonferroni). Of the two margins of an equality only one
        can be exceeded.
        """
        for_it, against_it = zip(*(part.p_values for part in self.parts), strict=True)
        equal = self.claim.expect == "equal"
        num_ways = 1 if equal else len(self.parts)
        return min(1.0, max(for_it) * (1 if equal else 2)), min(1.0, 2 * num_ways * min(against_it))

    @property
    def leans_towards(self) -> bool:
        """Whether the evidence is rather for the claim than against it."""
        if self.claim.is_exact or self.is_flat:
            return all(part.holds for part in self.parts)
        return self.p_values[0] <= self.p_values[1]

    @property
    def decisive(self) -> Part | None:
        """The part that the verdict hangs on: the weakest for the claim, or the strongest against it."""
        if self.claim.is_exact:
            return next((part for part in self.parts if not part.holds), self.parts[0] if self.parts else None)
        if not self.is_testable:
            return next((part for part in self.parts if part.comparison), None)
        if self.leans_towards:
            return max(self.parts, key=lambda part: part.p_values[0])
        return min(self.parts, key=lambda part: part.p_values[1])

    @property
    def comparison(self) -> Comparison | None:
        """That of the decisive part; None for counts, and without any results."""
        return self.decisive.comparison if self.decisive and not self.claim.is_exact else None

    @property
    def pairs(self) -> tuple[tuple[Cell, Cell], ...]:
        """Every two cells that are compared, (this, that); none for a threshold."""
        groups = [group for part in self.parts for group in part.cells]
        found = (group[start : start + 2] for group in groups for start in range(0, len(group) - 1, 2))
        return tuple({(this.name, that.name): (this, that) for this, that in found}.values())

    @property
    def unusable(self) -> pd.DataFrame:
        """The trials without a result that may be compared: missing, failed, stopped."""
        return self.trials[~self.trials["outcome"].isin([Outcome.FINISHED, Outcome.DIVERGED])]

    @property
    def num_diverged(self) -> int:
        """Trials that enter at chance level."""
        return int((self.trials["outcome"] == Outcome.DIVERGED).sum())


def gather(study: Study, frame: pd.DataFrame, claim: Claim) -> Evidence:
    """Match the cells of a claim and measure each of its parts; of a frame `at_chance`."""
    matched = [(one, _match(study, one, claim)) for one in contrasts(claim)]
    names = {cell.name for _, groups in matched for group in groups for cell in group}
    trials = frame[frame["cell"].isin(names)]
    values = _values(study, trials, claim)
    return Evidence(claim, tuple(_parts(claim, matched, values)), trials)


def match(study: Study, claim: Claim) -> tuple[tuple[Cell, ...], ...]:
    """The cells that differ as the claim compares and agree in every other factor: (this, that)."""
    return tuple(group for one in contrasts(claim) for group in _match(study, one, claim))


def _match(study: Study, contrast: Contrast, claim: Claim) -> list[tuple[Cell, ...]]:
    groups = match_factors((cell.factors for cell in study.cells), contrast, claim.where)
    return [tuple(study.cells[place] for place in group) for group in groups]


def _values(study: Study, trials: pd.DataFrame, claim: Claim) -> Values:
    """The metric by cell; epochs to an error that is not reached are one more than there were."""
    names = set(trials["cell"])
    if claim.is_exact:
        sizes = ((cell, summarise(cell.network)) for cell in study.cells if cell.name in names)
        return {cell.name: [float(getattr(size, claim.metric))] for cell, size in sizes}
    if claim.column not in trials.columns:
        return {}
    if not claim.reach:
        return scored(trials, claim.column)
    budget = {cell.name: cell.train.epochs + 1.0 for cell in study.cells}
    usable = trials["outcome"].isin([Outcome.FINISHED, Outcome.DIVERGED])
    reached = trials[claim.column].astype("float64").where(trials["outcome"] == Outcome.FINISHED)
    filled = reached.fillna(trials["cell"].map(budget)).where(usable)
    return scored(trials.assign(**{claim.column: filled}), claim.column)


def _parts(claim: Claim, matched: Sequence[tuple[Contrast, list[tuple[Cell, ...]]]], values: Values) -> Iterator[Part]:
    """A part per contrast and bound; a threshold, and anything counted, has one for every group of cells."""
    for contrast, groups in matched:
        apart = groups and (claim.is_exact or claim.form == "threshold")
        for some in [[group] for group in groups] if apart else [groups]:
            yield from (_measure(contrast, some, bound, values) for bound in bounds(claim))


def bounds(claim: Claim) -> tuple[Bound, ...]:
    """The side that a claim's contrast should lie on: an equality has one on each side."""
    if claim.expect == "equal":
        return Bound(-claim.margin, above=True, closed=True), Bound(claim.margin, above=False, closed=True)
    if claim.form == "threshold":
        return (Bound(claim.bound, above=claim.expect == "above"),)
    margin = claim.margin if claim.expect in ("higher", "not-higher", "rises") else -claim.margin
    above = claim.expect in ("higher", "not-lower", "rises")
    return (Bound(margin, above, closed=claim.expect.startswith("not-")),)


def _measure(contrast: Contrast, groups: Sequence[tuple[Cell, ...]], bound: Bound, values: Values) -> Part:
    corners, cells = tuple(corner for _, corner in contrast), tuple(groups)
    if not groups or not values:
        return Part(corners, cells, bound)
    weights = np.array([weight for weight, _ in contrast])
    table = np.array([[values[cell.name] for cell in group] for group in groups])  # (groups, corners, seeds)
    differences = np.einsum("c,gcs->s", weights, table) / len(groups)
    known = np.isfinite(differences)
    if not known.any():
        return Part(corners, cells, bound)
    comparison = compare(differences[known], bound.value)
    means = tuple(table[:, :, known].mean(axis=(0, 2)).tolist())
    return Part(corners, cells, bound, means, comparison.mean, comparison)
