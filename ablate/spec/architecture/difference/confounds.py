"""What changes along with a network: sizes, reach and recipe. A difference in error may come from any of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ablate.spec.architecture.network import Network
from ablate.spec.architecture.summary import summarise
from ablate.spec.study.recipe import Data, Section, Train

MEASURES = ("parameters", "multiply_adds", "weighted_layers", "receptive_field")  # of a summary


@dataclass(frozen=True)
class Change:
    """One key or measure that is not the same on both sides."""

    name: str  # `architecture.depth`, `train.lr`, `parameters`
    this: Any
    that: Any

    @property
    def ratio(self) -> float | None:
        """That side relative to this one, where both are numbers and this is not zero."""
        numbers = all(type(value) in (int, float) for value in (self.this, self.that))
        return self.that / self.this if numbers and self.this else None


def measure_changes(this: Network, that: Network) -> tuple[Change, ...]:
    """The measures of two networks that differ."""
    one, other = summarise(this), summarise(that)
    return changes("", *({name: getattr(side, name) for name in MEASURES} for side in (one, other)))


def recipe_changes(this: tuple[Data, Train], that: tuple[Data, Train]) -> tuple[Change, ...]:
    """The keys of data and training that differ, by their dotted paths; where the data lie on disk is no matter."""
    sides = [{"data": _flat(data), "train": _flat(train)} for data, train in (this, that)]
    for side in sides:
        side["data"].pop("root", None)
    return tuple(change for name in ("data", "train") for change in changes(f"{name}.", sides[0][name], sides[1][name]))


def changes(prefix: str, this: Mapping[str, Any], that: Mapping[str, Any]) -> tuple[Change, ...]:
    """The keys with unequal values; None stands for a key that a side does not have."""
    keys = {**this, **that}
    return tuple(Change(prefix + key, this.get(key), that.get(key)) for key in keys if this.get(key) != that.get(key))


def _flat(section: Section) -> dict[str, Any]:
    """The keys of a section and of the sections within."""
    flat: dict[str, Any] = {}
    for key in type(section).model_fields:
        value = getattr(section, key)
        if isinstance(value, Section):
            flat |= {f"{key}.{inner}": item for inner, item in _flat(value).items()}
        else:
            flat[key] = list(value) if isinstance(value, tuple) else value
    return flat
