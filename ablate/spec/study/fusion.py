"""Which trials may be trained as one network: those whose steps differ in nothing but numbers of the optimiser."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from ablate.spec.architecture.explicit import to_document
from ablate.spec.architecture.network import Network, Operation, Path, Unit
from ablate.spec.study.study import Trial

# Kinds of operations that no other member of a pack may stand beside in one network, and why.
WITHOUT_FUSED_FORM: Mapping[str, str] = MappingProxyType(
    {
        "dropout": "draws noise from a stream of its own in every trial",
        "stochastic-depth": "draws noise from a stream of its own in every trial",
    }
)
# Settings that each member of a fused network has for itself; all others must be equal.
OWN = frozenset(
    {"epochs", "lr", "momentum", "nesterov", "weight_decay", "decay"}
    | {"milestones", "gamma", "warmup_steps", "warmup_lr", "init"}
)


def explain_unfusable(network: Network) -> str | None:
    """Why several such networks cannot become one with grouped operations; None where they can."""
    for operation in _operations(network):
        if reason := WITHOUT_FUSED_FORM.get(operation.kind):
            return f"{operation.kind} {reason}"
    return None


def fusion_key(trial: Trial) -> str | None:
    """Equal for trials that may be trained as one network; None for one that has to be trained as its own."""
    cell = trial.cell
    if explain_unfusable(cell.network):
        return None
    train = cell.train.model_dump(mode="json", exclude=set(OWN))
    return json.dumps([to_document(cell.network), cell.data.model_dump(mode="json"), train])


def group_alike(trials: Iterable[Trial]) -> list[list[Trial]]:
    """The trials by what they may be fused with, groups and members in the order they came; the others one by one."""
    keys: dict[str, str | None] = {}
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        identity = trial.cell.identity
        if identity not in keys:
            keys[identity] = fusion_key(trial)
        groups.setdefault(keys[identity] or trial.id, []).append(trial)
    return list(groups.values())


def _operations(network: Network) -> Iterator[Operation]:
    yield from _of_path(network.stem)
    for unit in network.units():
        yield from _of_unit(unit)
    yield from _of_path(network.head)
    for auxiliary in network.auxiliaries:
        yield from _of_path(auxiliary.head)


def _of_unit(unit: Unit) -> Iterator[Operation]:
    for path in (unit.before, *unit.paths.values(), unit.after):
        yield from _of_path(path)


def _of_path(path: Path) -> Iterator[Operation]:
    for operation in path:
        yield operation
        if operation.unit:
            yield from _of_unit(operation.unit)
