"""An architecture as written, short or explicit, to the network it stands for, with every fault of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ablate.spec.architecture.blocks import Blocks, read_blocks
from ablate.spec.architecture.blueprint import Blueprint
from ablate.spec.architecture.expand import read_short
from ablate.spec.architecture.explicit import explicit_keys, read_explicit
from ablate.spec.architecture.family import FAMILIES
from ablate.spec.architecture.network import Network, Shape
from ablate.spec.architecture.operations.effect import MAX_CHANNELS, text
from ablate.spec.architecture.shapes import place
from ablate.spec.architecture.short import short_keys
from ablate.spec.architecture.signature import arguments_of
from ablate.spec.source.problems import Problem
from ablate.spec.source.wording import quote, unknown_key

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
    if not isinstance(architecture, Mapping):
        problems.append(Problem(ROOT, f"expected keys with values, got {quote(architecture)}; write `family:`"))
        return None, problems
    blueprint = _read_form(architecture, known, problems)
    shape = _read_input(architecture, input, problems)
    number = _read_classes(architecture, classes, problems)
    if blueprint and blueprint.too_large:
        problems.append(Problem(ROOT, blueprint.too_large))
    if problems or blueprint is None or shape is None or number is None:
        return None, problems
    return place(blueprint, shape, number, problems), problems


def _read_form(architecture: Mapping[str, Any], blocks: Blocks, problems: list[Problem]) -> Blueprint | None:
    """The blueprint of the short form, with `family`, or of the explicit one, with `stages`."""
    short, explicit = "family" in architecture, "stages" in architecture
    if short and explicit:
        message = "either `family`, the short form, or `stages`, the explicit form, not both"
        problems.append(Problem((*ROOT, "stages"), message, on_key=True))
    elif short:
        return read_short(architecture, blocks, problems)
    elif explicit:
        return read_explicit(architecture, blocks, problems)
    else:
        known = arguments_of(short_keys) | arguments_of(explicit_keys)
        for key in [key for key in architecture if key not in known]:
            problems.append(Problem((*ROOT, str(key)), unknown_key(key, architecture[key], known), on_key=True))
        message = "missing; write cifar or imagenet, or `stages` for the explicit form"
        problems.append(Problem((*ROOT, "family"), message))
    return None


def _read_input(architecture: Mapping[str, Any], given: Shape | None, problems: list[Problem]) -> Shape | None:
    """The shape of an image: that of the data set, the architecture's own or its family's."""
    written = architecture.get("input")
    if written is not None and not _is_shape(written):
        message = f"expected [channels, height, width] of an image, such as [3, 32, 32], got {quote(written)}"
        problems.append(Problem((*ROOT, "input"), message))
        return None
    own = None if written is None else tuple(written)
    if own and given and own != given:
        message = f"the images of the data set are {text(given)}, got {text(own)}; leave it out, it comes from the data"
        problems.append(Problem((*ROOT, "input"), message))
    return given or own or _of_family(architecture, "input", problems)


def _is_shape(written: Any) -> bool:
    whole = isinstance(written, list | tuple) and len(written) == 3
    return whole and all(type(side) is int and 1 <= side <= MAX_CHANNELS for side in written)


def _read_classes(architecture: Mapping[str, Any], given: int | None, problems: list[Problem]) -> int | None:
    """The number of classes: that of the data set, the architecture's own or its family's."""
    own = architecture.get("classes")
    if type(own) is int and given and own != given:
        message = f"the data set has {given} classes, got {own}; leave it out, it comes from the data"
        problems.append(Problem((*ROOT, "classes"), message))
    return given or own or _of_family(architecture, "classes", problems)


def _of_family(architecture: Mapping[str, Any], name: str, problems: list[Problem]) -> Any:
    family = architecture.get("family")
    if isinstance(family, str) and family in FAMILIES:
        return getattr(FAMILIES[family], name)
    if "stages" in architecture:
        problems.append(Problem((*ROOT, name), "missing; there is no data set to take it from"))
    return None
