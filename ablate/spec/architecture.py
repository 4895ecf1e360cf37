"""An architecture as written, short or explicit, to the network it stands for, with every fault of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ablate.spec.blocks import Blocks, read_blocks
from ablate.spec.blueprint import Blueprint
from ablate.spec.expand import read_short
from ablate.spec.explicit import read_explicit
from ablate.spec.family import FAMILIES
from ablate.spec.network import Network, Shape
from ablate.spec.problems import Problem
from ablate.spec.shapes import place
from ablate.spec.suggestion import shown

ROOT = ("architecture",)


def read_architecture(
    architecture: Any, blocks: Any = None, input: Shape | None = None, classes: int | None = None
) -> tuple[Network | None, list[Problem]]:
    """The network, or None and what is wrong; locations start at `architecture` or `blocks`.

    `input` (C, H, W) and `classes` are those of the data set, where there is one; without, the architecture's own or
    its family's stand.
    """
    problems: list[Problem] = []
    known = read_blocks({} if blocks is None else blocks, problems)
    blueprint = _read_form(architecture, known, problems)
    if not isinstance(architecture, Mapping):
        return None, problems
    shape = _agreed("input", _read_input(architecture.get("input"), problems), input, architecture, problems)
    number = _agreed("classes", architecture.get("classes"), classes, architecture, problems)
    if blueprint is None or shape is None or number is None or problems:
        return None, problems
    if blueprint.too_large:
        problems.append(Problem(ROOT, f"too large: {blueprint.too_large}"))
        return None, problems
    return place(blueprint, shape, number, problems), problems


def _read_form(architecture: Any, blocks: Blocks, problems: list[Problem]) -> Blueprint | None:
    """Short, with `family`, or explicit, with `stages`."""
    if not isinstance(architecture, Mapping):
        problems.append(Problem(ROOT, f"an architecture is a mapping, got {shown(architecture)}"))
        return None
    if "family" in architecture and "stages" in architecture:
        problems.append(
            Problem((*ROOT, "stages"), "either `family` (short form) or `stages` (explicit form), not both", True)
        )
        return None
    if "stages" in architecture:
        return read_explicit(architecture, blocks, problems)
    if "family" in architecture or "head" not in architecture:
        return read_short(architecture, blocks, problems)
    problems.append(Problem(ROOT, "missing key 'family' (short form) or 'stages' (explicit form)"))
    return None


def _read_input(written: Any, problems: list[Problem]) -> Shape | None:
    if written is None:
        return None
    if (
        isinstance(written, list | tuple)
        and len(written) == 3
        and all(type(v) is int and 1 <= v <= 65_536 for v in written)
    ):
        return tuple(written)
    problems.append(Problem((*ROOT, "input"), f"must be [channels, height, width] of an image, got {shown(written)}"))
    return None


def _agreed(name: str, own: Any, given: Any, architecture: Mapping[str, Any], problems: list[Problem]) -> Any:
    """The architecture's own value and the data set's must agree where both are there."""
    if own is not None and given is not None and own != given:
        message = f"the data set has {shown(given)}, got {shown(own)}; leave `{name}` out, it comes from the data"
        problems.append(Problem((*ROOT, name), message))
    value = given if given is not None else own
    if value is not None:
        return value
    family = architecture.get("family")
    if isinstance(family, str) and family in FAMILIES:
        return getattr(FAMILIES[family], name)
    if "stages" in architecture:
        problems.append(Problem(ROOT, f"missing key '{name}': there is no data set to take it from"))
    return None
