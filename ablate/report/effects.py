"""Effects beyond the claims: every cell against the baseline, main effects of the axes, and their interactions.

Each is a mean of paired differences over seeds. A main effect averages over all cells that differ in one axis only; an
interaction is a difference of differences: how much the effect of one axis changes with the level of another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from ablate.report.evidence import gather, match
from ablate.report.frame import at_chance, scored
from ablate.report.notation import level, written
from ablate.report.series import varied
from ablate.report.statistics import Comparison, compare
from ablate.spec.architecture.network import Value
from ablate.spec.study.factors import same
from ablate.spec.study.study import Cell, Claim, Study

METRICS = ("train_error", "test_error")
MAX_LEVELS = 12  # of an axis; a longer one is a sweep, not a factor
MAX_EFFECTS = 200


@dataclass(frozen=True)
class Effect:
    """One effect on one or two metrics; `kind` is `against baseline`, `main effect` or `interaction`."""

    kind: str
    name: str
    comparisons: Mapping[str, Comparison]


def measure_effects(study: Study, frame: pd.DataFrame) -> list[Effect]:
    """Every effect that has at least two paired seeds, in the order baseline, axes, interactions."""
    chance = at_chance(frame)
    found = [*_cells(study, chance), *_mains(study, chance), *_interactions(study, chance)]
    return [effect for effect in found if effect.comparisons][:MAX_EFFECTS]


def _cells(study: Study, frame: pd.DataFrame) -> Iterator[Effect]:
    values = {metric: scored(frame, metric) for metric in METRICS}
    for cell in study.cells if study.baseline else ():
        if cell.name != study.baseline:
            differences = {m: np.subtract(v[cell.name], v[study.baseline]) for m, v in values.items()}
            yield _effect("against baseline", cell.name, differences)


def _mains(study: Study, frame: pd.DataFrame) -> Iterator[Effect]:
    for axis in varied(study):
        reference, *others = _levels(study, axis)
        for value in others[: MAX_LEVELS - 1]:
            claims = [Claim("", metric, {axis: (value, reference)}, "higher") for metric in METRICS]
            if len(match(study, claims[0])) > 1:  # one pair is no average, but a comparison of two cells
                gathered = {claim.metric: gather(study, frame, claim).comparison for claim in claims}
                name = f"{level(axis, value)} against {written(reference)}"
                yield Effect("main effect", name, {m: c for m, c in gathered.items() if c and c.low is not None})


def _interactions(study: Study, frame: pd.DataFrame) -> Iterator[Effect]:
    axes = varied(study)
    values = {metric: scored(frame, metric) for metric in METRICS}
    for one, two in combinations(axes, 2) if len(axes) > 1 else ():
        corners = _corners(study, one, two)
        if corners:
            first, second = _levels(study, one), _levels(study, two)
            name = f"{level(one, first[-1])} against {written(first[0])}, "
            name += f"at {level(two, second[-1])} minus at {level(two, second[0])}"
            yield _effect("interaction", name, {metric: _contrast(v, corners) for metric, v in values.items()})


def _levels(study: Study, axis: str) -> list[Value]:
    """The levels of an axis in the study's order, the baseline's first."""
    levels = {same(cell.factors[axis]): cell.factors[axis] for cell in study.cells if axis in cell.factors}
    baseline = next((cell for cell in study.cells if cell.name == study.baseline), None)
    first = [baseline.factors[axis]] if baseline and axis in baseline.factors else []
    return list({same(value): value for value in (*first, *levels.values())}.values())


def _corners(study: Study, one: str, two: str) -> list[tuple[Cell, ...]]:
    """Matched quadruples at the first and last levels of two axes: (last, last), (first, last), (last, first), ..."""
    first, second = _levels(study, one), _levels(study, two)
    lasting = [
        match(study, Claim("", "", {one: (first[-1], first[0])}, "higher", where={two: value}))
        for value in (second[-1], second[0])
    ]
    if not all(lasting) or len(lasting[0]) != len(lasting[1]):
        return []
    return [(*far, *near) for far, near in zip(*lasting, strict=True)]


def _contrast(values: Mapping[str, list[float]], corners: list[tuple[Cell, ...]]) -> np.ndarray:
    signs = np.array([1.0, -1.0, -1.0, 1.0])
    table = np.array([[values[cell.name] for cell in quadruple] for quadruple in corners])  # (corners, 4, seeds)
    return np.asarray(np.einsum("c,qcs->s", signs, table) / len(corners))


def _effect(kind: str, name: str, differences: Mapping[str, np.ndarray]) -> Effect:
    known = {metric: values[np.isfinite(values)].tolist() for metric, values in differences.items()}
    return Effect(kind, name, {metric: compare(values) for metric, values in known.items() if len(values) > 1})
