"""What else differs between the cells a claim compares: a difference in error may come from there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ablate.report.claims import Judgement
from ablate.report.notation import decimal, integer, magnitude
from ablate.spec.study import Cell

_SIZES = {"parameters": integer, "multiply_adds": magnitude}


def find_confounds(judgement: Judgement, frame: pd.DataFrame) -> list[str]:
    """One sentence per difference in size or recipe between the compared cells; empty where they are alike."""
    pairs = judgement.evidence.pairs
    sizes = frame[frame["parameters"].notna()].groupby("cell")[list(_SIZES)].first()
    known = [(this, that) for this, that in pairs if {this.name, that.name} <= set(sizes.index)]
    found = []
    for column, write in _SIZES.items():
        values = [(float(sizes[column][this.name]), float(sizes[column][that.name])) for this, that in known]
        if sentence := _size(column.replace("_", "-"), values, write):
            found.append(sentence)
    return found + _recipe(pairs, judgement.claim.compare)


def _size(name: str, values: list[tuple[float, float]], write: Any) -> str:
    differing = [(this, that) for this, that in values if this != that and that]
    if not differing:
        return ""
    if len(differing) == 1:
        this, that = differing[0]
        return f"The compared cells also differ in {name}: {write(this)} against {write(that)} ({_times(this / that)})."
    ratios = sorted(this / that for this, that in differing)
    extent = _times(ratios[0]) if ratios[0] == ratios[-1] else f"{_times(ratios[0])} to {_times(ratios[-1])}"
    return f"{len(differing)} of the {len(values)} compared pairs also differ in {name} ({extent})."


def _times(ratio: float) -> str:
    return f"{decimal(ratio)}×"


def _recipe(pairs: tuple[tuple[Cell, Cell], ...], compared: Mapping[str, Any]) -> list[str]:
    keys = {key for this, that in pairs for key in recipe_differences(this, that)} - set(compared)
    return [f"The compared cells also differ in the recipe: {', '.join(sorted(keys))}."] if keys else []


def recipe_differences(this: Cell, that: Cell) -> list[str]:
    """The keys of data and training that differ between two cells, e.g. `train.lr`."""
    sides = [
        {
            f"{section}.{key}": value
            for section, model in (("data", cell.data), ("train", cell.train))
            for key, value in model.model_dump(mode="json", exclude={"root"} if section == "data" else None).items()
        }
        for cell in (this, that)
    ]
    return [key for key in sides[0] if sides[0][key] != sides[1].get(key)]
