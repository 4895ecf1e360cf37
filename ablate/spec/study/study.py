"""A study, resolved: its cells, its trials, its claims. What `plan`, `run` and `report` work from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from ablate.spec.architecture.explicit import to_document
from ablate.spec.architecture.network import Network, Value
from ablate.spec.study.diagnostics import Diagnostics
from ablate.spec.study.recipe import HANDLING, Data, Train

if TYPE_CHECKING:
    from ablate.spec.study.references import Reference
    from ablate.spec.study.search import Search

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
    undecided: bool = False  # its setting is still to be searched: no training is that of this cell

    @cached_property
    def identity(self) -> str:
        """Hash of exactly what determines the result, the seed apart.

        Names do not count, nor where a known data set lies; a `folder` is known by nothing but its place. The order
        of keys counts, since the order of paths does (`concat`); all parts are in a fixed order. Defaults are left
        out, so a key added to the language later does not orphan the records of today.
        """
        unnamed = HANDLING - {"root"} if self.data.dataset == "folder" else HANDLING
        content = {
            "identity": IDENTITY,
            "network": to_document(self.network),
            "data": self.data.model_dump(mode="json", exclude_defaults=True, exclude=set(unnamed)),
            "train": self.train.model_dump(mode="json", exclude_defaults=True),
            **({"undecided": True} if self.undecided else {}),
        }
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@dataclass(frozen=True)
class Stopping:
    """Ends a training of a search early: after an epoch at which its lowest metric so far is above the cutoff."""

    metric: str  # val_error | val_loss
    cutoffs: tuple[tuple[int, float], ...]  # (epoch, cutoff), in rising order of epochs

    def cutoff(self, epoch: int) -> float | None:
        """What must have been reached by the end of the epoch, None where anything will do."""
        return dict(self.cutoffs).get(epoch)


@dataclass(frozen=True)
class Trial:
    """One training: a cell and a seed; what is measured beside its result does not make it another."""

    cell: Cell
    seed: int
    diagnostics: Diagnostics = field(default_factory=Diagnostics, compare=False)
    stopping: Stopping | None = None  # in a search: when it is given up

    @cached_property
    def id(self) -> str:
        """16 hexadecimal digits; equal for equal cells, seeds and cutoffs, whatever they are called."""
        content = f"{self.cell.identity}:{self.seed}"
        if self.stopping:
            content += f":{self.stopping.metric}:{json.dumps(self.stopping.cutoffs)}"
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @property
    def name(self) -> str:
        """The cell's name and the seed."""
        return f"{self.cell.name} seed={self.seed}"


@dataclass(frozen=True)
class Claim:
    """What the author expects, in a form that records can support or refute."""

    says: str
    metric: str  # train_error | ... | test_loss | parameters | multiply_adds | epochs_to; errors in percent
    compare: Mapping[str, tuple[Value, ...]]  # by axis: [this, against that]; of an order: every value, in order
    expect: Literal["higher", "lower", "not-higher", "not-lower", "equal", "rises", "falls", "below", "above"]
    where: Mapping[str, Value] = field(default_factory=dict)  # only cells with these factors
    margin: float = 0.0  # in the metric's unit: percentage points for errors
    source: str = ""
    form: Literal["compare", "interaction", "along", "order", "threshold"] = "compare"
    bound: float = 0.0  # of a threshold
    reach: tuple[str, float] | None = None  # of the metric epochs_to: the error, and its value in percent

    @property
    def is_exact(self) -> bool:
        """Whether the metric follows from the specification, without training."""
        return self.metric in ("parameters", "multiply_adds")

    @property
    def column(self) -> str:
        """Where the metric stands in the results: `test_error`, `epochs_to_train_error_10`."""
        return "_".join([self.metric, self.reach[0], f"{self.reach[1]:g}"]) if self.reach else self.metric


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
    references: Mapping[str, Reference] = field(default_factory=dict)  # published tables, by name
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    search: Search | None = None  # what its undecided cells are tried with first

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
