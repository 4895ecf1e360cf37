"""What a claim puts against each other: corners of the design with weights, matched in every other factor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, product
from typing import Any

from ablate.spec.architecture.network import Value
from ablate.spec.study.factors import same
from ablate.spec.study.study import Claim

Corner = Mapping[str, Value]  # the values on the compared axes
Contrast = tuple[tuple[float, Corner], ...]  # the weighted corners, e.g. +1 this, -1 that


def contrasts(claim: Claim) -> list[Contrast]:
    """One difference to compare; one for every step of an order; a difference of differences; or the value itself."""
    match claim.form:
        case "threshold":
            return [((1.0, {}),)]
        case "interaction":
            axes, pairs = list(claim.compare), list(claim.compare.values())
            corners = [dict(zip(axes, values, strict=True)) for values in product(*pairs)]
            return [tuple(zip((1.0, -1.0, -1.0, 1.0), corners, strict=True))]
        case "compare":
            ((axis, (this, that)),) = claim.compare.items()
            return [((1.0, {axis: this}), (-1.0, {axis: that}))]
        case _:
            ((axis, values),) = claim.compare.items()
            return [((1.0, {axis: later}), (-1.0, {axis: earlier})) for earlier, later in pairwise(values)]


def match_factors(
    factors: Iterable[Mapping[str, Value]], contrast: Contrast, where: Mapping[str, Value]
) -> list[tuple[int, ...]]:
    """The places of those that form a contrast: one for each corner, all equal in what is not compared."""
    compared = set(contrast[0][1])
    eligible = [(place, one) for place, one in enumerate(factors) if _has(one, where)]
    found = [{_others(one, compared): place for place, one in eligible if _has(one, corner)} for _, corner in contrast]
    return [tuple(places[key] for places in found) for key in found[0] if all(key in places for places in found)]


def _has(factors: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(axis in factors and same(factors[axis]) == same(value) for axis, value in wanted.items())


def _others(factors: Mapping[str, Any], compared: set[str]) -> str:
    return same({axis: value for axis, value in factors.items() if axis not in compared})


def levels_present(factors: Sequence[Mapping[str, Value]], axis: str, where: Mapping[str, Value]) -> list[float]:
    """The numbers that an axis has where the claim looks, in rising order."""
    values = (one[axis] for one in factors if axis in one and _has(one, where))
    return sorted({value for value in values if isinstance(value, int | float) and not isinstance(value, bool)})
