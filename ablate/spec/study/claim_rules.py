"""What a claim needs of its study: cells that differ as it says and in nothing else, and its metric in all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ablate.spec.architecture.network import Value
from ablate.spec.source.document import COMMAND_LINE
from ablate.spec.source.problems import Location, Problem
from ablate.spec.source.wording import enumerate_words, flow
from ablate.spec.study.contrasts import Contrast, contrasts, match_factors
from ablate.spec.study.design import Design
from ablate.spec.study.factors import same
from ablate.spec.study.study import Cell, Claim


def check_levels(
    compared: Mapping[str, Sequence[Value]], where: Mapping[str, Value], form: str, place: Location
) -> list[Problem]:
    """Values compared with themselves, axes named twice, and axes both compared and held fixed."""
    twice = "compares a value with itself; write two different ones"
    problems = [
        Problem((*place, form, axis), twice)
        for axis, values in compared.items()
        if len(set(map(same, values))) < len(values)
    ]
    if form == "interaction" and len(compared) == 1:
        problems.append(Problem((*place, form), "names one axis twice; an interaction is between two"))
    fixed = [axis for axis in compared if axis in where]
    message = "holds '{}' fixed, which is compared; leave it out"
    return problems + [Problem((*place, "where"), message.format(axis)) for axis in fixed]


def check_claim(claim: Claim, place: Location, form: str, design: Design, cells: Sequence[Cell]) -> list[Problem]:
    """What the design lacks for the claim to be tested."""
    return [*_check_cells(claim, (*place, form), design), *_check_metric(claim, (*place, "metric"), cells)]


def _check_cells(claim: Claim, place: Location, design: Design) -> Iterator[Problem]:
    if not design.points or any(axis.key.file == COMMAND_LINE or not axis.values for axis in design.axes):
        return
    factors = [point.factors for point in design.points]
    for contrast in contrasts(claim):
        if not match_factors(factors, contrast, claim.where):
            yield Problem(place, f"{_lacking(claim, contrast)}; see the conditions of the grid")
            return


def _lacking(claim: Claim, contrast: Contrast) -> str:
    if claim.form == "threshold":
        return "no cell has the values under 'where'"
    if claim.form == "interaction":
        return "no four cells differ in these two alone"
    if claim.form == "compare":
        return "no two cells differ in this alone"
    (_, later), (_, earlier) = contrast
    return f"no two cells differ in {' and '.join(f'{a}: {flow(earlier[a])}, {flow(later[a])}' for a in later)} alone"


def _check_metric(claim: Claim, place: Location, cells: Sequence[Cell]) -> Iterator[Problem]:
    measured = claim.reach[0] if claim.reach else claim.metric
    if measured.startswith("val_") and not all(cell.data.validation for cell in cells):
        yield Problem(place, f"'{measured}' needs validation images; set data.validation above 0")
    if claim.reach:
        factors: list[Any] = [cell.factors for cell in cells]
        groups = [group for one in contrasts(claim) for group in match_factors(factors, one, claim.where)]
        epochs = {cells[place].train.epochs for group in groups for place in group}
        if len(epochs) > 1:
            found = enumerate_words(sorted(epochs))
            yield Problem(place, f"counts epochs in cells trained equally long only; these are trained for {found}")
