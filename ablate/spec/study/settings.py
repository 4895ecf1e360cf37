"""Settings: one value for every parameter of a search. Those of grid and random search, known in advance.

All cells of a study are tried with the same list, so that the search itself favours none of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from random import Random
from typing import Any

from ablate.spec.study.factors import same
from ablate.spec.study.parameters import Parameter

Setting = Mapping[str, Any]  # by path; a parameter whose condition is not met is left out

DIGITS = 4  # significant ones of a drawn number: what a person can copy into the baseline
MAX_ATTEMPTS = 100  # per setting to be drawn, where many are drawn twice


def list_grid(parameters: Sequence[Parameter], setting: Setting | None = None) -> Iterator[Setting]:
    """Every combination of values, the last parameter varying fastest; all parameters must have `values`."""
    setting = setting or {}
    if not parameters:
        yield setting
        return
    first, *rest = parameters
    for value in first.values if first.applies(setting) else ():
        yield from list_grid(rest, {**setting, first.path: value})
    if not first.applies(setting):
        yield from list_grid(rest, setting)


def draw_settings(parameters: Sequence[Parameter], number: int, seed: int) -> list[Setting]:
    """So many different settings, drawn at random; fewer where there are no more."""
    random = Random(seed)
    found: dict[str, Setting] = {}
    for _ in range(MAX_ATTEMPTS * number):
        if len(found) == number:
            return list(found.values())
        setting = _draw(parameters, random)
        found.setdefault(same(setting), setting)
    if is_finite(parameters):  # nearly exhausted
        for setting in islice(list_grid(parameters), number):
            found.setdefault(same(setting), setting)
    return list(found.values())[:number]


def is_finite(parameters: Sequence[Parameter]) -> bool:
    """Whether every parameter has a list of values."""
    return all(parameter.values for parameter in parameters)


def _draw(parameters: Sequence[Parameter], random: Random) -> Setting:
    setting: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.applies(setting):
            setting[parameter.path] = _draw_value(parameter, random)
    return setting


def _draw_value(parameter: Parameter, random: Random) -> Any:
    if parameter.kind == "choice":
        return random.choice(parameter.values)
    if step := parameter.step or float(parameter.kind == "int"):
        return parameter.at(random.randint(0, parameter.num_steps(step)), step)
    low, high = parameter.range
    if parameter.kind == "loguniform":
        return shorten(parameter, math.exp(random.uniform(math.log(low), math.log(high))))
    return shorten(parameter, random.uniform(low, high))


def shorten(parameter: Parameter, value: float) -> float:
    """A number of a range with `DIGITS` significant digits, or on its step; still within the range."""
    low, high = parameter.range
    if parameter.step:
        return parameter.at(round((value - low) / parameter.step), parameter.step)
    return float(min(max(float(f"{value:.{DIGITS}g}"), low), high))
