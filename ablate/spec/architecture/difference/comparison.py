"""Two architectures or cells compared: keys of the short form where both have it, else what their units do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ablate.spec.architecture.difference.alignment import Alteration, align
from ablate.spec.architecture.difference.confounds import Change, changes, measure_changes, recipe_changes
from ablate.spec.architecture.family import FAMILIES
from ablate.spec.architecture.network import Network
from ablate.spec.architecture.short import short_keys
from ablate.spec.architecture.signature import REQUIRED, arguments_of
from ablate.spec.study.load import Architecture
from ablate.spec.study.study import Cell


@dataclass(frozen=True)
class Difference:
    """Everything that differs between this and that; all parts empty where they are the same."""

    keys: tuple[Change, ...]  # as written, where both are short: `architecture.depth`; `input`, `classes` in any form
    complete: bool  # whether the keys say all: both are short, and their blocks are the same
    alterations: tuple[Alteration, ...]  # of the explicit form
    measures: tuple[Change, ...]  # parameters, multiply_adds, weighted_layers, receptive_field
    recipe: tuple[Change, ...]  # keys of data and train; empty where a side is an architecture without a recipe
    same_network: bool

    @property
    def same(self) -> bool:
        """Whether nothing that determines a result differs."""
        return self.same_network and not self.recipe


def compare(this: Cell | Architecture, that: Cell | Architecture) -> Difference:
    """What differs from this to that."""
    same = this.network == that.network
    one, other = this.architecture, that.architecture
    both_short = "family" in one and "family" in other
    keys = changes("architecture.", *map(_effective, (one, other))) if both_short else ()
    recipe: tuple[Change, ...] = ()
    if isinstance(this, Cell) and isinstance(that, Cell):
        recipe = recipe_changes((this.data, this.train), (that.data, that.train))
    return Difference(
        keys=keys + changes("", *map(_surroundings, (this.network, that.network))),
        complete=both_short and one.get("blocks") == other.get("blocks"),
        alterations=() if same else align(this.network, that.network),
        measures=measure_changes(this.network, that.network),
        recipe=recipe,
        same_network=same,
    )


def _surroundings(network: Network) -> dict[str, Any]:
    return {"input": list(network.input), "classes": network.classes}


def _effective(architecture: Mapping[str, Any]) -> dict[str, Any]:
    """Every key of a short form with the value that counts: as written, its default, or the family's."""
    family = FAMILIES[architecture["family"]]
    keys = {
        name: argument.default
        for name, argument in arguments_of(short_keys).items()
        if argument.default is not REQUIRED and name not in ("input", "classes")
    }
    keys |= {"resize": family.resize, "widths": list(family.widths)}
    written = {key: value for key, value in architecture.items() if value is not None}
    return {key: written.get(key, default) for key, default in ({"family": None} | keys).items()}
