"""What else differs between the cells a claim compares: a difference in error may come from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from ablate.report.claims import Judgement
from ablate.report.notation import decimal, integer, magnitude
from ablate.spec.study.recipe import HANDLING
from ablate.spec.study.study import Cell

_SIZES = {"parameters": ("parameters", integer), "multiply_adds": ("multiply-adds", magnitude)}


def find_confounds(judgement: Judgement, frame: pd.DataFrame) -> list[str]:
    """One sentence per difference in size or recipe between the compared cells; empty where they are alike."""
    if judgement.claim.is_exact:
        return []
    pairs = judgement.evidence.pairs
    sizes = frame.groupby("cell")[list(_SIZES)].first()
    found = []
    for column, (name, write) in _SIZES.items():
        values = [(int(sizes[column][this.name]), int(sizes[column][that.name])) for this, that in pairs]
        found += [f"{name} ({text})" for text in _differences(values, write)]
    sentences = [f"The compared cells also differ in {' and '.join(found)}."] if found else []
    return sentences + _recipe(pairs, judgement.claim.compare)


def _differences(values: list[tuple[int, int]], write: Callable[[float], str]) -> list[str]:
    differing = [(this, that) for this, that in values if this != that]
    if len(differing) == 1:
        this, that = differing[0]
        return [f"{write(this)} against {write(that)}, {_times(this, that)}"]
    ratios = sorted({_times(this, that) for this, that in differing})
    extent = " to ".join(dict.fromkeys((ratios[0], ratios[-1]))) if ratios else ""
    return [f"{len(differing)} of {len(values)} pairs, {extent}"] if differing else []


def _times(this: int, that: int) -> str:
    return f"{decimal(this / that)}×" if that else "from none"


def _recipe(pairs: tuple[tuple[Cell, Cell], ...], compared: Mapping[str, Any]) -> list[str]:
    keys = {key for this, that in pairs for key in recipe_differences(this, that)} - set(compared)
    return [f"The compared cells also differ in the recipe: {', '.join(sorted(keys))}."] if keys else []


def recipe_differences(this: Cell, that: Cell) -> list[str]:
    """The keys of data and training that differ between two cells, e.g. `train.lr`."""
    sides = [
        {
            f"{section}.{key}": value
            for section, model in (("data", cell.data), ("train", cell.train))
            for key, value in model.model_dump(mode="json").items()
            if section == "train" or key not in HANDLING
        }
        for cell in (this, that)
    ]
    return [key for key in sides[0] if sides[0][key] != sides[1].get(key)]
