"""A study, resolved: its cells, its trials, its claims. What `plan`, `run` and `report` work from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from ablate.spec.diagnostics import Diagnostics
from ablate.spec.explicit import to_document
from ablate.spec.network import Network, Value
from ablate.spec.recipe import Data, Train

IDENTITY = 1  # raised when the meaning of a specification or a default changes, so that old records are not reused


@dataclass(frozen=True)
class Cell:
    """One point of the design: a network, its data and its recipe, trained once per seed."""

    name: str  # by what differs from the other cells, e.g. `depth=56 shortcut=none`
    factors: Mapping[str, Value]  # every axis of the design with this cell's value, e.g. architecture.depth: 56
    architecture: Mapping[str, Any]  # as written after edits, `blocks` included: what a person reads
    network: Network  # the explicit form: what is built
    data: Data
    train: Train

    @cached_property
    def identity(self) -> str:
        """Hash of exactly what determines the result, the seed apart.

        Names do not count, nor where a known data set lies; a `folder` is known by nothing but its place. The order
        of keys counts, since the order of paths does (`concat`); all parts are in a fixed order. Defaults are left
        out, so a key added to the language later does not orphan the records of today.
        """
        unnamed = set() if self.data.dataset == "folder" else {"root"}
        content = {
            "identity": IDENTITY,
            "network": to_document(self.network),
            "data": self.data.model_dump(mode="json", exclude_defaults=True, exclude=unnamed),
            "train": self.train.model_dump(mode="json", exclude_defaults=True),
        }
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@dataclass(frozen=True)
class Trial:
    """One training: a cell and a seed; what is measured beside its result does not make it another."""

    cell: Cell
    seed: int
    diagnostics: Diagnostics = field(default_factory=Diagnostics, compare=False)

    @cached_property
    def id(self) -> str:
        """16 hexadecimal digits; equal for equal cells and seeds, whatever they are called."""
        return hashlib.sha256(f"{self.cell.identity}:{self.seed}".encode()).hexdigest()[:16]

    @property
    def name(self) -> str:
        """The cell's name and the seed."""
        return f"{self.cell.name} seed={self.seed}"


@dataclass(frozen=True)
class Claim:
    """What the author expects, in a form that records can support or refute."""

    says: str
    metric: str  # train_error | val_error | test_error | train_loss | ...; errors in percent
    compare: Mapping[str, tuple[Value, Value]]  # one axis: [this, against that]
    expect: Literal["higher", "lower", "not-higher", "not-lower"]
    where: Mapping[str, Value] = field(default_factory=dict)  # only cells with these factors
    margin: float = 0.0  # in the metric's unit: percentage points for errors
    source: str = ""


@dataclass(frozen=True)
class Study:
    """A question, the cells that answer it, and what is expected of them."""

    name: str  # the file's stem
    file: str
    question: str
    source: str
    cells: tuple[Cell, ...]
    seeds: tuple[int, ...]
    claims: tuple[Claim, ...]
    baseline: str  # name of the cell that is the baseline, or "" when the design has no such cell
    reference: str | None = None  # a table in specs/references/
    diagnostics: Diagnostics = field(default_factory=Diagnostics)

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """Every trial once: first seeds of all cells first, so that a partial study is readable.

        Equal cells share their trials, whatever they are called; such a trial bears the name of the first.
        """
        trials: dict[str, Trial] = {}
        for seed in self.seeds:
            for cell in self.cells:
                trial = Trial(cell, seed, self.diagnostics)
                trials.setdefault(trial.id, trial)
        return tuple(trials.values())
