"""The explicit form as a document: stem, stages of units, head. Reading it, and writing a network back to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Annotated, Any, Literal

from ablate.spec.architecture.auxiliaries import read_taps
from ablate.spec.architecture.blocks import Blocks
from ablate.spec.architecture.blueprint import Blueprint
from ablate.spec.architecture.network import Network, Operation, Path, Unit
from ablate.spec.architecture.operations import KINDS
from ablate.spec.architecture.operations.arguments import Positive
from ablate.spec.architecture.operations.written import read_path
from ablate.spec.architecture.signature import arguments_of, read_keys
from ablate.spec.architecture.stages import read_stages
from ablate.spec.source.problems import Problem


def explicit_keys(
    *,
    stages: Annotated[Any, "a list of stages; a stage is a run of units, or a list of runs"],
    head: Annotated[Any, "a list of operations, from the last unit to the logits"],
    stem: Annotated[Any, "operations ahead of the first unit"] = (),
    auxiliaries: Annotated[Any, "classifiers on the way, for training only"] = (),
    resize: Annotated[Literal["pad", "projection"], "how `identity` changes a shape"] = "pad",
    input: Annotated[Any, "[channels, height, width] of an image; default: as the data set"] = None,
    classes: Annotated[Positive | None, "default: as the data set"] = None,
) -> None:
    """The keys of an explicit architecture."""


def read_explicit(document: Mapping[str, Any], blocks: Blocks, problems: list[Problem]) -> Blueprint | None:
    """The blueprint of an explicit architecture; None, with its faults in `problems`, where it is wrong."""
    known = len(problems)
    keys = read_keys(document, arguments_of(explicit_keys), ("architecture",), problems)
    stages = read_stages(keys.get("stages", ()), blocks, ("architecture", "stages"), problems)
    stem = read_path(keys["stem"], ("architecture", "stem"), problems, blocks.sequences)
    head = read_path(keys.get("head", ()), ("architecture", "head"), problems, blocks.sequences)
    whole = len(problems) == known
    taps = read_taps(keys["auxiliaries"], stages if whole else None, blocks, problems)
    return Blueprint(stem, stages, head, taps, keys["resize"]) if len(problems) == known else None


def to_document(network: Network) -> dict[str, Any]:
    """The network as an explicit architecture in plain lists and dicts; reading it gives an equal network."""
    document: dict[str, Any] = {
        "input": list(network.input),
        "classes": network.classes,
        "stem": _path(network.stem),
        "stages": [_stage(stage) for stage in network.stages],
        "head": _path(network.head),
    }
    if network.auxiliaries:
        document["auxiliaries"] = [
            {"after": {"stage": tap.stage, "unit": tap.unit}, "head": _path(tap.head), "weight": tap.weight}
            for tap in network.auxiliaries
        ]
    return document


def _stage(units: Iterable[Unit]) -> list[dict[str, Any]]:
    """Runs of equal units; the order of their paths counts too."""
    runs = ((unit, len(list(group))) for (unit, *_), group in groupby(units, lambda unit: (unit, *unit.paths)))
    return [({"units": length} if length > 1 else {}) | _unit(unit) for unit, length in runs]


def _unit(unit: Unit) -> dict[str, Any]:
    paths = {name: _path(path) for name, path in unit.paths.items()}
    document: dict[str, Any] = {"before": _path(unit.before)} if unit.before else {}
    document |= paths if paths.keys() <= {"branch", "shortcut", "gate"} else {"paths": paths}
    if unit.join != "none":
        document["join"] = {"gate": "shortcut-only"} if unit.join == "gate-shortcut" else unit.join
    if unit.after:
        document["after"] = _path(unit.after)
    return document


def _path(path: Path) -> list[Any]:
    return [_operation(operation) for operation in path]


def _operation(operation: Operation) -> Any:
    """`relu`, or its name with every argument that is not the default; a unit inside a path in full."""
    if operation.unit:
        return {"unit": _unit(operation.unit)}
    kind = KINDS[operation.kind]
    arguments = dict(operation.arguments)
    name = operation.kind
    if kind.windowed:
        name = f"{name}{arguments['kernel']}x{arguments['kernel']}"
        same = arguments.get("dilation", 1) * (arguments["kernel"] - 1) // 2  # type: ignore[operator]
        if arguments["padding"] == same:
            del arguments["padding"]
        del arguments["kernel"]
    kept = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in arguments.items()
        if value != kind.resolved[key].default
    }
    return {name: kept} if kept else name
